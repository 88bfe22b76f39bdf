"""The kind of case that measures what a consumer adds to the way of a lone record, side by side in one run.

The embedded broker lets a record wait for its next look at a waiting fetch, for a millisecond or two: more than what is
to be measured, and by chance. So a relay (bench/relay.c) between broker and consumers notes when the answer with the
record leaves, and what is measured begins there. One producer writes to the topics of all subjects in turn.
"""
import os
import struct
from dataclasses import asdict, dataclass

from .broker import Broker
from .latency import LatencyRow, latency_table, percentiles
from .measure import Run, read_reports
from .processes import Child, Failure, run_quietly, wait_until
from .progress import RUN_SECONDS


class Relay:
    """A process of bench/relay.c. `address` is what consumers are told."""

    def __init__(self, tools, broker):
        self.path = tools.log("relay-stamps")
        port = tools.log("relay-port")
        with open(port, "wb") as output:
            self.child = Child([tools.program("relay"), "-b", broker.address, "-o", self.path], tools.log("relay"),
                               stdout=output)

        def written():
            with open(port) as text:
                return text.read().strip()

        try:
            self.address = "127.0.0.1:" + wait_until(written, 10, "the relay's port", [self.child])
        except BaseException:
            self.end()
            raise

    def forwarded(self):
        """Ends it; when each stamp left for its consumer, in nanoseconds since the stamp."""
        self.end()
        with open(self.path, "rb") as file:
            return dict(struct.iter_unpack("=qq", file.read()))

    def end(self):
        """Ends the process."""
        self.child.end()


def own_parts(stamps, forwarded):
    """(stamp, ns from the relay to the handler) of (stamp, ns from the stamp to the handler).

    Fails where the relay has not seen a record: a consumer went past it.
    """
    unseen = sum(1 for stamp, _ in stamps if stamp not in forwarded)
    if unseen:
        raise Failure(f"{unseen} of {len(stamps)} records did not pass the relay")
    return [(stamp, latency - forwarded[stamp]) for stamp, latency in stamps]


def blocks(pairs, start, length, count):
    """The values of (stamp, value) in `count` spans of `length` from `start`; what is outside is left out."""
    found = [[] for _ in range(count)]
    for stamp, value in pairs:
        index = (stamp - start) // length
        if 0 <= index < count:
            found[index].append(value)
    return found


@dataclass(frozen=True)
class PairedCase:
    """Subjects that get records in turn; the first is the reference. A figure of each block of some seconds."""

    name: str
    title: str
    subjects: tuple
    rate: float  # records a second for each subject
    block_seconds: float = 5
    block_count: int = 5
    checks: tuple = ()
    note: str = ""
    repeat: int = 0  # rounds, at most; 0: as the user says
    quick: bool = False

    def for_check(self):
        """All of it, if anything is asserted."""
        return self if self.checks else None

    def expected_seconds(self, repeat):
        """About how long it takes."""
        return min(repeat, self.repeat or repeat) * (RUN_SECONDS + self.block_seconds * (self.block_count + 1))

    def measured(self, bench, repeat):
        """Runs it."""
        tools = bench.tools
        repeat = min(repeat, self.repeat or repeat)
        rows = {subject.name: LatencyRow(subject.name, self.rate, skipped=subject.missing(tools) or "")
                for subject in self.subjects}
        for number in range(repeat):
            subjects = [subject for subject in self.subjects if not rows[subject.name].skipped]
            try:
                self.add(rows, self.run_round(tools, subjects))
            except Failure as failure:
                tools.say(f"  failed: {failure}")
                for subject in subjects:
                    rows[subject.name].skipped = "failed: " + str(failure).splitlines()[0]
            for row in rows.values():
                if row.p50:
                    texts = [f"{value:,.0f}" for value in row.p50[-self.block_count:]]
                    tails = [f"{value:,.0f}" for value in row.p99[-self.block_count:]]
                    tools.say(f"  {number + 1}/{repeat} {row.name}: p50 {' '.join(texts)}, p99 {' '.join(tails)} us")
        return {"rows": [asdict(row) for row in rows.values()]}

    def add(self, rows, by_subject):
        """A value a block to each row. `by_subject`: name to a list of blocks of ns."""
        reference = by_subject.get(self.subjects[0].name)
        for name, found in by_subject.items():
            for index, values in enumerate(found):
                base = percentiles(reference[index]) if reference and name != self.subjects[0].name else None
                rows[name].add(percentiles(values), base)

    def run_round(self, tools, subjects):
        """One life of all processes: name to a list of blocks, each a list of ns."""
        broker = Broker(tools, [f"paired-{number}" for number in range(len(subjects))], 1)
        relay, runs = None, []
        try:
            topics = [broker.take_topic() for _ in subjects]
            relay = Relay(tools, broker)
            load = [tools.program("load"), "-b", broker.address, "-t", ",".join(topics), "-p", "1", "-s", "100"]
            # One block more to begin with, which warms all up.
            each = int(self.rate * self.block_seconds * (self.block_count + 1))
            run_quietly([*load, "-R", "0", "-n", str(len(subjects))], tools.log("load"))
            for subject, topic in zip(subjects, topics):
                runs.append(Run(tools, subject, relay, topic, each + 1))
            for run in runs:
                run.wait_for_first()
            output = run_quietly([*load, "-R", str(self.rate * len(subjects)), "-n", str(each * len(subjects))],
                                 tools.log("load"))
            for run in runs:
                run.wait(60)
            forwarded = relay.forwarded()
        finally:
            for run in runs:
                run.end()
            if relay:
                relay.end()
            broker.end()
        length = int(self.block_seconds * 1e9)
        start = int(output.split()[0]) + length
        found = {}
        for run in runs:
            parts = own_parts(read_reports(run.reports)[1], forwarded)
            found[run.subject.name] = blocks(parts, start, length, self.block_count)
            fewest = min(len(block) for block in found[run.subject.name])
            if fewest < self.rate * self.block_seconds / 2:
                raise Failure(f"{run.subject.name}: only {fewest} records in a block")
        return found

    def rendered(self, result):
        """Markdown."""
        table = latency_table([LatencyRow(**values) for values in result["rows"]], fine=True)
        return f"{self.note}\n\n{table}" if self.note else table

    def judged(self, result):
        """The verdicts of its checks."""
        rows = [LatencyRow(**values) for values in result["rows"]]
        return [check.judge(rows) for check in self.checks]
