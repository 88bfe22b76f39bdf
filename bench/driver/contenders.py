"""The subjects that several cases share, by name."""
from .peers import Confluent, Kcat, Rsyslog
from .subjects import TUNED, Ackpipe, Alone, LeastBridge, Raw

CONFLUENT = ("module:confluent_kafka",)
ORJSON = ("module:orjson",)
NODE = ("program:node",)
KCAT_NEEDS = ("program:kcat", *ORJSON)
NEWER = ("newer-librdkafka",)

BATCH = ("--mode", "batch")
JSON_VALUES = (*BATCH, "--value-format", "json")
MEMBER = ("--work", "member")
UNORDERED = ("--max-in-flight", "1024", "--order", "none")
HANDLER_NAMES = {"c": "C", "json": "Python json", "orjson": "Python orjson", "node": "Node"}


def batches(size, handler="c", **arguments):
    """ackpipe in batch mode; 100 is its default."""
    options = BATCH if size == 100 else (*BATCH, "--batch-size", str(size))
    title = "batches" if size == 100 else f"batches of {size}"
    return Ackpipe(f"ackpipe, {title}, {HANDLER_NAMES[handler]}", handler=handler, options=options, **arguments)


def workers(count, handler, **arguments):
    """Batches and several workers."""
    return Ackpipe(f"ackpipe, batches, {count} worker{'s' if count > 1 else ''}, {HANDLER_NAMES[handler]}",
                   handler=handler, options=(*BATCH, "--workers", str(count)), **arguments)


def messages(title="", handler="c", **arguments):
    """ackpipe in message mode with the options that the title names."""
    return Ackpipe(f"ackpipe, messages, {title or 'default window 64'}, {HANDLER_NAMES[handler]}", handler=handler,
                   options=tuple(title.split()), **arguments)


def in_flight(count, share):
    """Message mode with room for so many unanswered records."""
    return Ackpipe(f"ackpipe, messages, {count} in flight, --order none, C", share=share, options=(
        "--max-in-flight", str(count), "--max-total-in-flight", str(max(count, 10_000)), "--order", "none"))


def pool(count, share):
    """Workers that have one record each, and wait for a millisecond; as many loops alone; and the least bridge."""
    return (
        Alone(f"{count} loops without ackpipe", copies=count, share=share),
        LeastBridge(f"least bridge in C, {count} workers, window 1", handler_options=("-w", "1000"), share=share, rounds=2,
                    options=("-W", str(count), "-w", "1")),
        Ackpipe(f"ackpipe, {count} workers, window 1, --order none", handler_options=("-w", "1000"), share=share,
                options=("--workers", str(count), "--max-in-flight", "1", "--order", "none")),
    )


RAW = Raw("raw C consumer, tuned")
RAW_NEWER = Raw("raw C consumer, tuned, newer librdkafka", newer=True, needs=NEWER)
BATCH_C = batches(100)
BATCH_C_NEWER = Ackpipe("ackpipe, batches, C, newer librdkafka", options=BATCH, newer=True, needs=NEWER)
BATCH_JSON = batches(100, "json")
BATCH_ORJSON = batches(100, "orjson", needs=ORJSON)
BATCH_NODE = batches(100, "node", needs=NODE)
LEAST_C = LeastBridge("least bridge in C, window 1024")
MESSAGES_C = messages("--max-in-flight 1024 --order none")
MESSAGES_LANES_C = messages("--max-in-flight 1024 --lane-window 16")
VALUES_JSON = Ackpipe("ackpipe, batches, --value-format json, Python json", handler="json", options=JSON_VALUES,
                      handler_options=MEMBER)
VALUES_ORJSON = Ackpipe("ackpipe, batches, --value-format json, Python orjson", handler="orjson", options=JSON_VALUES,
                        handler_options=MEMBER, needs=ORJSON)
VALUES_JSON_NEWER = Ackpipe("ackpipe, batches, --value-format json, Python json, newer librdkafka", handler="json",
                            options=JSON_VALUES, handler_options=MEMBER, newer=True, needs=NEWER)
CONSUME_JSON = Confluent("confluent consume(500) + json.loads, tuned", work="member", needs=CONFLUENT)
POLL_JSON = Confluent("confluent poll() + json.loads, tuned", how="poll", work="member", share=4,
                      needs=CONFLUENT)
POLL_JSON_DEFAULT = Confluent("confluent poll() + json.loads, default", how="poll", work="member", tuned=False,
                              rounds=2, needs=CONFLUENT)
RSYSLOG = Rsyslog("rsyslog imkafka, omprog, confirmed", share=40, needs=("rsyslog",))
KCAT = Kcat("kcat -J -u, tuned, to Python orjson", share=4, needs=KCAT_NEEDS)
ALONE_8, LEAST_8, POOL_8 = pool(8, 40)
ALONE_64, LEAST_64, POOL_64 = pool(64, 4)

# The embedded broker does not wake a waiting fetch: on both sides it waits for a millisecond at most.
PROMPT = ("-X", "fetch.wait.max.ms=1")
PROMPT_RAW = (*TUNED.items(), ("fetch.wait.max.ms", "1"))
RAW_LATENCY = Raw("raw C consumer", settings=PROMPT_RAW, latency=True)
RAW_COMMIT = Raw("raw C consumer, auto.commit.interval.ms=1000", latency=True,
                 settings=(*PROMPT_RAW, ("auto.commit.interval.ms", "1000")))
LEAST_LATENCY = LeastBridge("least bridge in C", settings=PROMPT_RAW, handler_options=("-l",))
LATENCY_C = Ackpipe("ackpipe, messages, C", options=PROMPT, handler_options=("-l",), streaming=True)
LATENCY_BATCH_C = Ackpipe("ackpipe, batches, C", options=(*PROMPT, *BATCH), handler_options=("-l",), streaming=True)
LATENCY_COMMIT_C = Ackpipe("ackpipe, messages, C, --commit-interval 50ms", handler_options=("-l",), streaming=True,
                           options=(*PROMPT, "--commit-interval", "50ms"))
LATENCY_PYTHON = Ackpipe("ackpipe, messages, Python json", handler="json", options=PROMPT, streaming=True,
                         handler_options=("--latency",))

IDLE = Ackpipe("ackpipe, messages, C", endless=True)
SHORT_SESSION = ("session.timeout.ms", "6000")
RAW_RESTART = Raw("raw C consumer", settings=(*TUNED.items(), SHORT_SESSION))
ACKPIPE_RESTART = Ackpipe("ackpipe, batches, C", options=(*BATCH, "-X", "=".join(SHORT_SESSION)), streaming=True)
