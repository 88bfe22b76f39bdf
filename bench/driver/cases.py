"""The throughput cases: one factor at a time around a base case."""
from dataclasses import dataclass

from .peers import Confluent, Kcat, PythonPeer, Rsyslog
from .subjects import Ackpipe, Raw

BATCH = ("--mode", "batch")
RAW = Raw("raw C consumer, tuned")
BATCH_C = Ackpipe("ackpipe, batches, C", options=BATCH)
WIDE = ("--max-in-flight", "1024", "--order", "none")
MESSAGE_C = Ackpipe("ackpipe, window 1024, --order none, C", options=WIDE)
JSON_VALUES = (*BATCH, "--value-format", "json")


def batches(size):
    return (*BATCH, "--batch-size", str(size))


@dataclass(frozen=True)
class SpeedCase:
    """Subjects on one data set; the first is the reference."""

    name: str
    title: str
    data: str
    subjects: tuple
    quick: bool = False


CONFLUENT = ("module:confluent_kafka",)
ORJSON = ("module:orjson",)
NODE = ("program:node",)
CONSUME_JSON = Confluent("confluent consume(500) + json.loads, tuned", work="member", needs=CONFLUENT)
BATCH_JSON_MEMBER = Ackpipe("ackpipe, batches, --value-format json, Python json", handler="json", options=JSON_VALUES,
                            handler_options=("--work", "member"))
BATCH_ORJSON = Ackpipe("ackpipe, batches, Python orjson", handler="orjson", options=BATCH, needs=ORJSON)
BATCH_JSON = Ackpipe("ackpipe, batches, Python json", handler="json", options=BATCH)
BATCH_NODE = Ackpipe("ackpipe, batches, Node", handler="node", options=BATCH, needs=NODE)
RSYSLOG = Rsyslog("rsyslog imkafka, omprog, confirmed", limit=100_000, needs=("rsyslog",))
KCAT = Kcat("kcat -J -u, tuned, to Python orjson", limit=400_000, needs=("program:kcat", *ORJSON))


def workers(count, handler, **arguments):
    """Batches and several workers."""
    return Ackpipe(f"ackpipe, batches, {count} worker{'s' if count > 1 else ''}, {handler}", handler=handler,
                   options=(*BATCH, "--workers", str(count)), **arguments)


def message(title, handler="c", limit=0, **arguments):
    """Message mode with the options that the title names."""
    options = tuple(title.split()) if title else ()
    names = {"c": "C", "json": "Python json", "orjson": "Python orjson", "node": "Node"}
    return Ackpipe(f"ackpipe, messages, {title or 'default window 64'}, {names[handler]}", handler=handler, options=options,
                   limit=limit, **arguments)


SPEED_CASES = (
    SpeedCase("base", "The base case: batches, a C handler, 100 B", "text-100", (RAW, BATCH_C), quick=True),
    SpeedCase("batches", "Batches of other sizes, and other handlers, 100 B", "text-100", (
        RAW, BATCH_C, Ackpipe("ackpipe, batches of 500, C", options=batches(500)), BATCH_JSON,
        Ackpipe("ackpipe, batches of 500, Python json", handler="json", options=batches(500)), BATCH_ORJSON, BATCH_NODE)),
    SpeedCase("messages", "Message mode, 100 B", "text-100", (
        RAW,
        message("--max-in-flight 1", limit=200_000),
        message(""),
        message("--max-in-flight 1024 --order none"),
        message("--max-in-flight 1024 --lane-window 16"),
        Ackpipe("ackpipe, messages, --max-in-flight 1024 --order none, C with through", options=WIDE, handler_options=("-t",)),
        message("--max-in-flight 1024 --order none", "json", limit=1_000_000),
        message("--max-in-flight 1024 --order none", "orjson", limit=1_000_000, needs=ORJSON),
        message("--max-in-flight 1024 --order none", "node", limit=1_000_000, needs=NODE),
        message("--max-in-flight 1", "json", limit=100_000)), quick=False),
    SpeedCase("size-1k", "1 KiB of text", "text-1k", (
        RAW, BATCH_C, message("--max-in-flight 1024 --order none"), BATCH_JSON, BATCH_ORJSON, BATCH_NODE)),
    SpeedCase("size-100k", "100 KiB of text", "text-100k", (
        RAW, BATCH_C, message("--max-in-flight 1024 --order none"), BATCH_ORJSON)),
    SpeedCase("binary", "1 KiB of random bytes (base64 in the frame)", "binary-1k", (RAW, BATCH_C, BATCH_ORJSON)),
    SpeedCase("json-text", "1 KiB of JSON, as text and as JSON", "json-1k", (
        RAW, BATCH_C, Ackpipe("ackpipe, batches, --value-format json, C", options=JSON_VALUES))),
    SpeedCase("json", "Work on JSON values of 100 B, in Python", "json-100", (
        CONSUME_JSON,
        BATCH_JSON_MEMBER,
        Ackpipe("ackpipe, batches, --value-format json, Python orjson", handler="orjson", options=JSON_VALUES,
                handler_options=("--work", "member"), needs=ORJSON),
        Confluent("confluent poll() + json.loads, tuned", how="poll", work="member", limit=1_000_000, needs=CONFLUENT),
        Confluent("confluent poll() + json.loads, default", how="poll", work="member", tuned=False, limit=500_000,
                  needs=CONFLUENT))),
    SpeedCase("workers", "1, 4 and 8 workers, 100 B", "text-100", tuple(
        workers(count, handler) for handler in ("c", "json") for count in (1, 4, 8))),
    SpeedCase("clients", "Kafka clients for Python, 100 B", "text-100", (
        BATCH_ORJSON,
        BATCH_JSON,
        Confluent("confluent consume(500), tuned", needs=CONFLUENT),
        Confluent("confluent consume(500), default", tuned=False, limit=500_000, needs=CONFLUENT),
        Confluent("confluent poll(), tuned", how="poll", needs=CONFLUENT),
        Confluent("confluent poll(), default", how="poll", tuned=False, limit=500_000, needs=CONFLUENT),
        PythonPeer("kafka-python", program="peer_kafka_python.py", limit=500_000, needs=("module:kafka",)),
        PythonPeer("aiokafka, iteration", program="peer_aiokafka.py", arguments=("iterate",), limit=500_000,
                   needs=("module:aiokafka",)),
        PythonPeer("aiokafka getmany", program="peer_aiokafka.py", arguments=("getmany",), limit=1_000_000,
                   needs=("module:aiokafka",)))),
    SpeedCase("rsyslog", "rsyslog, 100 B (the same Python work)", "text-100", (
        RSYSLOG,
        Rsyslog("rsyslog imkafka, omprog, transactions", transactions=True, limit=100_000, needs=("rsyslog",)),
        Rsyslog("rsyslog imkafka, omprog, unconfirmed", confirm=False, limit=400_000, needs=("rsyslog",)),
        BATCH_JSON, BATCH_ORJSON)),
    SpeedCase("kcat", "kcat, 100 B", "text-100", (
        KCAT, Kcat("kcat -J -u, default, to Python orjson", tuned=False, limit=400_000, needs=("program:kcat", *ORJSON)),
        BATCH_ORJSON)),
    SpeedCase("library", "The system's librdkafka and a newer one on both sides, 100 B", "text-100", (
        RAW, BATCH_C,
        Raw("raw C consumer, tuned, newer librdkafka", newer=True, needs=("newer-librdkafka",)),
        Ackpipe("ackpipe, batches, C, newer librdkafka", options=BATCH, newer=True, needs=("newer-librdkafka",)))),
)
