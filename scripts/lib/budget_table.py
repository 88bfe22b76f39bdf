"""The committed budget and its comparison with what was counted. Part of scripts/budget, whose --self-test tests it."""

import math
import re
import unittest
from dataclasses import dataclass

MARGIN = 10  # percent, of a scenario that has no line yet

HEAD = """\
# What a record may cost on the hot path (docs/testing.md, "The budget of the hot path"). `scripts/budget --update` writes the
# figures; margins are yours. Allocations have no margin: what is not 0 is still to be done away with.
"""


class Malformed(Exception):
    """The budget cannot be read; says where, and what is needed there."""


@dataclass
class Cost:
    """Of one record; instructions are None where they could not be counted."""

    instructions: float | None
    allocations: float


@dataclass
class Line:
    instructions: float
    margin: float
    allocations: float


@dataclass
class Budget:
    toolchain: str
    lines: dict


@dataclass
class Findings:
    text: str
    failures: list


def parse(text):
    """A budget, or Malformed."""
    toolchain = None
    lines = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or line.startswith("#"):
            continue
        if words[0] == "measured-with":
            if len(words) != 3:
                raise Malformed(f"line {number}: after measured-with come the compiler and the architecture: {line!r}")
            toolchain = " ".join(words[1:])
            continue
        found = re.fullmatch(r"(\S+)\s+(\d+(?:\.\d+)?)\s+(\d+(?:\.\d+)?)%\s+(\d+\.\d{3})", line.strip())
        if not found:
            raise Malformed(
                f"line {number}: {line!r} is not: scenario, instructions, margin with %, allocations with 3 decimals")
        name = found.group(1)
        if name in lines:
            raise Malformed(f"line {number}: {name} has a line already")
        lines[name] = Line(*map(float, found.groups()[1:]))
    if toolchain is None:
        raise Malformed("no line 'measured-with COMPILER ARCHITECTURE'; scripts/budget --update writes it")
    if not lines:
        raise Malformed("no scenario has a line; scripts/budget --update writes them")
    return Budget(toolchain, lines)


def compare(budget, costs, names, toolchain):
    """Compares the costs with the budget. `names` are the scenarios that there should be a cost for."""
    failures = []
    hints = []
    rows = [f"{'scenario':20} {'instructions':>12} {'budget':>9} {'margin':>7} {'':>7} {'allocations':>12} {'budget':>8}"]
    is_other_architecture = budget.toolchain.split()[1] != toolchain.split()[1]
    for name in names:
        cost, line = costs.get(name), budget.lines.get(name)
        if cost is None:
            failures.append(f"{name}: nothing was counted")
        elif line is None:
            failures.append(f"{name}: has no line in the budget; scripts/budget --update {name} writes one")
        else:
            rows.append(_row(name, cost, line))
            if not is_other_architecture:
                _judge_instructions(name, cost, line, failures, hints)
            _judge_allocations(name, cost, line, failures, hints)
    if is_other_architecture:
        hints.append(f"instructions are not compared: the budget is for {budget.toolchain}, this is {toolchain}")
    elif all(cost.instructions is None for cost in costs.values()):
        hints.append("instructions are not compared: valgrind is not installed")
    if failures and budget.toolchain != toolchain:
        failures.append(f"the budget was measured with {budget.toolchain}, this is {toolchain}: that alone may be the reason")
    if failures:
        failures.append(
            "remedy: scripts/budget --where SCENARIO shows what costs; where the cost is worth it, scripts/budget --update, "
            "and say why in the commit")
    text = rows + [f"hint: {hint}" for hint in hints] + [f"budget: error: {failure}" for failure in failures]
    return Findings("\n".join(text), failures)


def stale(budget, all_names):
    """Lines of scenarios that there are no more."""
    return [f"{name}: there is no such scenario; remove its line" for name in budget.lines if name not in all_names]


def _row(name, cost, line):
    counted = "-" if cost.instructions is None else f"{cost.instructions:.0f}"
    change = "" if cost.instructions is None else f"{100 * (cost.instructions / line.instructions - 1):+.1f}%"
    return (
        f"{name:20} {counted:>12} {line.instructions:9.0f} {line.margin:6.0f}% {change:>7} {cost.allocations:12.3f} "
        f"{line.allocations:8.3f}")


def _judge_instructions(name, cost, line, failures, hints):
    if cost.instructions is None:
        return
    share = line.margin / 100
    counted, budgeted = f"{cost.instructions:.0f} instructions a record", f"{line.instructions:.0f}"
    if cost.instructions > line.instructions * (1 + share):
        failures.append(f"{name}: {counted}, over the budget of {budgeted} by more than {line.margin:.0f}%")
    elif cost.instructions < line.instructions * (1 - share):
        hints.append(f"{name}: {counted}, well under the budget of {budgeted}; lower it: scripts/budget --update {name}")


def _judge_allocations(name, cost, line, failures, hints):
    counted = f"{cost.allocations:.4f} allocations a record"
    rounded = _rounded_up(cost.allocations)
    if rounded > line.allocations:
        failures.append(f"{name}: {counted}, over the budget of {line.allocations:.3f}")
    elif rounded < line.allocations:
        hints.append(f"{name}: {counted}, under the budget of {line.allocations:.3f}; lower it: scripts/budget --update {name}")


def _rounded_up(allocations):
    """To the three decimals of the budget; what is not nothing never looks like it."""
    return math.ceil(round(allocations * 1000, 6)) / 1000


def updated(budget, costs, all_names, toolchain):
    """The budget's text with these costs; scenarios that were not measured keep their lines, those that are gone lose them."""
    old = budget.lines if budget else {}
    rows = [f"measured-with {toolchain}", f"# {'scenario':19} {'instructions':>12} {'margin':>7} {'allocations':>12}"]
    for name in all_names:
        line = old.get(name)
        if name in costs:
            margin = line.margin if line else MARGIN
            line = Line(costs[name].instructions, margin, _rounded_up(costs[name].allocations))
        if line:
            margin = f"{line.margin:g}%"
            rows.append(f"{name:21} {line.instructions:12.0f} {margin:>7} {line.allocations:12.3f}")
    return HEAD + "\n".join(rows) + "\n"


def self_test():
    """Runs the tests below; 0 where all pass."""
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(ComparisonTests)
    return 0 if unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful() else 1


class ComparisonTests(unittest.TestCase):
    """A budget that a cost cannot exceed would guard nothing."""

    HERE = "swift-6.3 x86_64"
    TEXT = "# why\nmeasured-with swift-6.3 x86_64\n\nencode 1000 10% 0.000\ncore 200 5% 1.250\n"

    def compared(self, encode, core, here=HERE, names=("encode", "core")):
        costs = {"encode": Cost(*encode), "core": Cost(*core)}
        return compare(parse(self.TEXT), {name: costs[name] for name in names if name in costs}, names, here)

    def test_costs_within_the_margins_pass_without_a_word(self):
        findings = self.compared((1099, 0), (191, 1.25))
        self.assertEqual(findings.failures, [])
        self.assertNotIn("hint", findings.text)

    def test_instructions_over_the_margin_fail_with_both_figures_and_the_remedy(self):
        for over in (1101, 1e9):
            findings = self.compared((over, 0), (200, 1.25))
            self.assertEqual(len(findings.failures), 2, findings.text)
            for part in (f"encode: {over:.0f} ", "1000", "--where", "--update", "say why"):
                self.assertIn(part, findings.text)

    def test_each_line_has_its_own_margin(self):
        self.assertIn("core: 211", self.compared((1000, 0), (211, 1.25)).text)
        self.assertEqual(self.compared((1000, 0), (209, 1.25)).failures, [])

    def test_a_single_allocation_fails_where_there_was_none(self):
        self.assertIn("encode: 0.0001 allocations", self.compared((1000, 0.0001), (200, 1.25)).failures[0])

    def test_more_allocations_than_before_fail_and_as_many_pass_without_a_word(self):
        self.assertIn("core: 1.2504 allocations", self.compared((1000, 0), (200, 1.2504)).failures[0])
        self.assertEqual(self.compared((1000, 0), (200, 1.2496)).failures, [])
        self.assertNotIn("hint", self.compared((1000, 0), (200, 1.2496)).text)

    def test_costs_well_under_the_budget_pass_with_a_hint(self):
        findings = self.compared((899, 0), (200, 1.0))
        self.assertEqual(findings.failures, [])
        self.assertIn("hint: encode: 899", findings.text)
        self.assertIn("hint: core: 1.0000 allocations", findings.text)

    def test_a_scenario_without_a_line_fails(self):
        budget = parse(self.TEXT)
        findings = compare(budget, {"new": Cost(1, 0)}, ["new"], self.HERE)
        self.assertIn("new: has no line in the budget; scripts/budget --update new", findings.failures[0])

    def test_a_scenario_that_was_not_counted_fails(self):
        self.assertIn("decode: nothing was counted", self.compared((1, 0), (1, 0), names=("decode",)).failures[0])

    def test_a_line_without_a_scenario_is_stale(self):
        self.assertEqual(stale(parse(self.TEXT), ["encode", "core"]), [])
        self.assertIn("core: there is no such scenario", stale(parse(self.TEXT), ["encode"])[0])

    def test_without_valgrind_the_allocations_are_still_compared(self):
        self.assertIn("valgrind is not installed", self.compared((None, 0), (None, 1.25)).text)
        self.assertEqual(self.compared((None, 0), (None, 1.25)).failures, [])
        self.assertIn("encode: 1.0000 allocations", self.compared((None, 1), (None, 1.25)).failures[0])

    def test_another_architecture_has_other_instructions_but_no_other_allocations(self):
        other = "swift-6.3 aarch64"
        self.assertEqual(self.compared((9999, 0), (200, 1.25), here=other).failures, [])
        self.assertIn("for swift-6.3 x86_64, this is swift-6.3 aarch64", self.compared((9999, 0), (200, 1.25), here=other).text)
        self.assertNotEqual(self.compared((9999, 1), (200, 1.25), here=other).failures, [])

    def test_another_compiler_is_named_when_something_fails(self):
        self.assertIn("this is swift-6.4", self.compared((9999, 0), (200, 1.25), here="swift-6.4 x86_64").text)

    def test_a_malformed_budget_is_refused_with_its_line(self):
        wrong = {
            "line 2: 'encode 1000 10 0.000'": "measured-with swift-6.3 x86_64\nencode 1000 10 0.000",
            "line 2: 'encode many": "measured-with swift-6.3 x86_64\nencode many 10% 0.000",
            "line 2: 'encode -5": "measured-with swift-6.3 x86_64\nencode -5 10% 0.000",
            "3 decimals": "measured-with swift-6.3 x86_64\nencode 1000 10% 0",
            "line 3: encode has a line already": "measured-with swift-6.3 x86_64\nencode 1 1% 0.000\nencode 1 1% 0.000",
            "measured-with": "encode 1000 10% 0.000",
            "the compiler and the architecture": "measured-with x86_64\nencode 1 1% 0.000",
            "no scenario has a line": "measured-with swift-6.3 x86_64\n",
        }
        for expected, text in wrong.items():
            with self.subTest(text), self.assertRaises(Malformed) as caught:
                parse(text)
            self.assertIn(expected, str(caught.exception))

    def test_an_update_never_makes_nothing_of_an_allocation(self):
        lines = parse(updated(None, {"new": Cost(7, 0.0001), "none": Cost(7, 0)}, ["new", "none"], self.HERE)).lines
        self.assertEqual((lines["new"].allocations, lines["none"].allocations), (0.001, 0))

    def test_an_update_is_read_back_and_keeps_margins_and_what_was_not_measured(self):
        budget = parse(self.TEXT)
        text = updated(budget, {"core": Cost(150.4, 0.5), "new": Cost(7, 0)}, ["encode", "core", "new"], self.HERE)
        lines = parse(text).lines
        self.assertEqual(lines["encode"], Line(1000, 10, 0))
        self.assertEqual(lines["core"], Line(150, 5, 0.5))
        self.assertEqual(lines["new"], Line(7, MARGIN, 0))
        self.assertNotIn("core", parse(updated(budget, {}, ["encode"], self.HERE)).lines)
