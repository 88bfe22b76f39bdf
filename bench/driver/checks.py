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
    digits: int = 3
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
        return Verdict(self, measured, "as wanted" if meets(self.want) else "must is met" if meets(self.must) else "FAILED")


@dataclass
class Verdict:
    """What became of a check. `measured` is None where a side could not be measured."""

    check: Check
    measured: Spread | None
    outcome: str

    @property
    def failed(self):
        return self.measured is not None and self.outcome == "FAILED"


def number(value, digits=3):
    """A number with that many digits that count."""
    return f"{value:.{digits}g}"


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
