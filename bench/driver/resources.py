"""The case that measures what ackpipe takes while nothing happens, its restart, and its size."""
import os
import shutil
import time
from dataclasses import dataclass

from .broker import DATA_SETS, Broker
from .measure import Run, measure
from .pairs import Row, Spread, as_json, from_json
from .processes import run_quietly
from .progress import FILL_SECONDS, RUN_SECONDS
from .tables import markdown

IDLE_SECONDS = 12.0  # ackpipe lets go of the code of its start when it was quiet for 10
IDLE_ROUNDS = 2
RESTART_RECORDS = 100_000
RESTART_DATA = "text-100"
IDLE_ROW = "ackpipe, idle"


def idle_memory(tools, subject):
    """Resident MB some seconds after the only record of a topic was handled."""
    broker = Broker(tools, ["idle"], 8)
    topic = broker.take_topic()
    run = None
    try:
        run_quietly([tools.program("load"), "-b", broker.address, "-t", topic, "-p", "8", "-R", "0", "-n", "1"],
                    tools.log("load"))
        run = Run(tools, subject, broker, topic, 0)
        run.wait_for_first()
        time.sleep(IDLE_SECONDS)
        return run.children[0].current_rss() / 1e6
    finally:
        if run:
            run.end()
        broker.end()


def stripped_size(tools):
    """MB of the binary without symbols."""
    copy = os.path.join(tools.work, "stripped")
    shutil.copy(tools.binary, copy)
    run_quietly(["strip", copy], tools.log("strip"))
    return os.path.getsize(copy) / 1e6


@dataclass(frozen=True)
class ResourceCase:
    """Idle memory, restart, size. `idle` consumes without an end; the `restarting` ones end in the middle."""

    name: str
    title: str
    idle: object
    restarting: tuple
    checks: tuple = ()
    note: str = ""
    repeat: int = 0
    quick: bool = False

    def for_check(self):
        """Without the restart."""
        return ResourceCase(self.name, self.title, self.idle, (), self.checks)

    @property
    def data(self):
        """The data set that its restarts read."""
        return RESTART_DATA if self.restarting else ""

    def expected_seconds(self, repeat):
        """About how long it takes."""
        restarts = min(repeat, self.repeat or repeat) * len(self.restarting)
        return (min(repeat, IDLE_ROUNDS) * (IDLE_SECONDS + RUN_SECONDS) + bool(restarts) * FILL_SECONDS +
                restarts * 2 * RUN_SECONDS)

    def measured(self, bench, repeat):
        """Runs it."""
        tools = bench.tools
        idle = Row(IDLE_ROW, rss=[idle_memory(tools, self.idle) for _ in range(min(repeat, IDLE_ROUNDS))])
        tools.say(f"  idle: {Spread.of(idle.rss).median:.1f} MB")
        restarts = {}
        data = DATA_SETS[RESTART_DATA]
        for number in range(min(repeat, self.repeat or repeat)):
            for subject in self.restarting:
                group = f"restart-{os.getpid()}-{subject.slug}-{number}"
                broker = bench.brokers.holding(data)
                measure(tools, subject, broker, data.topic(1), RESTART_RECORDS, group)
                again = measure(tools, subject, broker, data.topic(1), RESTART_RECORDS, group)
                restarts.setdefault(subject.name, []).append(again.start_to_first)
                tools.say(f"  {number + 1}/{repeat} restart of {subject.name}: {again.start_to_first:.3f} s")
        return {"rows": as_json([idle]), "restarts": restarts, "size": os.path.getsize(tools.binary) / 1e6,
                "stripped": stripped_size(tools)}

    def rendered(self, result):
        """Markdown."""
        idle = Spread.of(from_json(result["rows"])[0].rss)
        rows = [["RSS, idle, C handler", f"{idle.median:.1f} MB ({idle.low:.1f} to {idle.high:.1f})"],
                ["binary, stripped", f"{result['stripped']:.1f} MB ({result['size']:.1f} MB with symbols)"]]
        for name, values in result["restarts"].items():
            spread = Spread.of(values)
            rows.append([f"restart to first record, {name}",
                         f"{spread.median:.3f} s ({spread.low:.3f} to {spread.high:.3f})"])
        table = markdown(["", "median (range)"], rows)
        return f"{self.note}\n\n{table}" if self.note else table

    def judged(self, result):
        """The verdicts of its checks."""
        return [check.judge(from_json(result["rows"])) for check in self.checks]
