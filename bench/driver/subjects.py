"""What is measured: the raw consumer, ackpipe with its handlers, and how each one is started."""
import re
from dataclasses import dataclass, field

from .measure import Plan

# The one-second stall of librdkafka's default settings does not happen with these (docs/performance.md, Method).
TUNED = {"queued.min.messages": "1000000", "queued.max.messages.kbytes": "1048576"}


def properties(settings):
    """-X name=value ..."""
    return [word for name, value in settings.items() for word in ("-X", f"{name}={value}")]


@dataclass(frozen=True)
class Subject:
    """Something that consumes a topic and leaves reports."""

    name: str
    share: int = field(default=1, kw_only=True)  # which of the data set's topics it is given: the whole, a fourth ...
    needs: tuple = field(default=(), kw_only=True)  # "module:NAME", "program:NAME", "newer-librdkafka", "rsyslog"
    timeout: float = field(default=180, kw_only=True)
    rounds: int = field(default=0, kw_only=True)  # at most; 0: as the case says

    @property
    def slug(self):
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")

    def missing(self, tools):
        """Why it cannot run here, or None."""
        for need in self.needs:
            kind, _, name = need.partition(":")
            if kind == "module" and not tools.has_module(name):
                return f"the Python package {name} is not installed"
            if kind == "program" and not tools.find(name):
                return f"there is no program {name}"
            if kind == "newer-librdkafka" and not tools.newer_library:
                return "there is no newer librdkafka"
            if kind == "rsyslog" and tools.rsyslog_problem():
                return tools.rsyslog_problem()
        return None


@dataclass(frozen=True)
class Alone(Subject):
    """Copies of the C handler's loop without ackpipe, which share the number of records."""

    copies: int = 8
    wait_us: int = 1000

    def plan(self, tools, brokers, topic, group, reports, records):
        command = [tools.program("handler"), "-r", reports, "-w", str(self.wait_us), "-a", str(records // self.copies)]
        return Plan([command] * self.copies, parallel=True)


@dataclass(frozen=True)
class Raw(Subject):
    """The ceiling: raw_consumer.c."""

    settings: tuple = tuple(TUNED.items())
    newer: bool = False
    latency: bool = False

    def plan(self, tools, brokers, topic, group, reports, records):
        command = [tools.program("raw_consumer"), "-b", brokers, "-t", topic, "-g", group, "-r", reports,
                   "-n", str(records), *properties(dict(self.settings)), *(["-l"] if self.latency else [])]
        return Plan([command], tools.library_env(self.newer))


@dataclass(frozen=True)
class LeastBridge(Subject):
    """The least that any bridge must do, with the C handler: least_bridge.c."""

    settings: tuple = tuple(TUNED.items())
    options: tuple = ()
    handler_options: tuple = ()

    def plan(self, tools, brokers, topic, group, reports, records):
        return Plan([[tools.program("least_bridge"), "-b", brokers, "-t", topic, "-g", group, "-n", str(records),
                      *properties(dict(self.settings)), *self.options, "--",
                      tools.program("handler"), "-r", reports, *self.handler_options]])


@dataclass(frozen=True)
class Ackpipe(Subject):
    """`ackpipe run` with default settings but for what `options` says."""

    handler: str = "c"  # c, json, orjson, node
    options: tuple = ()
    handler_options: tuple = ()
    newer: bool = False
    endless: bool = False  # until it is ended
    streaming: bool = False  # ends after as many records as it is asked for, not at the end of the topic

    def plan(self, tools, brokers, topic, group, reports, records):
        handlers = {
            "c": [tools.program("handler"), "-r", reports],
            "json": [tools.python(), tools.source("handler.py"), "--report", reports],
            "orjson": [tools.python(), tools.source("handler.py"), "--json", "orjson", "--report", reports],
            "node": [tools.find("node") or "node", tools.source("handler.js"), reports],
        }
        end = ["--exit-at-end"]
        if self.endless:
            end = []
        elif self.streaming:
            end = ["--max-messages", str(records)]
        command = [tools.binary, "run", "-b", brokers, "-t", topic, "-g", group, *end, *self.options,
                   *tools.options.extra, "--", *handlers[self.handler], *self.handler_options]
        return Plan([command], tools.library_env(self.newer))
