"""The kind of case that shows how the cost of a record grows with one quantity."""
from dataclasses import dataclass

from .broker import DATA_SETS
from .pairs import Spread, as_json, from_json, ratios, run_rounds
from .tables import count_text, markdown, ratio_text


@dataclass(frozen=True)
class Point:
    """One value of the quantity: ackpipe, and what it is compared with on the same data set."""

    label: str
    data: str
    subject: object
    reference: object


@dataclass(frozen=True)
class GrowthCase:
    """Points, from the smallest to the largest; one round, because what counts is the trend."""

    name: str
    title: str
    points: tuple
    note: str = ""
    repeat: int = 1
    quick: bool = False
    checks: tuple = ()

    def for_check(self):
        """Nothing of it is asserted."""
        return None

    def measured(self, bench, repeat):
        """Runs it."""
        points = []
        for point in self.points:
            data = DATA_SETS[point.data]
            bench.tools.say(f"  {point.label}")
            rows = run_rounds(bench.tools, bench.brokers.holding(data), data, (point.reference, point.subject),
                              min(repeat, self.repeat))
            points.append({"label": point.label, "rows": as_json(rows)})
        return {"points": points}

    def rendered(self, result):
        """Markdown."""
        table = []
        for point in result["points"]:
            reference, row = from_json(point["rows"])
            skipped = [each for each in (reference, row) if not each.speed]
            if skipped:
                table.append([point["label"], f"skipped: {skipped[0].skipped}", "", "", "", "", ""])
                continue
            table.append([
                point["label"], count_text(Spread.of(reference.speed).median), count_text(Spread.of(row.speed).median),
                ratio_text(ratios(row, reference, "speed")), f"{Spread.of(reference.cpu).median:.2f}",
                f"{Spread.of(row.cpu).median:.2f}", f"{Spread.of(row.rss).median:.0f}"])
        names = [row["name"] for row in result["points"][0]["rows"]]
        table = markdown(["", f"records/s: {names[0]}", "ackpipe", "ratio", f"CPU s/M: {names[0]}", "ackpipe",
                          "peak RSS MB"], table)
        return f"{self.note}\n\n{table}" if self.note else table

    def judged(self, result):
        """Nothing of it is asserted."""
        return []
