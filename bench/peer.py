"""What the Python programs of the bench share: the report, and the work on one value."""
import json
import os
import time


class Work:
    """Counts records, adds up lengths (or the member "n" of JSON values), and writes the report."""

    def __init__(self, folder, wanted):
        self.folder = folder
        self.wanted = wanted
        self.count = self.work = self.first = self.last = 0

    def begin(self):
        """To be called when the first record is there."""
        if self.first == 0:
            self.first = time.monotonic_ns()

    def add(self, records, work):
        """Counts. True when all that was wanted has been handled."""
        self.count += records
        self.work += work
        return self.count >= self.wanted

    def report(self):
        """Writes the report; the last record is now, unless `last` was set."""
        last = self.last or time.monotonic_ns()
        path = f"{self.folder}/{os.getpid()}.json"
        with open(path + ".new", "w") as file:
            json.dump({"count": self.count, "work": self.work, "first_ns": self.first, "last_ns": last}, file)
        os.rename(path + ".new", path)
