"""The kind of case that measures throughput, CPU and memory of subjects on one data set."""
from dataclasses import dataclass

from .broker import DATA_SETS
from .pairs import Row, as_json, from_json, run_rounds
from .progress import FILL_SECONDS, RUN_SECONDS
from .tables import speed_table


@dataclass(frozen=True)
class SpeedCase:
    """Subjects on one data set; the first is the reference of the table."""

    name: str
    title: str
    data: str
    subjects: tuple
    checks: tuple = ()
    note: str = ""
    repeat: int = 0  # rounds, at most; 0: as the user says
    run_seconds: float = RUN_SECONDS  # about what a run takes
    others: int = 0  # rounds, at most, of subjects that no check names
    quick: bool = False
    # The broker on the newer librdkafka too: ackpipe asks for the ends of partitions, and the embedded broker of 2.0.2
    # cannot tell them to newer clients.
    newer_broker: bool = False

    def for_check(self):
        """The case with what its checks need and no more, or None."""
        names = {name for check in self.checks for name in (check.subject, check.reference)}
        subjects = tuple(subject for subject in self.subjects if subject.name in names)
        if not subjects:
            return None
        return SpeedCase(self.name, self.title, self.data, subjects, self.checks, repeat=self.repeat,
                         run_seconds=self.run_seconds, newer_broker=self.newer_broker)

    def rounds(self, repeat):
        """How often each subject is measured."""
        checked = {name for check in self.checks for name in (check.subject, check.reference)}
        found = []
        for index, subject in enumerate(self.subjects):
            # The reference of the table is there in every round: ratios are those of pairs.
            others = 0 if index == 0 or subject.name in checked else self.others
            found.append(min(limit for limit in (repeat, self.repeat, others, subject.rounds) if limit))
        return found

    def expected_seconds(self, repeat):
        """About how long it takes."""
        return FILL_SECONDS + self.run_seconds * sum(self.rounds(repeat))

    def measured(self, bench, repeat):
        """Runs it. The result can be written as JSON."""
        data = DATA_SETS[self.data]
        if self.newer_broker and not bench.tools.newer_library:
            rows = [Row(subject.name, skipped="there is no newer librdkafka") for subject in self.subjects]
            return {"reference": self.subjects[0].name, "rows": as_json(rows)}
        rows = run_rounds(bench.tools, bench.brokers.holding(data, self.newer_broker), data, self.subjects,
                          self.rounds(repeat))
        return {"reference": self.subjects[0].name, "rows": as_json(rows)}

    def rendered(self, result):
        """Markdown."""
        table = speed_table(from_json(result["rows"]), result["reference"])
        return f"{self.note}\n\n{table}" if self.note else table

    def judged(self, result):
        """The verdicts of its checks."""
        rows = from_json(result["rows"])
        return [check.judge(rows) for check in self.checks]
