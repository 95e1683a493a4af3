# SPDX-License-Identifier: BSD-2-Clause
"""docs/regressions.md is whole, and every case that it names exists."""
import re
import unittest

import build as building
import test as program

TABLE = building.REPOSITORY / "docs" / "regressions.md"
ROW = re.compile(r"^\| (R?\d+) \| ([^|]*) \| ([^|]*) \|$", re.MULTILINE)
CASE = re.compile(r"`([^`]+)`")
EXCUSES = ("Later: ", "Cannot arise: ")


def rows() -> list[tuple[str, str]]:
    return [(number, text) for number, _, text in ROW.findall(TABLE.read_text())]


def listed() -> set[str]:
    return {name for suite in program.SUITES for job in suite.jobs(["gcc"]) for name in job.names}


class RegressionsTest(unittest.TestCase):
    def test_there_is_one_row_for_each_regression_and_behaviour(self) -> None:
        wanted = [f"R{number}" for number in range(1, 41)] + [str(number) for number in range(1, 46)]
        self.assertEqual([number for number, _ in rows()], wanted)

    def test_each_row_names_a_test_or_says_why_there_is_none(self) -> None:
        for number, text in rows():
            self.assertTrue(CASE.search(text) or text.startswith(EXCUSES), f"row {number}: {text}")

    def test_every_case_that_is_named_exists(self) -> None:
        known = listed()
        missing = [f"{number}: {name}" for number, text in rows() for name in CASE.findall(text) if name not in known]
        self.assertEqual(missing, [])


if __name__ == "__main__":
    unittest.main()
