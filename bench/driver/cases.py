"""The cases: one factor at a time around a base case, and what --check asserts of them.

In a check the first figure is what is wanted, the second what must be.
"""
from . import contenders as c
from .broker import DATA_SETS
from .checks import at_least, at_most, at_most_of
from .growth import GrowthCase, Point
from .latency import LatencyCase
from .paired import PairedCase
from .peers import Confluent, Kcat, PythonPeer, Rsyslog
from .resources import IDLE_ROW, ResourceCase
from .speed import SpeedCase
from .subjects import Ackpipe

ACKPIPE_CASES = (
    SpeedCase("base", "The base case: batches, a C handler, 100 B", "text-100", (c.RAW, c.BATCH_C), quick=True, checks=(
        at_least("batches, C, 100 B: throughput to the raw consumer", c.BATCH_C, c.RAW, 0.85, 0.75),
        at_most("batches, C, 100 B: CPU to the raw consumer", c.BATCH_C, c.RAW, "cpu", 1.25, 1.5),
        at_most_of("batches, C, 100 B: peak RSS, MB", c.BATCH_C.name, "rss", 100))),
    SpeedCase("batches", "Batches of other sizes, and other handlers, 100 B", "text-100", (
        c.RAW, c.BATCH_C, c.batches(500), c.BATCH_JSON, c.batches(500, "json"), c.BATCH_ORJSON,
        c.batches(500, "orjson", needs=c.ORJSON), c.BATCH_NODE), repeat=3, others=2),
    SpeedCase("messages", "Message mode, 100 B", "text-100", (
        c.RAW,
        c.LEAST_C,
        c.messages("--max-in-flight 1", share=40),
        c.messages(),
        c.MESSAGES_C,
        c.MESSAGES_LANES_C,
        Ackpipe("ackpipe, messages, --max-in-flight 1024 --order none, C, ack through", options=c.UNORDERED,
                handler_options=("-t",)),
        c.messages("--max-in-flight 1", "json", share=40),
        c.messages("", "json", share=4),
        c.messages("--max-in-flight 1024 --order none", "json", share=4),
        c.messages("--max-in-flight 1024 --order none", "orjson", share=4, needs=c.ORJSON),
        c.messages("--max-in-flight 1024 --order none", "node", share=4, needs=c.NODE)), others=2, checks=(
            at_least("messages, window 1024, --order none, C, 100 B: throughput to the raw consumer", c.MESSAGES_C,
                     c.RAW, 0.7, 0.7),
            at_least("messages, window 1024, --lane-window 16, C, 100 B: the same", c.MESSAGES_LANES_C, c.RAW, 0.7,
                     0.7))),
    SpeedCase("size-1k", "1 KiB of text", "text-1k", (
        c.RAW, c.BATCH_C, c.MESSAGES_C, c.BATCH_JSON, c.BATCH_ORJSON, c.BATCH_NODE), others=2, checks=(
            at_least("batches, C, 1 KiB: throughput to the raw consumer", c.BATCH_C, c.RAW, 0.9, 0.9),
            at_most_of("batches, C, 1 KiB: peak RSS, MB", c.BATCH_C.name, "rss", 100))),
    SpeedCase("size-100k", "100 KiB of text", "text-100k", (c.RAW, c.BATCH_C, c.MESSAGES_C, c.BATCH_ORJSON), repeat=2),
    SpeedCase("binary", "1 KiB of random bytes (base64 in the frame)", "binary-1k", (c.RAW, c.BATCH_C, c.BATCH_ORJSON),
              repeat=2),
    SpeedCase("json-text", "1 KiB of JSON, as text and as JSON", "json-1k", (
        c.RAW, c.BATCH_C, Ackpipe("ackpipe, batches, --value-format json, C", options=c.JSON_VALUES)), repeat=2),
    SpeedCase("workers", "1, 4 and 8 workers, 100 B", "text-100", tuple(
        c.workers(count, handler) for handler in ("c", "json") for count in (1, 4, 8)), repeat=2),
    SpeedCase("library", "A newer librdkafka on both sides (and in the broker), 100 B", "text-100", (
        c.RAW_NEWER, c.BATCH_C_NEWER, c.RAW, c.BATCH_C), newer_broker=True, others=2, checks=(
            at_least("newer librdkafka, batches, C, 100 B: throughput to the raw consumer", c.BATCH_C_NEWER,
                     c.RAW_NEWER, 0.85, 0.75),
            at_most("newer librdkafka, batches, C, 100 B: CPU to the raw consumer", c.BATCH_C_NEWER, c.RAW_NEWER,
                    "cpu", 1.25, 1.5),
            at_most_of("newer librdkafka, batches, C, 100 B: peak RSS, MB", c.BATCH_C_NEWER.name, "rss", 100))),
    SpeedCase("pool-8", "8 workers, 1 ms of waiting a record, window 1", "text-100", (c.ALONE_8, c.LEAST_8, c.POOL_8),
              quick=True, run_seconds=14, checks=(
        at_least("8 workers, 1 ms a record: throughput to 8 loops alone", c.POOL_8, c.ALONE_8, 0.95, 0.95),)),
    SpeedCase("pool-64", "64 workers, 1 ms of waiting a record, window 1", "text-100", (c.ALONE_64, c.LEAST_64, c.POOL_64),
              run_seconds=18, checks=(
        at_least("64 workers, 1 ms a record: throughput to 64 loops alone", c.POOL_64, c.ALONE_64, 0.9, 0.9),)),
)

PEER_CASES = (
    SpeedCase("json", "Work on JSON values of 100 B, in Python", "json-100", (
        c.CONSUME_JSON, c.VALUES_JSON, c.VALUES_ORJSON, c.POLL_JSON, c.POLL_JSON_DEFAULT),
        quick=True, others=2, checks=(
            at_least("batches, JSON values, Python json: throughput to confluent consume(500), tuned", c.VALUES_JSON,
                     c.CONSUME_JSON, 1.2, 1.0),
            at_least("the same to confluent poll(), default", c.VALUES_JSON, c.POLL_JSON_DEFAULT, 4, 4),
            at_least("the same to confluent poll(), tuned", c.VALUES_JSON, c.POLL_JSON, 1.5, 1.5))),
    SpeedCase("json-library", "The same with the newer librdkafka on both sides (and in the broker)", "json-100", (
        c.CONSUME_JSON, c.VALUES_JSON_NEWER), newer_broker=True, checks=(
            at_least("both on the newer librdkafka: throughput to confluent consume(500), tuned", c.VALUES_JSON_NEWER,
                     c.CONSUME_JSON, 1.2, 1.0),)),
    SpeedCase("clients", "Kafka clients for Python, 100 B", "text-100", (
        c.BATCH_ORJSON,
        c.BATCH_JSON,
        Confluent("confluent consume(500), tuned", needs=c.CONFLUENT),
        Confluent("confluent consume(500), default", tuned=False, share=4, needs=c.CONFLUENT),
        Confluent("confluent poll(), tuned", how="poll", share=4, needs=c.CONFLUENT),
        Confluent("confluent poll(), default", how="poll", tuned=False, share=4, needs=c.CONFLUENT),
        PythonPeer("kafka-python", program="peer_kafka_python.py", share=4, needs=("module:kafka",)),
        PythonPeer("aiokafka, iteration", program="peer_aiokafka.py", arguments=("iterate",), share=4,
                   needs=("module:aiokafka",)),
        PythonPeer("aiokafka, getmany", program="peer_aiokafka.py", arguments=("getmany",),
                   needs=("module:aiokafka",))), repeat=2),
    SpeedCase("rsyslog", "rsyslog, 100 B, a Python program", "text-100", (
        c.RSYSLOG,
        Rsyslog("rsyslog imkafka, omprog, transactions", transactions=True, share=40, needs=("rsyslog",)),
        Rsyslog("rsyslog imkafka, omprog, unconfirmed", confirm=False, share=4, needs=("rsyslog",)),
        c.BATCH_JSON, c.BATCH_ORJSON), repeat=3, others=2, checks=(
            at_least("batches, Python orjson: throughput to rsyslog omprog, confirmed", c.BATCH_ORJSON, c.RSYSLOG, 25,
                     25),
            at_least("the same: CPU of rsyslog to that of ackpipe", c.BATCH_ORJSON, c.RSYSLOG, 12, 12, "cpu",
                     inverse=True))),
    SpeedCase("kcat", "kcat, 100 B, a Python program", "text-100", (
        c.KCAT,
        Kcat("kcat -J -u, default, to Python orjson", tuned=False, share=4, needs=c.KCAT_NEEDS),
        c.BATCH_ORJSON), others=2, checks=(
            at_least("batches, Python orjson: throughput to kcat -J, tuned", c.BATCH_ORJSON, c.KCAT, 1.8, 1.8),)),
)

LATENCY_CASES = (
    PairedCase(
        "latency", "Latency at a low rate: from the broker's answer to the handler",
        (c.RAW_LATENCY, c.LATENCY_C, c.LATENCY_PYTHON), 200, repeat=2,
        checks=(
            at_most_of("added latency at a low rate, C: p50, microseconds", c.LATENCY_C.name, "added_p50", 30),
            at_most_of("added latency at a low rate, C: p99", c.LATENCY_C.name, "added_p99", 100),
            at_most_of("added latency at a low rate, Python: p50", c.LATENCY_PYTHON.name, "added_p50", 100),
            at_most_of("added latency at a low rate, Python: p99", c.LATENCY_PYTHON.name, "added_p99", 150)),
        note="""200 records a second to one partition for each subject, at the same time. From the moment when the
answer with the record leaves for the consumer (method, above) until the record is there: taken by the raw consumer,
read from the frame by the handler. A value a block of 5 s; "added" is the difference to the raw consumer in the same
block. `fetch.wait.max.ms=1` on all sides, so that a record comes alone."""),
    PairedCase(
        "latency-least", "The same beside the least bridge", (c.RAW_LATENCY, c.LEAST_LATENCY, c.LATENCY_C), 200, repeat=1,
        note="""The least bridge (method, above) in the place of the Python handler: each client more on the CPUs makes all slower.
What it adds, no program between a broker and a handler over a pipe can do without."""),
    LatencyCase(
        "latency-load", "Latency under load: produce to handler", (c.RAW_LATENCY, c.LATENCY_C, c.LATENCY_BATCH_C),
        (0.01, 0.5, 0.9), 64, 2, of=c.LATENCY_BATCH_C, linger=5, repeat=2,
        note="""64 partitions, at 1 %, 50 % and 90 % of the top rate: what ackpipe consumes in batches while a
producer on the same CPUs writes as fast as it can, record by record. A record's value is the clock when it was given to
the producer, which collects for 5 ms (`linger.ms`): of batches of one record the embedded broker gives so few in
an answer that a backlog would never end. `fetch.wait.max.ms=1` on all sides. Batches wait for up to `--batch-linger`
(10 ms)."""),
    LatencyCase(
        "latency-commit", "Latency at a low rate: produce to commit", (c.RAW_COMMIT, c.LATENCY_C, c.LATENCY_COMMIT_C),
        (300,), 1, 6, commits=True, repeat=2,
        note="""From the moment when the record is given to the producer (`linger.ms=0`) until the group's committed
offset covers it, asked for every 5 ms by a client that is
no member. ackpipe commits every second by default (`--commit-interval`), as the raw consumer was told to."""),
)

RESOURCES = ResourceCase(
    "resources", "Idle memory, restart, size", c.IDLE, (c.RAW_RESTART, c.ACKPIPE_RESTART), repeat=2,
    checks=(at_most_of("RSS idle, MB", IDLE_ROW, "rss", 15),),
    note="""Idle: 12 s after the only record. A restart is that of a group which was left in good order, from the start
of the process to the first record in the handler, with `session.timeout.ms=6000` on both sides: the embedded broker
lets a group wait for 3 s when its first member joins, and for the session time-out when it is joined again. What
ackpipe adds is the difference.""")

GROWTH_CASES = (
    GrowthCase("growth-partitions", "Growth: 1 to 1,000 partitions, values of 1 B, batches, C", tuple(
        Point(f"{count:,} partitions", count, f"partitions-{count}", c.BATCH_C, c.RAW) for count in (1, 10, 100, 1000)),
        note="A lane is a partition: with one partition a batch goes out when the one before it was answered."),
    GrowthCase("growth-workers", "Growth: 1 to 64 workers, 100 B, batches, C", tuple(
        Point(f"{count} workers", count, "text-100", c.workers(count, "c"), c.RAW) for count in (1, 2, 8, 32, 64))),
    GrowthCase("growth-in-flight", "Growth: 1 to 100,000 in flight, 100 B, messages, --order none, C", tuple(
        Point(f"{count:,} in flight", count, "text-100",
              c.in_flight(count, 40 if count < 10 else 4 if count < 100 else 1), c.RAW)
        for count in (1, 10, 100, 1000, 10_000, 100_000))),
    GrowthCase("growth-size", "Growth: 1 B to 4 MB, batches, C", tuple(
        Point(label, DATA_SETS[data].size, data, c.BATCH_C, c.RAW) for label, data in (
            ("1 B", "partitions-100"), ("100 B", "text-100"), ("1 KiB", "text-1k"), ("10 KiB", "text-10k"),
            ("100 KiB", "text-100k"), ("1 MB", "text-1m"), ("4 MB", "text-4m"))), per_byte=True),
)

CASES = (*ACKPIPE_CASES, *PEER_CASES, *LATENCY_CASES, RESOURCES, *GROWTH_CASES)
