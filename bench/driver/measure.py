"""One measurement: a subject consumes a data set; its reports and its usage become a Measurement."""
import glob
import json
import os
import signal
import struct
import time
from dataclasses import dataclass, field

from .processes import Child, Failure, wait_until


@dataclass
class Plan:
    """What a subject wants started. The output of each command is the input of the next one."""

    commands: list
    env: dict = field(default_factory=dict)
    ends_by_itself: bool = True  # else it is ended when the report is there
    parallel: bool = False  # the commands are no pipeline, but run beside each other


@dataclass
class Measurement:
    """The result of one run."""

    records: int
    seconds: float  # from the first record to the last, over all handlers
    speed: float  # records a second
    cpu: float  # CPU seconds of the consumer per million records (all of them, where it is a pipeline)
    handler_cpu: float  # CPU seconds of its children per million records
    rss: float  # peak of the consumer, MB
    work: int
    start_to_first: float  # seconds from the start of the process to the first record
    latencies: list = field(default_factory=list)  # (stamp, ns)


def read_reports(folder):
    """All reports in a folder, and the latencies, in the order of their stamps."""
    reports, latencies = [], []
    for path in sorted(glob.glob(os.path.join(folder, "*.json"))):
        with open(path) as file:
            reports.append(json.load(file))
    for path in glob.glob(os.path.join(folder, "*.latencies")):
        with open(path, "rb") as file:
            latencies += struct.iter_unpack("=qq", file.read())
    return reports, sorted(latencies)


class Run:
    """A subject under way."""

    def __init__(self, tools, subject, broker, topic, records, group=None):
        self.tools = tools
        self.subject = subject
        self.reports = tools.folder(subject.slug)
        group = self.group = group or f"bench-{os.getpid()}-{next(tools.numbers)}"
        plan = subject.plan(tools, broker.address, topic, group, self.reports, records)
        self.plan = plan
        self.children = []
        previous = None
        self.started = time.monotonic_ns()
        try:
            for index, command in enumerate(plan.commands):
                is_last = plan.parallel or index == len(plan.commands) - 1
                reading, writing = (None, None) if is_last else os.pipe()
                pin = ["taskset", "-c", tools.options.pin] if tools.options.pin else []
                try:
                    self.children.append(Child(pin + command, tools.log(subject.slug), extra_env=plan.env,
                                               **({"stdin": previous} if previous is not None else {}),
                                               **({"stdout": writing} if writing is not None else {})))
                finally:
                    for descriptor in (previous, writing):
                        if descriptor is not None:
                            os.close(descriptor)
                    previous = reading
        except BaseException:
            self.end()
            raise

    def wait(self, timeout):
        """Until it has ended, or has reported and was told to end."""
        if not self.plan.ends_by_itself:
            wait_until(lambda: glob.glob(os.path.join(self.reports, "*.json")), timeout,
                       f"a report of {self.subject.name}", self.children)
            for child in self.children:
                child.has_ended()
                os.kill(child.pid, signal.SIGTERM)
        deadline = time.monotonic() + timeout
        for child in reversed(self.children):
            while not child.has_ended():
                for other in self.children:
                    other.has_ended()  # notes its peak RSS
                if time.monotonic() > deadline:
                    raise Failure(f"{self.subject.name} did not end within {timeout:.0f} s:\n{child.last_words()}")
                time.sleep(0.01)
        for child in self.children:
            code = child.reap()
            if code != 0 and self.plan.ends_by_itself and child is self.children[-1]:
                raise Failure(f"{self.subject.name} ended with {code}:\n{child.last_words()}")

    def wait_for_first(self, timeout=60):
        """Until a record has arrived."""
        wait_until(lambda: glob.glob(os.path.join(self.reports, "*.first")), timeout,
                   f"the first record of {self.subject.name}", self.children)

    def measurement(self):
        """After wait."""
        reports, latencies = read_reports(self.reports)
        reports = [report for report in reports if report["count"] > 0]
        count = sum(report["count"] for report in reports)
        if count < 2:
            raise Failure(f"{self.subject.name} handled {count} records:\n{self.children[-1].last_words()}")
        seconds = (max(report["last_ns"] for report in reports) - min(report["first_ns"] for report in reports)) / 1e9
        own = sum(child.usage.own_cpu for child in self.children)
        of_children = sum(child.usage.children_cpu for child in self.children)
        return Measurement(
            records=count, seconds=seconds, speed=(count - 1) / seconds, cpu=own / count * 1e6,
            handler_cpu=of_children / count * 1e6, rss=sum(child.usage.peak_rss for child in self.children) / 1e6,
            work=sum(report["work"] for report in reports), latencies=latencies,
            start_to_first=(min(report["first_ns"] for report in reports) - self.started) / 1e9)

    def end(self):
        """Ends what still runs."""
        for child in self.children:
            child.end(grace=5)


def measure(tools, subject, broker, topic, records, group=None):
    """One run from start to end."""
    run = Run(tools, subject, broker, topic, records, group)
    try:
        run.wait(subject.timeout)
        measurement = run.measurement()
    finally:
        run.end()
    if records and measurement.records < records:
        raise Failure(f"{subject.name} handled {measurement.records:,} of {records:,} records")
    return measurement
