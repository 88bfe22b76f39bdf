"""What --check asserts: ratios of pairs, and a few absolute bounds that do not depend on the machine's load."""
from dataclasses import dataclass

from .pairs import Spread, ratios
from .tables import markdown


@dataclass(frozen=True)
class Check:
    """One assertion about two rows of a case (or one, without a reference)."""

    label: str
    subject: str
    reference: str = ""
    what: str = "speed"  # a column of Row
    want: float = 0
    must: float = 0
    at_most: bool = False  # else at least
    inverse: bool = False  # the ratio of the reference to the subject

    def judge(self, rows):
        """A Verdict for the measured rows."""
        by_name = {row.name: row for row in rows}
        row, reference = by_name[self.subject], by_name.get(self.reference)
        for needed in (row, reference):
            if needed is not None and (needed.skipped or not getattr(needed, self.what)):
                return Verdict(self, None, f"not measured: {needed.name}: {needed.skipped or 'no value'}")
        if reference is None:
            measured = Spread.of(getattr(row, self.what))
        elif self.inverse:
            measured = ratios(reference, row, self.what)
        else:
            measured = ratios(row, reference, self.what)
        value = measured.median
        meets = (lambda bound: value <= bound) if self.at_most else (lambda bound: value >= bound)
        outcome = "as wanted" if meets(self.want) else "must is met" if meets(self.must) else "FAILED"
        return Verdict(self, measured, outcome)


@dataclass
class Verdict:
    """What became of a check. `measured` is None where a side could not be measured."""

    check: Check
    measured: Spread | None
    outcome: str

    @property
    def failed(self):
        return self.measured is not None and self.outcome == "FAILED"


def at_least(label, subject, reference, want, must, what="speed", inverse=False):
    """A Check that a ratio is large enough."""
    return Check(label, subject.name, reference.name, what, want, must, inverse=inverse)


def at_most(label, subject, reference, what, want, must):
    """A Check that a ratio is small enough."""
    return Check(label, subject.name, reference.name, what, want, must, at_most=True)


def at_most_of(label, row, what, must):
    """A Check that a figure is small enough."""
    return Check(label, row, "", what, must, must, at_most=True)


def number(value):
    """A number with three digits that count."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def check_table(verdicts):
    """Asserted, wanted, must, measured."""
    rows = []
    for verdict in verdicts:
        check, measured = verdict.check, verdict.measured
        sign = "<=" if check.at_most else ">="
        rows.append([check.label, f"{sign} {number(check.want)}", f"{sign} {number(check.must)}",
                     "-" if measured is None else
                     f"{number(measured.median)} ({number(measured.low)} to {number(measured.high)})", verdict.outcome])
    return markdown(["what", "wanted", "must", "measured", ""], rows)
