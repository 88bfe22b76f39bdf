"""Rounds, growth, progress, what is kept of an ended run, and verdicts."""
import unittest
from types import SimpleNamespace

from bench.driver.cases import CASES
from bench.driver.checks import at_least, at_most_of
from bench.driver.growth import GrowthCase, Point, relative_costs, worst_growth
from bench.driver.main import expected_seconds, in_order
from bench.driver.pairs import Row, as_json, ratios
from bench.driver.progress import FILL_SECONDS, RUN_SECONDS, Progress
from bench.driver.results import Results, is_whole
from bench.driver.speed import SpeedCase


def subject(name, rounds=0):
    return SimpleNamespace(name=name, rounds=rounds)


class Rounds(unittest.TestCase):
    def test_what_no_check_names_has_fewer_rounds_but_for_the_reference(self):
        first, other, checked, slow = subject("first"), subject("other"), subject("checked"), subject("slow", 1)
        case = SpeedCase("name", "title", "text-100", (first, other, checked, slow), others=2,
                         checks=(at_least("", checked, first, 1, 1), at_least("", slow, first, 1, 1)))
        self.assertEqual(case.rounds(5), [5, 2, 5, 1])
        self.assertEqual(case.rounds(1), [1, 1, 1, 1])

    def test_ratios_are_those_of_the_rounds_that_both_have(self):
        found = ratios(Row("a", speed=[2.0, 9.0]), Row("b", speed=[1.0, 3.0, 100.0]), "speed")
        self.assertEqual((found.low, found.median, found.high), (2.0, 2.5, 3.0))


class Growth(unittest.TestCase):
    def test_costs_are_told_as_multiples_of_the_first(self):
        self.assertEqual(relative_costs([2, 4, 1], [1, 10, 100], per_quantity=False), [1, 2, 0.5])
        self.assertEqual(relative_costs([2, 10, 400], [1, 10, 100], per_quantity=True), [1, 0.5, 2])

    def test_growth_is_looked_for_from_any_row_to_a_later_one(self):
        found = worst_growth([4, 2, 8, 6], [1, 10, 100, 1000], per_quantity=False)
        self.assertEqual((found.factor, found.earlier, found.later), (4, 1, 2))
        self.assertAlmostEqual(found.power, 0.602, 3)
        self.assertTrue(found.is_super_linear)

    def test_growth_with_a_small_power_is_not_super_linear_but_that_with_a_large_one_is_found_beside_it(self):
        self.assertFalse(worst_growth([1, 3], [1, 1000], per_quantity=False).is_super_linear)
        found = worst_growth([1, 3, 5.1], [1, 1000, 2000], per_quantity=False)
        self.assertEqual((found.earlier, found.later), (1, 2))

    def test_costs_that_fall_are_not_super_linear(self):
        self.assertFalse(worst_growth([3, 2, 1], [1, 2, 3], per_quantity=False).is_super_linear)

    def rendered(self, *costs):
        points = tuple(Point(f"{index} of", index + 1, "text-100", subject("own"), subject("raw"))
                       for index in range(len(costs)))
        rows = [as_json([Row("raw", speed=[1.0], cpu=[1.0], handler_cpu=[0.0], rss=[1.0]),
                         Row("own", speed=[1.0], cpu=[cost - 0.5], handler_cpu=[0.5], rss=[1.0])]) for cost in costs]
        result = {"points": [{"label": point.label, "rows": row} for point, row in zip(points, rows)]}
        return GrowthCase("name", "title", points).rendered(result)

    def test_a_cost_that_stays_is_not_called_super_linear(self):
        self.assertIn("Not super-linear: ", self.rendered(3.0, 1.0, 1.2))

    def test_a_cost_a_record_that_grows_is_called_super_linear_and_located(self):
        text = self.rendered(3.0, 1.0, 2.5)
        self.assertIn("**Super-linear**", text)
        self.assertIn("becomes 2.5 times as much from 1 of to 2 of", text)

    def test_a_point_that_failed_is_left_out(self):
        points = (Point("a", 1, "text-100", subject("own"), subject("raw")),)
        rows = as_json([Row("raw", skipped="failed: why"), Row("own")])
        text = GrowthCase("name", "title", points).rendered({"points": [{"label": "a", "rows": rows}]})
        self.assertIn("skipped: failed: why", text)


class HowLong(unittest.TestCase):
    def test_what_is_left_is_told_at_the_pace_of_what_was_done(self):
        now = [0.0]
        progress = Progress([10, 20, 30], clock=lambda: now[0])
        self.assertEqual(progress.seconds_left(), 60)
        now[0], progress.done = 20.0, 1  # twice as long as expected
        self.assertEqual(progress.seconds_left(), 100)

    def test_the_complete_run_is_expected_to_take_little_more_than_half_an_hour(self):
        self.assertLess(sum(expected_seconds(in_order(CASES), 3)), 34 * 60)

    def test_a_broker_that_holds_the_data_set_is_not_filled_again(self):
        first, second = (SpeedCase(name, "title", "text-100", (subject("a"),)) for name in ("first", "second"))
        self.assertEqual(expected_seconds([first, second], 1),
                         [FILL_SECONDS + RUN_SECONDS, RUN_SECONDS])


class Kept(unittest.TestCase):
    def test_a_case_is_kept_only_under_the_same_fingerprint_and_without_a_failure(self):
        good = {"fingerprint": "f", "rows": [{"skipped": ""}, {"skipped": "there is no program kcat"}]}
        failed = {"fingerprint": "f", "points": [{"rows": [{"skipped": "failed: why"}]}]}
        results = Results({}, {"good": good, "failed": failed})
        self.assertIs(results.kept("good", "f"), good)
        self.assertIsNone(results.kept("good", "g"))
        self.assertIsNone(results.kept("failed", "f"))
        self.assertIsNone(results.kept("other", "f"))
        self.assertFalse(is_whole(failed))


class Checks(unittest.TestCase):
    def test_a_ratio_below_what_must_be_fails(self):
        check = at_least("", subject("a"), subject("b"), 4, 2)
        outcomes = [check.judge([Row("a", speed=[speed]), Row("b", speed=[1.0])]).outcome for speed in (5.0, 3.0, 1.0)]
        self.assertEqual(outcomes, ["as wanted", "must is met", "FAILED"])

    def test_what_was_not_measured_fails_nothing(self):
        verdict = at_most_of("", "a", "rss", 10).judge([Row("a", skipped="there is no program")])
        self.assertFalse(verdict.failed)

    def test_every_check_names_rows_of_its_case(self):
        for case in CASES:
            names = {subject.name for subject in getattr(case, "subjects", ())}
            for check in case.checks if names else ():
                self.assertLessEqual({check.subject, check.reference or check.subject}, names, case.name)


if __name__ == "__main__":
    unittest.main()
