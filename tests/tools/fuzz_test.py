# SPDX-License-Identifier: BSD-2-Clause
"""How tools/fuzz adds up what its runs counted."""
import unittest

import fuzz

ONE = ["successes by method and system call:", "  TCB.Resume                                  12",
       "  other system calls                           1", "faults:", "  timeout                                      2",
       "exceptions 3, device interrupts 4", "9 operations in 1 sequences, 7 successful"]
OTHER = ["successes by method and system call:", "  TCB.Resume                                   8", "faults:",
         "  page fault                                   5", "exceptions 1, device interrupts 0",
         "11 operations in 2 sequences, 6 successful"]


def added(*summaries: list[str]) -> list[str]:
    totals = fuzz.Totals()
    for summary in summaries:
        totals.add(summary)
    return [" ".join(line.split()) for line in totals.lines()]


class FuzzTest(unittest.TestCase):
    def test_counts_of_several_runs_are_added_up(self) -> None:
        lines = added(ONE, OTHER)
        self.assertIn("TCB.Resume 20", lines)
        self.assertIn("exceptions 4, device interrupts 4", lines)
        self.assertIn("20 operations in 3 sequences, 13 successful", lines)

    def test_what_one_run_alone_has_counted_stands_under_its_heading(self) -> None:
        lines = added(ONE, OTHER)
        self.assertEqual(lines[:6], ["successes by method and system call:", "TCB.Resume 20", "other system calls 1",
                                     "faults:", "timeout 2", "page fault 5"])

    def test_the_sum_of_one_run_is_what_it_printed(self) -> None:
        self.assertEqual(added(ONE), [" ".join(line.split()) for line in ONE])
