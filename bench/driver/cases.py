"""The throughput cases: one factor at a time around a base case."""
from dataclasses import dataclass

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


SPEED_CASES = (
    SpeedCase("base", "The base case: batches, a C handler, 100 B", "text-100", (RAW, BATCH_C), quick=True),
)
