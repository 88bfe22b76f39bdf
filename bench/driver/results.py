"""What was measured, as a file, so that the document can be written again without measuring."""
import glob
import hashlib
import json
import os

from .tools import ROOT, SOURCES

PATH = os.path.join(ROOT, ".build", "bench", "results.json")


def fingerprint(tools, options):
    """A short text that is the same where binaries, bench, options and the kind of machine are."""
    found = hashlib.sha256()
    sources = glob.glob(os.path.join(SOURCES, "**", "*.*"), recursive=True)
    for path in [tools.binary, tools.broker_binary, *sorted(path for path in sources if not path.endswith(".md"))]:
        if os.path.isfile(path):
            with open(path, "rb") as file:
                found.update(hashlib.file_digest(file, "sha256").digest())
    found.update(repr((options.repeat, options.check, options.pin, options.share, options.extra,
                       bool(tools.newer_library), os.uname(), os.cpu_count())).encode())
    return found.hexdigest()[:16]


def is_whole(result):
    """Whether nothing in the result of a case failed."""
    rows = [*result.get("rows", []), *(row for point in result.get("points", []) for row in point["rows"])]
    return not any(row.get("skipped", "").startswith("failed") for row in rows)


class Results:
    """The machine, and a result for each case."""

    def __init__(self, machine, cases=None):
        self.machine = machine
        self.cases = cases or {}

    def add(self, name, result):
        self.cases[name] = result

    def kept(self, name, mark):
        """The result of a case that was measured whole under the same fingerprint, or None."""
        result = self.cases.get(name)
        return result if result and result.get("fingerprint") == mark and is_whole(result) else None

    def save(self):
        with open(PATH + ".new", "w") as file:
            json.dump({"machine": self.machine, "cases": self.cases}, file, indent=1)
        os.replace(PATH + ".new", PATH)

    @staticmethod
    def load():
        """What was written last; empty where nothing was measured yet."""
        try:
            with open(PATH) as file:
                values = json.load(file)
        except FileNotFoundError:
            return Results({"": "nothing was measured yet"})
        return Results(values["machine"], values["cases"])
