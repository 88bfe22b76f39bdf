"""Latencies become percentiles, blocks and differences."""
import os
import tempfile
import unittest
from types import SimpleNamespace

from bench.driver.latency import LatencyRow, commit_latencies, percentiles
from bench.driver.paired import PairedCase, blocks, own_parts
from bench.driver.processes import Failure


class Percentiles(unittest.TestCase):
    def test_percentiles_are_microseconds_of_the_ordered_values(self):
        self.assertEqual(percentiles([1000 * value for value in range(1000, 0, -1)]), [501, 991, 1000])

    def test_one_value_is_all_percentiles(self):
        self.assertEqual(percentiles([2500]), [2.5, 2.5, 2.5])


class OwnParts(unittest.TestCase):
    def test_the_time_until_the_relay_is_taken_off_each_record(self):
        self.assertEqual(own_parts([(10, 900), (20, 700)], {10: 850, 20: 500, 30: 1}), [(10, 50), (20, 200)])

    def test_a_record_that_the_relay_has_not_seen_is_a_failure(self):
        with self.assertRaisesRegex(Failure, "1 of 2 records did not pass the relay"):
            own_parts([(10, 900), (20, 700)], {10: 850})


class Blocks(unittest.TestCase):
    def test_values_go_to_the_block_of_their_stamp_and_those_outside_to_none(self):
        pairs = [(99, 1), (100, 2), (109, 3), (110, 4), (129, 5), (130, 6)]
        self.assertEqual(blocks(pairs, 100, 10, 3), [[2, 3], [4], [5]])


class Differences(unittest.TestCase):
    def setUp(self):
        self.case = PairedCase("name", "title", (SimpleNamespace(name="raw"), SimpleNamespace(name="own")), 100)
        self.rows = {name: LatencyRow(name, 100) for name in ("raw", "own")}

    def test_a_block_is_compared_with_the_same_block_of_the_reference(self):
        self.case.add(self.rows, {"raw": [[50_000], [80_000]], "own": [[70_000], [90_000]]})
        self.assertEqual(self.rows["raw"].p50, [50, 80])
        self.assertEqual(self.rows["raw"].added_p50, [])
        self.assertEqual(self.rows["own"].p99, [70, 90])
        self.assertEqual(self.rows["own"].added_p50, [20, 10])
        self.assertEqual(self.rows["own"].added_p99, [20, 10])

    def test_the_table_shows_the_median_of_the_differences_and_their_range(self):
        self.case.add(self.rows, {"raw": [[50_000]] * 3, "own": [[70_000], [75_000], [90_000]]})
        result = {"rows": [vars(row) for row in self.rows.values()]}
        self.assertIn("| 25 (20 to 40)", self.case.rendered(result))


class Commits(unittest.TestCase):
    def test_a_record_is_committed_at_the_first_change_above_its_offset(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "commits")
            with open(path, "w") as file:
                file.write("1000 1\n1500 3\n2000 5\n25")  # the last line is not whole
            # The first record of the topic, at offset 0, is not among the stamps.
            found = commit_latencies([(900, 0), (1100, 0), (1200, 0), (1300, 0), (1400, 0)], path)
        self.assertEqual(found, [(900, 600), (1100, 400), (1200, 800), (1300, 700)])


if __name__ == "__main__":
    unittest.main()
