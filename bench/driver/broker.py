"""The embedded broker in a process of its own, holding one data set, and the data sets."""
import os
import re
from dataclasses import dataclass

from .processes import Child, run_quietly, wait_until


@dataclass(frozen=True)
class DataSet:
    """Records of one kind. The embedded broker keeps 5 MB a partition: volume takes partitions."""

    name: str
    size: int  # bytes of a value
    kind: str  # text, json, binary
    partitions: int
    per_partition: int
    batch: int  # records of a batch as the producer wrote it: about 100 KB
    title: str
    shares: tuple = (1,)  # beside the whole, topics with a fourth and a fortieth of it for what is slow: a client that
    # stops in the middle of a topic has fetched, and paid for, more than it handled

    def records(self, share):
        """How many are in the topic that holds this share."""
        return self.partitions * self.per_partition // share

    def topic(self, share):
        """Its name."""
        return self.name if share == 1 else f"{self.name}-{share}"


DATA_SETS = {
    data.name: data
    for data in (
        DataSet("text-100", 100, "text", 64, 40_000, 1000, "100 B of text", (1, 4, 40)),
        DataSet("json-100", 100, "json", 64, 40_000, 1000, "100 B of JSON", (1, 4, 40)),
        DataSet("text-1k", 1024, "text", 192, 4_500, 100, "1 KiB of text"),
        DataSet("json-1k", 1024, "json", 192, 4_500, 100, "1 KiB of JSON"),
        DataSet("binary-1k", 1024, "binary", 192, 4_500, 100, "1 KiB of random bytes"),
        DataSet("text-100k", 102_400, "text", 192, 48, 1, "100 KiB of text"),
        # For the growth of the cost. The smallest values, because a single partition holds no more than 5 MB.
        DataSet("partitions-1", 1, "text", 1, 500_000, 5000, "1 B"),
        DataSet("partitions-10", 1, "text", 10, 250_000, 5000, "1 B"),
        DataSet("partitions-100", 1, "text", 100, 25_000, 1000, "1 B"),
        DataSet("partitions-1000", 1, "text", 1000, 2_500, 500, "1 B"),
        DataSet("text-10k", 10_240, "text", 192, 480, 10, "10 KiB of text"),
        DataSet("text-1m", 1_000_000, "text", 192, 4, 1, "1 MB of text"),
        DataSet("text-4m", 4_000_000, "text", 192, 1, 1, "4 MB of text"),
    )
}


class Broker:
    """`ackpipe broker` with these topics; take_topic gives them out one by one."""

    def __init__(self, tools, topics, partitions, newer=False):
        self.tools = tools
        self.partitions = partitions
        self.fresh = list(topics)
        topics = [word for name in topics for word in ("--topic", f"{name}:{partitions}")]
        log = tools.log("broker")
        # Not pinned: it is the same for all that is measured.
        self.child = Child([tools.broker_binary, "broker", "--port", "0", *topics], log,
                           extra_env=tools.library_env(newer))
        try:
            self.address = wait_until(lambda: self._address(log), 60 + len(topics), "the broker's address",
                                      [self.child])
        except BaseException:
            self.end()
            raise

    @staticmethod
    def _address(log):
        if not os.path.exists(log):
            return None
        with open(log) as lines:
            found = re.search(r" brokers=(\S+)", lines.read())
        return found and found[1]

    def take_topic(self):
        """The name of a topic that nobody has written to."""
        return self.fresh.pop()

    def fill(self, data):
        """Writes a data set; fails unless every partition still begins at 0 afterwards."""
        for share in data.shares:
            run_quietly([self.tools.program("load"), "-b", self.address, "-t", data.topic(share),
                         "-p", str(data.partitions), "-n", str(data.records(share)), "-s", str(data.size),
                         "-k", data.kind[0], "-m", str(data.batch)], self.tools.log("load"))

    def end(self):
        """Ends the process."""
        self.child.end()


class Brokers:
    """Keeps the broker of the data set that was asked for last."""

    def __init__(self, tools):
        self.tools = tools
        self.data = None
        self.broker = None

    def holding(self, data, newer=False):
        """A broker that holds this data set; `newer`: one of the newer librdkafka."""
        if self.data != (data, newer):
            self.end()
            self.tools.say(f"filling a broker: {data.records(1):,} records, {data.title}, {data.partitions} partitions")
            broker = Broker(self.tools, [data.topic(share) for share in data.shares], data.partitions, newer)
            self.broker = broker
            broker.fill(data)
            self.data = (data, newer)
        return self.broker

    def end(self):
        """Ends the broker, if there is one."""
        if self.broker:
            self.broker.end()
        self.broker = self.data = None
