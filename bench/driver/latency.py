"""The kind of case that measures the time from produce to the handler, and to the commit, at a rate."""
import os
from dataclasses import asdict, dataclass, field

from .broker import Broker
from .measure import Run, read_reports
from .pairs import Spread
from .processes import Child, Failure, run_quietly, wait_until
from .progress import RUN_SECONDS
from .tables import count_text, markdown, spread_text

PARTS = ("p50", "p99", "p99.9")


def percentiles(values):
    """p50, p99 and p99.9 in microseconds."""
    ordered = sorted(values)
    return [ordered[min(len(ordered) - 1, int(len(ordered) * part))] / 1000 for part in (0.5, 0.99, 0.999)]


@dataclass
class LatencyRow:
    """One subject at one rate: a value a round."""

    name: str
    rate: float
    skipped: str = ""
    p50: list = field(default_factory=list)
    p99: list = field(default_factory=list)
    p999: list = field(default_factory=list)
    added_p50: list = field(default_factory=list)  # over the reference in the same round
    added_p99: list = field(default_factory=list)
    speed: list = field(default_factory=list)  # what was consumed: less than the rate where it did not keep up

    def add(self, values, reference):
        self.p50.append(values[0])
        self.p99.append(values[1])
        self.p999.append(values[2])
        if reference:
            self.added_p50.append(values[0] - reference[0])
            self.added_p99.append(values[1] - reference[1])


def latency_table(rows, fine):
    """Markdown of LatencyRows. `fine`: at low rates, microseconds with all their digits."""
    table = []
    for row in rows:
        if row.skipped and not row.p50:
            table.append([row.name, count_text(row.rate), f"skipped: {row.skipped}", "", "", "", ""])
            continue
        text = (lambda value: f"{value:.0f}") if fine and row.rate <= 10_000 else count_text
        table.append([row.name, count_text(row.rate), *(
            spread_text(Spread.of(values), text)
            for values in (row.p50, row.p99, row.p999, row.added_p50, row.added_p99))])
    return markdown(["microseconds", "records/s", "p50", "p99", "p99.9", "added p50", "added p99"], table)


def stream(tools, subject, broker, partitions, rate, count, linger=0, watch_commits=False):
    """Starts the subject, waits for its first record, produces `count` records at `rate`.

    Returns the latencies (ns) of the last nine tenths to the handler, or to the commit, and the measurement.
    """
    topic = broker.take_topic()
    load = [tools.program("load"), "-b", broker.address, "-t", topic, "-p", str(partitions), "-s", "100",
            "-L", str(linger)]
    log = tools.log("load")
    run_quietly([*load, "-R", "0", "-n", "1"], log)
    run = Run(tools, subject, broker, topic, count + 1)
    watcher = None
    commits = os.path.join(run.reports, "commits")
    try:
        run.wait_for_first()
        if watch_commits:
            watcher = Child([tools.program("watch_commits"), "-b", broker.address, "-t", topic, "-g", run.group,
                             "-o", commits], tools.log("watch"))
        output = run_quietly([*load, "-R", str(rate), "-n", str(count)], log)
        start = int(output.split()[0])
        run.wait(120)
        measurement = run.measurement()
        if watcher:
            wait_until(lambda: last_commit(commits) > count, 10, f"the last commit of {subject.name}", [watcher])
    finally:
        run.end()
        if watcher:
            watcher.end()
    stamps = [pair for pair in read_reports(run.reports)[1] if pair[0] >= start]
    if len(stamps) < count:
        raise Failure(f"{subject.name} handled {len(stamps)} of {count} records")
    if watch_commits:
        stamps = commit_latencies(stamps, commits)
    return [latency for _, latency in stamps[len(stamps) // 10:]], measurement


def last_commit(path):
    """The last offset in the watcher's file, or 0."""
    with open(path) as file:
        lines = [line for line in file if line.endswith("\n")]
    return int(lines[-1].split()[1]) if lines else 0


def commit_latencies(stamps, path):
    """From the stamps, in the order of their offsets (1, 2, ...), and the watcher's file."""
    with open(path) as file:
        changes = [tuple(map(int, line.split())) for line in file if line.endswith("\n")]
    found, position = [], 0
    for index, (stamp, _) in enumerate(stamps):
        while position < len(changes) and changes[position][1] <= index + 1:
            position += 1
        if position == len(changes):
            break  # the watcher was ended before it saw the last commit
        found.append((stamp, changes[position][0] - stamp))
    if len(found) < len(stamps) // 2:
        raise Failure(f"the commits of {len(stamps) - len(found)} of {len(stamps)} records were not seen")
    return found


def top_rate(tools, subject, linger):
    """What a subject consumes while a producer writes as fast as it can."""
    broker = Broker(tools, ["top"], 64)
    try:
        return stream(tools, subject, broker, 64, 0, 1_000_000, linger)[1].speed
    finally:
        broker.end()


@dataclass(frozen=True)
class LatencyCase:
    """Subjects at rates; the first subject is the reference. `of` (a subject): the rates are shares of its top rate."""

    name: str
    title: str
    subjects: tuple
    rates: tuple
    partitions: int
    seconds: float
    of: object = None
    linger: int = 0  # milliseconds for which the producer collects a batch
    commits: bool = False
    checks: tuple = ()
    note: str = ""
    repeat: int = 0  # rounds, at most; 0: as the user says
    quick: bool = False

    def for_check(self):
        """All of it, if anything is asserted."""
        return self if self.checks else None

    def expected_seconds(self, repeat):
        """About how long it takes."""
        runs = min(repeat, self.repeat or repeat) * len(self.subjects) * len(self.rates)
        return (runs + bool(self.of)) * (RUN_SECONDS + self.seconds)

    def measured(self, bench, repeat):
        """Runs it."""
        tools = bench.tools
        repeat = min(repeat, self.repeat or repeat)
        top = top_rate(tools, self.of, self.linger) if self.of else None
        rows = []
        # A topic each: nothing of an earlier run is in the way, and the partitions hold what is produced.
        for share in self.rates:
            rate = share * top if top else share
            count = int(min(rate * self.seconds, self.partitions * 35_000))
            of_rate = {subject.name: LatencyRow(subject.name, rate, skipped=subject.missing(tools) or "")
                       for subject in self.subjects}
            rows += of_rate.values()
            topics = [f"latency-{number}" for number in range(repeat * len(self.subjects))]
            broker = Broker(tools, topics, self.partitions)
            try:
                for number in range(repeat):
                    self._round(tools, broker, of_rate, rate, count, f"{number + 1}/{repeat}")
            finally:
                broker.end()
        return {"top": top, "rows": [asdict(row) for row in rows]}

    def _round(self, tools, broker, rows, rate, count, number):
        reference = None
        for subject in self.subjects:
            row = rows[subject.name]
            if row.skipped:
                continue
            try:
                latencies, measurement = stream(tools, subject, broker, self.partitions, rate, count, self.linger,
                                                 self.commits)
            except Failure as failure:
                tools.say(f"  {subject.name}: failed: {failure}")
                row.skipped = "failed: " + str(failure).splitlines()[0]
                continue
            values = percentiles(latencies)
            row.add(values, reference)
            row.speed.append(measurement.records / measurement.seconds)
            tools.say(f"  {number} {subject.name} at {rate:,.0f}/s: p50 {values[0]:,.0f}, p99 {values[1]:,.0f} us")
            if subject is self.subjects[0]:
                reference = values

    def rendered(self, result):
        """Markdown."""
        table = latency_table([LatencyRow(**values) for values in result["rows"]], fine=not self.commits)
        top = f"The top rate is {count_text(result['top'])} records/s." if result["top"] else ""
        return "\n\n".join(part for part in (self.note, top, table) if part)

    def judged(self, result):
        """The verdicts of its checks."""
        rows = [LatencyRow(**values) for values in result["rows"]]
        return [check.judge(rows) for check in self.checks]
