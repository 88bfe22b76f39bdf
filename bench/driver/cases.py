"""The cases: one factor at a time around a base case, and what --check asserts of them."""
from .checks import Check
from .latency import LatencyCase
from .peers import Confluent, Kcat, PythonPeer, Rsyslog
from .resources import ResourceCase
from .speed import SpeedCase
from .subjects import TUNED, Ackpipe, Alone, Raw

BATCH = ("--mode", "batch")
RAW = Raw("raw C consumer, tuned")
BATCH_C = Ackpipe("ackpipe, batches, C", options=BATCH)
JSON_VALUES = (*BATCH, "--value-format", "json")


def batches(size):
    return (*BATCH, "--batch-size", str(size))


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


def pool(workers):
    """Workers that have one record each."""
    return ("--workers", str(workers), "--max-in-flight", "1", "--order", "none")


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


MESSAGE_C = message("--max-in-flight 1024 --order none")
MESSAGE_LANES_C = message("--max-in-flight 1024 --lane-window 16")
POLL_JSON = Confluent("confluent poll() + json.loads, tuned", how="poll", work="member", limit=1_000_000, needs=CONFLUENT)
POLL_JSON_DEFAULT = Confluent("confluent poll() + json.loads, default", how="poll", work="member", tuned=False,
                              limit=500_000, needs=CONFLUENT)
RAW_NEWER = Raw("raw C consumer, tuned, newer librdkafka", newer=True, needs=("newer-librdkafka",))
BATCH_C_NEWER = Ackpipe("ackpipe, batches, C, newer librdkafka", options=BATCH, newer=True, needs=("newer-librdkafka",))
ALONE_8 = Alone("8 loops without ackpipe", copies=8, limit=32_000)
POOL_8 = Ackpipe("ackpipe, 8 workers, window 1, --order none", options=pool(8), handler_options=("-w", "1000"), limit=32_000)
ALONE_64 = Alone("64 loops without ackpipe", copies=64, limit=128_000)
POOL_64 = Ackpipe("ackpipe, 64 workers, window 1, --order none", options=pool(64), handler_options=("-w", "1000"),
                  limit=128_000)

# The embedded broker does not wake a waiting fetch: on both sides it waits for a millisecond at most.
PROMPT = ("-X", "fetch.wait.max.ms=1")
PROMPT_RAW = (*TUNED.items(), ("fetch.wait.max.ms", "1"))
RAW_LATENCY = Raw("raw C consumer", settings=PROMPT_RAW, latency=True)
RAW_COMMIT = Raw("raw C consumer, auto.commit.interval.ms=1000", latency=True,
                 settings=(*PROMPT_RAW, ("auto.commit.interval.ms", "1000")))
LATENCY_C = Ackpipe("ackpipe, messages, C", options=PROMPT, handler_options=("-l",), streaming=True)
LATENCY_BATCH_C = Ackpipe("ackpipe, batches, C", options=(*PROMPT, *BATCH), handler_options=("-l",), streaming=True)
LATENCY_COMMIT_C = Ackpipe("ackpipe, messages, C, --commit-interval 50ms", handler_options=("-l",), streaming=True,
                           options=(*PROMPT, "--commit-interval", "50ms"))
LATENCY_PYTHON = Ackpipe("ackpipe, messages, Python json", handler="json", options=PROMPT, handler_options=("--latency",),
                         streaming=True)
SHORT_SESSION = ("session.timeout.ms", "6000")
LATENCY_NOTE = """A record every 3.3 ms to one partition. A record's value is the clock when it was given to the producer
(`linger.ms=0`); the handler subtracts it from the clock when it has read the frame. "Added" is the difference of the
percentiles to the raw consumer in the same round. `fetch.wait.max.ms=1` on both sides, because the embedded broker does not
answer a waiting fetch when a record comes: part of each figure is that wait."""
LOAD_NOTE = """The same with 64 partitions, at 1 %, 50 % and 90 % of the top rate: what ackpipe consumes in batches while a
producer on the same two cores writes as fast as it can, record by record. Batches wait for up to `--batch-linger` (10 ms)."""
COMMIT_NOTE = """The time until the group's committed offset covers the record, asked for every 5 ms by a client that is no
member. ackpipe commits every second by default (`--commit-interval`), as the raw consumer was told to."""
RESOURCES_NOTE = """Idle: 5 s after the only record. A restart is that of a group which was left in good order, from the start of
the process to the first record in the handler, with `session.timeout.ms=6000` on both sides: the embedded broker lets a group
wait for 3 s when its first member joins, and for the session time-out when it is joined again. What ackpipe adds is the
difference."""


def at_least(label, subject, reference, want, must, what="speed", inverse=False):
    """A Check that a ratio is large enough."""
    return Check(label, subject.name, reference.name if reference else "", what, want, must, inverse=inverse)


def at_most(label, subject, reference, want, must, what):
    """A Check that a ratio, or a figure where there is no reference, is small enough."""
    return Check(label, subject.name, reference.name if reference else "", what, want, must, at_most=True)


SPEED_CASES = (
    SpeedCase("base", "The base case: batches, a C handler, 100 B", "text-100", (RAW, BATCH_C), checks=(
        at_least("batches, C, 100 B: throughput to the raw consumer", BATCH_C, RAW, 0.85, 0.75),
        at_most("batches, C, 100 B: CPU to the raw consumer", BATCH_C, RAW, 1.25, 1.5, "cpu"),
        at_most("RSS at full speed, MB", BATCH_C, None, 100, 100, "rss")), quick=True),
    SpeedCase("batches", "Batches of other sizes, and other handlers, 100 B", "text-100", (
        RAW, BATCH_C, Ackpipe("ackpipe, batches of 500, C", options=batches(500)), BATCH_JSON,
        Ackpipe("ackpipe, batches of 500, Python json", handler="json", options=batches(500)), BATCH_ORJSON, BATCH_NODE)),
    SpeedCase("messages", "Message mode, 100 B", "text-100", (
        RAW,
        message("--max-in-flight 1", limit=200_000),
        message(""),
        MESSAGE_C,
        MESSAGE_LANES_C,
        Ackpipe("ackpipe, messages, --max-in-flight 1024 --order none, C with through", options=("--max-in-flight", "1024", "--order", "none"),
                handler_options=("-t",)),
        message("--max-in-flight 1024 --order none", "json", limit=1_000_000),
        message("--max-in-flight 1024 --order none", "orjson", limit=1_000_000, needs=ORJSON),
        message("--max-in-flight 1024 --order none", "node", limit=1_000_000, needs=NODE),
        message("--max-in-flight 1", "json", limit=100_000)), checks=(
            at_least("window 1024, --order none, C, 100 B: throughput to the raw consumer", MESSAGE_C, RAW, 0.7, 0.7),
            at_least("window 1024, --lane-window 16, C, 100 B: the same", MESSAGE_LANES_C, RAW, 0.7, 0.7))),
    SpeedCase("size-1k", "1 KiB of text", "text-1k", (
        RAW, BATCH_C, MESSAGE_C, BATCH_JSON, BATCH_ORJSON, BATCH_NODE), checks=(
            at_least("batches, C, 1 KiB: throughput to the raw consumer", BATCH_C, RAW, 0.9, 0.9),
            at_most("RSS at full speed, 1 KiB, MB", BATCH_C, None, 100, 100, "rss"))),
    SpeedCase("size-100k", "100 KiB of text", "text-100k", (
        RAW, BATCH_C, MESSAGE_C, BATCH_ORJSON)),
    SpeedCase("binary", "1 KiB of random bytes (base64 in the frame)", "binary-1k", (RAW, BATCH_C, BATCH_ORJSON)),
    SpeedCase("json-text", "1 KiB of JSON, as text and as JSON", "json-1k", (
        RAW, BATCH_C, Ackpipe("ackpipe, batches, --value-format json, C", options=JSON_VALUES))),
    SpeedCase("json", "Work on JSON values of 100 B, in Python", "json-100", (
        CONSUME_JSON,
        BATCH_JSON_MEMBER,
        Ackpipe("ackpipe, batches, --value-format json, Python orjson", handler="orjson", options=JSON_VALUES,
                handler_options=("--work", "member"), needs=ORJSON),
        POLL_JSON, POLL_JSON_DEFAULT), checks=(
            at_least("batches, Python json, JSON values: throughput to consume(500), tuned", BATCH_JSON_MEMBER,
                     CONSUME_JSON, 1.2, 1.0),
            at_least("the same to poll(), default", BATCH_JSON_MEMBER, POLL_JSON_DEFAULT, 4, 4),
            at_least("the same to poll(), tuned", BATCH_JSON_MEMBER, POLL_JSON, 1.5, 1.5)), quick=True),
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
        BATCH_JSON, BATCH_ORJSON), checks=(
            at_least("batches, Python orjson: throughput to rsyslog omprog, confirmed", BATCH_ORJSON, RSYSLOG, 25, 25),
            at_least("the same: CPU of rsyslog to that of ackpipe", BATCH_ORJSON, RSYSLOG, 12, 12, "cpu", inverse=True)),
        repeat=3),
    SpeedCase("kcat", "kcat, 100 B", "text-100", (
        KCAT, Kcat("kcat -J -u, default, to Python orjson", tuned=False, limit=400_000, needs=("program:kcat", *ORJSON)),
        BATCH_ORJSON), checks=(
            at_least("batches, Python orjson: throughput to kcat -J, tuned", BATCH_ORJSON, KCAT, 1.8, 1.8),)),
    SpeedCase("library", "The system's librdkafka and a newer one on both sides, 100 B", "text-100", (
        RAW, BATCH_C,
        RAW_NEWER, BATCH_C_NEWER), checks=(
            at_least("newer librdkafka, batches, C, 100 B: throughput to the raw consumer", BATCH_C_NEWER, RAW_NEWER, 0.85,
                     0.75),
            at_most("newer librdkafka, batches, C, 100 B: CPU to the raw consumer", BATCH_C_NEWER, RAW_NEWER, 1.25, 1.5,
                    "cpu"),
            at_most("newer librdkafka: RSS at full speed, MB", BATCH_C_NEWER, None, 100, 100, "rss"))),
    SpeedCase("pool-8", "8 workers, 1 ms of waiting a record, window 1", "text-100", (ALONE_8, POOL_8), checks=(
        at_least("8 workers, 1 ms a record: throughput to 8 loops alone", POOL_8, ALONE_8, 0.95, 0.95),)),
    SpeedCase("pool-64", "64 workers, 1 ms of waiting a record, window 1", "text-100", (ALONE_64, POOL_64), checks=(
        at_least("64 workers, 1 ms a record: throughput to 64 loops alone", POOL_64, ALONE_64, 0.9, 0.9),)),
)

LATENCY_CASES = (
    LatencyCase("latency", "Latency at a low rate: produce to handler", (RAW_LATENCY, LATENCY_C, LATENCY_PYTHON), (300,), 1,
                8, note=LATENCY_NOTE, checks=(
        at_most("added latency at a low rate, C: p50, microseconds", LATENCY_C, None, 30, 30, "added_p50"),
        at_most("added latency at a low rate, C: p99", LATENCY_C, None, 100, 100, "added_p99"),
        at_most("added latency at a low rate, Python: p50", LATENCY_PYTHON, None, 100, 100, "added_p50"),
        at_most("added latency at a low rate, Python: p99", LATENCY_PYTHON, None, 150, 150, "added_p99"))),
    LatencyCase("latency-load", "Latency under load: produce to handler", (RAW_LATENCY, LATENCY_C, LATENCY_BATCH_C),
                (0.01, 0.5, 0.9), 64, 3, of=LATENCY_BATCH_C, note=LOAD_NOTE),
    LatencyCase("latency-commit", "Latency at a low rate: produce to commit", (RAW_COMMIT, LATENCY_C, LATENCY_COMMIT_C),
                (300,), 1, 8, commits=True, note=COMMIT_NOTE),
)

RESOURCES = ResourceCase(
    "resources", "Idle memory, restart, size", Ackpipe("ackpipe, messages, C", endless=True),
    (Raw("raw C consumer", settings=(*TUNED.items(), SHORT_SESSION), limit=100_000),
     Ackpipe("ackpipe, batches, C", options=(*BATCH, "-X", "=".join(SHORT_SESSION)), limit=100_000)),
    checks=(Check("RSS idle, MB", "ackpipe, idle", what="rss", want=15, must=15, at_most=True),), note=RESOURCES_NOTE)

CASES = (*SPEED_CASES, *LATENCY_CASES, RESOURCES)
