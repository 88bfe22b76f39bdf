"""What was measured, as a file, so that the document can be written again without measuring."""
import json
import os

from .tools import ROOT

PATH = os.path.join(ROOT, ".build", "bench", "results.json")


class Results:
    """The machine, and a result for each case."""

    def __init__(self, machine, cases=None):
        self.machine = machine
        self.cases = cases or {}

    def add(self, name, result):
        self.cases[name] = result

    def save(self):
        with open(PATH, "w") as file:
            json.dump({"machine": self.machine, "cases": self.cases}, file, indent=1)

    @staticmethod
    def load():
        """What was written last; empty where nothing was measured yet."""
        try:
            with open(PATH) as file:
                values = json.load(file)
        except FileNotFoundError:
            return Results({"": "nothing was measured yet"})
        return Results(values["machine"], values["cases"])
