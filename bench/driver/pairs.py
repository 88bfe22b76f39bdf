"""Runs the subjects of a case in turn, A B A B, and answers medians, ranges and ratios of pairs."""
from dataclasses import asdict, dataclass, field
from statistics import median

from .measure import measure
from .processes import Failure


@dataclass
class Spread:
    """A median and its range."""

    median: float
    low: float
    high: float

    @staticmethod
    def of(values):
        return Spread(median(values), min(values), max(values)) if values else None


@dataclass
class Row:
    """What was measured of one subject: one value a round, or the reason why there is none."""

    name: str
    skipped: str = ""
    speed: list = field(default_factory=list)
    cpu: list = field(default_factory=list)
    handler_cpu: list = field(default_factory=list)
    rss: list = field(default_factory=list)

    def add(self, measurement):
        self.speed.append(measurement.speed)
        self.cpu.append(measurement.cpu)
        self.handler_cpu.append(measurement.handler_cpu)
        self.rss.append(measurement.rss)


def ratios(row, reference, what):
    """The ratio to the reference in each round, as a Spread; None where either has no value."""
    pairs = zip(getattr(row, what), getattr(reference, what))
    return Spread.of([a / b for a, b in pairs if a is not None and b])


def run_rounds(tools, broker, data, subjects, rounds):
    """Measures all subjects once a round; `rounds` has a number for each subject, and the first ones are its.

    A subject that fails is measured no further, and its row says why.
    """
    rows = {}
    repeat = max(rounds)
    for subject in subjects:
        rows[subject.name] = Row(subject.name, skipped=subject.missing(tools) or "")
    for number in range(repeat):
        for subject, wanted in zip(subjects, rounds):
            row = rows[subject.name]
            if row.skipped or number >= wanted:
                continue
            share = max(subject.share, max(share for share in data.shares if share <= tools.options.share))
            try:
                measurement = measure(tools, subject, broker, data.topic(share), data.records(share))
            except Failure as failure:
                tools.say(f"  {subject.name}: failed: {failure}")
                row.skipped = "failed: " + str(failure).splitlines()[0]
                continue
            row.add(measurement)
            tools.say(f"  {number + 1}/{wanted} {subject.name}: {measurement.speed:,.0f} records/s, "
                      f"{measurement.cpu:.2f} CPU s per million, {measurement.rss:.0f} MB")
    return list(rows.values())


def as_json(rows):
    """For the file of results."""
    return [asdict(row) for row in rows]


def from_json(values):
    """Back from the file of results."""
    return [Row(**value) for value in values]
