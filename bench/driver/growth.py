"""The kind of case that shows how the cost of a record grows with one quantity."""
from dataclasses import dataclass
from math import log

from .broker import DATA_SETS
from .pairs import Spread, as_json, from_json, ratios, run_rounds
from .progress import FILL_SECONDS, RUN_SECONDS
from .tables import count_text, markdown

# The cost of a unit grows with a power of the quantity: 0 is linear as a whole, 1 quadratic. Caches alone make a tenth.
POWER = 0.25
# What one machine's noise makes of a constant cost.
NOISE = 1.5


@dataclass(frozen=True)
class Point:
    """One value of the quantity: ackpipe, and what it is compared with on the same data set."""

    label: str
    quantity: float
    data: str
    subject: object
    reference: object


def relative_costs(costs, quantities, per_quantity):
    """Each cost as a multiple of the first one; `per_quantity`: of the cost of one unit of the quantity (a byte)."""
    units = [cost / quantity if per_quantity else cost for cost, quantity in zip(costs, quantities)]
    return [unit / units[0] for unit in units]


@dataclass(frozen=True)
class Growth:
    """From one point to a later one: the factor of a unit's cost, and the power of the quantity that this is."""

    factor: float
    power: float
    earlier: int
    later: int

    @property
    def is_super_linear(self):
        return self.factor > NOISE and self.power > POWER


def worst_growth(costs, quantities, per_quantity):
    """The growth that is super-linear with the highest factor; where none is, that with the highest factor."""
    relative = relative_costs(costs, quantities, per_quantity)
    found = []
    for later in range(len(relative)):
        for earlier in range(later):
            factor = relative[later] / relative[earlier]
            power = log(factor) / log(quantities[later] / quantities[earlier])
            found.append(Growth(factor, power, earlier, later))
    return max(found, key=lambda growth: (growth.is_super_linear, growth.factor))


@dataclass(frozen=True)
class GrowthCase:
    """Points, from the smallest to the largest; one round, because what counts is the trend.

    The CPU of ackpipe and its handlers together is the cost: of a record, or (`per_byte`) of a byte of it.
    """

    name: str
    title: str
    points: tuple
    per_byte: bool = False
    note: str = ""
    repeat: int = 1
    quick: bool = False
    checks: tuple = ()

    @property
    def data(self):
        """The data set that it begins with."""
        return self.points[0].data

    def for_check(self):
        """Nothing of it is asserted."""
        return None

    def expected_seconds(self, repeat):
        """About how long it takes."""
        references = len({(point.data, point.reference.name) for point in self.points})
        fills = len({point.data for point in self.points})
        return (len(self.points) + references) * RUN_SECONDS * min(repeat, self.repeat) + fills * FILL_SECONDS

    def measured(self, bench, repeat):
        """Runs it. A reference is measured once for all points on one data set."""
        points, references = [], {}
        rounds = min(repeat, self.repeat)
        for point in self.points:
            data = DATA_SETS[point.data]
            bench.tools.say(f"  {point.label}")
            key = point.data, point.reference.name
            subjects = [point.subject] if key in references else [point.reference, point.subject]
            rows = run_rounds(bench.tools, bench.brokers.holding(data), data, subjects, [rounds] * len(subjects))
            references.setdefault(key, rows[0])
            points.append({"label": point.label, "rows": as_json([references[key], rows[-1]])})
        return {"points": points}

    def rendered(self, result):
        """Markdown."""
        quantity_of = {point.label: point.quantity for point in self.points}
        points = [(point["label"], quantity_of[point["label"]], *from_json(point["rows"]))
                  for point in result["points"]]
        measured = [point for point in points if point[2].speed and point[3].speed]
        quantities = [quantity for _, quantity, _, _ in measured]
        raw = [total_cpu(reference) for _, _, reference, _ in measured]
        own = [total_cpu(row) for _, _, _, row in measured]
        relative = zip(relative_costs(raw, quantities, self.per_byte), relative_costs(own, quantities, self.per_byte))
        table = []
        for label, _, reference, row in points:
            skipped = next((each.skipped for each in (reference, row) if not each.speed), None)
            if skipped is not None:
                table.append([label, f"skipped: {skipped}", *[""] * 8])
                continue
            table.append([
                label, count_text(Spread.of(reference.speed).median), count_text(Spread.of(row.speed).median),
                f"{ratios(row, reference, 'speed').median:.3g}", f"{Spread.of(reference.cpu).median:.2f}",
                f"{Spread.of(row.cpu).median:.2f}", f"{Spread.of(row.handler_cpu).median:.2f}",
                *(f"{value:.2g}" for value in next(relative)), f"{Spread.of(row.rss).median:.0f}"])
        name = points[0][2].name
        table = markdown(["", f"records/s: {name}", "ackpipe", "ratio", f"CPU s/M: {name}", "ackpipe", "its handlers",
                          f"CPU a {self.unit} to the first row's: {name}", "ackpipe and handlers", "peak RSS MB"],
                         table)
        verdict = self.verdict([label for label, *_ in measured], own, raw, quantities) if len(measured) > 1 else ""
        return "\n\n".join(text for text in (self.note, table, verdict) if text)

    @property
    def unit(self):
        return "byte" if self.per_byte else "record"

    def verdict(self, labels, own, raw, quantities):
        """A sentence that says whether the growth is super-linear."""
        worst = worst_growth(own, quantities, self.per_byte)
        pair = [worst.earlier, worst.later]
        of_raw = relative_costs([raw[at] for at in pair], [quantities[at] for at in pair], self.per_byte)[1]
        change = (f"ackpipe's CPU a {self.unit} (with its handlers) becomes {worst.factor:.2g} times as much from "
                  f"{labels[worst.earlier]} to {labels[worst.later]}, the raw consumer's {of_raw:.2g} times")
        if worst.is_super_linear:
            return f"**Super-linear**: {change}."
        return f"Not super-linear: at the worst {change} (power {worst.power:.2g} of the quantity)."

    def judged(self, result):
        """Nothing of it is asserted."""
        return []


def total_cpu(row):
    """CPU seconds per million records, handlers included."""
    cost = Spread.of([own + child for own, child in zip(row.cpu, row.handler_cpu)]).median
    return max(cost, 1e-6)  # the kernel's clock has ticks of 10 ms: a short run may have none
