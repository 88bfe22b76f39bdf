"""The peers: what else a user would take to get records into a program of theirs."""
import glob
import os
from dataclasses import dataclass

from .measure import Plan
from .subjects import TUNED, Subject, properties


@dataclass(frozen=True)
class Confluent(Subject):
    """confluent-kafka-python; its wheel carries a librdkafka of its own."""

    how: str = "consume"  # poll, consume
    work: str = "length"
    tuned: bool = True

    def plan(self, tools, brokers, topic, group, reports, records):
        settings = [f"{name}={value}" for name, value in TUNED.items()] if self.tuned else []
        return Plan([[tools.python(), tools.source("peer_confluent.py"), brokers, topic, group, reports, str(records),
                      self.how, self.work, *settings]])


@dataclass(frozen=True)
class PythonPeer(Subject):
    """A program peer_NAME.py with further arguments."""

    program: str = ""
    arguments: tuple = ()

    def plan(self, tools, brokers, topic, group, reports, records):
        return Plan([[tools.python(), tools.source(self.program), brokers, topic, group, reports, str(records),
                      *self.arguments]])


@dataclass(frozen=True)
class Kcat(Subject):
    """`kcat -J -u | python`: no acknowledgement; the CPU is that of the whole pipe."""

    tuned: bool = True

    def plan(self, tools, brokers, topic, group, reports, records):
        settings = {"auto.offset.reset": "earliest", **(TUNED if self.tuned else {})}
        # -c: kcat ends by itself, after the program has read its count.
        kcat = [tools.find("kcat"), "-b", brokers, "-q", "-u", "-J", "-c", str(records), *properties(settings),
                "-G", group, topic]
        return Plan([kcat, [tools.python(), tools.source("peer_lines.py"), reports, str(records), "kcat"]])


@dataclass(frozen=True)
class Rsyslog(Subject):
    """rsyslog's imkafka with omprog: confirmed, in transactions, or unconfirmed."""

    confirm: bool = True
    transactions: bool = False
    tuned: bool = True

    def plan(self, tools, brokers, topic, group, reports, records):
        root = os.path.join(tools.rsyslog, "root")
        modules = glob.glob(os.path.join(root, "usr/lib/*/rsyslog"))[0]
        kind = "omprog-transactions" if self.transactions else "omprog" if self.confirm else "omprog-unconfirmed"
        # By default it throws records away when its queue was full for two seconds (queue.timeoutEnqueue).
        # rsyslog starts the program with an empty environment.
        program = f"{tools.python()} {tools.source('peer_lines.py')} {reports} {records} {kind}"
        settings = {"auto.offset.reset": "earliest", **(TUNED if self.tuned else {})}
        parameters = ", ".join(f'"{name}={value}"' for name, value in settings.items())
        configuration = f'''module(load="imkafka")
module(load="omprog")
global(workDirectory="{reports}")
main_queue(queue.timeoutEnqueue="600000")
template(name="value" type="string" string="%msg%\\n")
ruleset(name="bench") {{
    action(type="omprog" binary="{program}" template="value"
           confirmMessages="{'on' if self.confirm else 'off'}" useTransactions="{'on' if self.transactions else 'off'}")
}}
input(type="imkafka" topic="{topic}" broker=["{brokers}"] consumergroup="{group}" ruleset="bench"
      confParam=[{parameters}])
'''
        path = os.path.join(reports, "rsyslog.conf")
        with open(path, "w") as file:
            file.write(configuration)
        library = os.path.dirname(modules)
        return Plan([[os.path.join(root, "usr/sbin/rsyslogd"), "-n", "-f", path, "-i", os.path.join(reports, "pid"),
                      "-M", modules]], {"LD_LIBRARY_PATH": library}, ends_by_itself=False)
