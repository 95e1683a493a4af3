# SPDX-License-Identifier: BSD-2-Clause
"""What coverage makes of gcov's readings."""
import pathlib
import unittest

import coverage

ROOT = pathlib.Path("/nowhere")
NAME = "microkernel/cap/a.cpp"
TEXT = ["int f(int x) {", "    return x ?", "    g() :", "    h();", "}"]


def line(number: int, count: int, *branches: tuple[int, bool]) -> dict:
    return {"line_number": number, "count": count,
            "branches": [{"count": taken, "throw": throw, "fallthrough": False} for taken, throw in branches]}


def reading(*lines: dict, file: str = NAME) -> dict:
    return {"current_working_directory": str(ROOT), "files": [{"file": file, "lines": list(lines)}]}


def measured(*readings: dict) -> coverage.Source:
    return coverage.collect(list(readings), ROOT)[NAME]


class CoverageTest(unittest.TestCase):
    def test_a_line_that_any_object_executes_is_executed(self) -> None:
        source = measured(reading(line(1, 0), line(2, 0)), reading(line(1, 3), line(2, 0)))
        self.assertEqual(source.missed_lines(), [2])

    def test_branches_are_joined_over_objects(self) -> None:
        source = measured(reading(line(1, 1, (1, False), (0, False))), reading(line(1, 1, (0, False), (1, False))))
        self.assertEqual(source.missed_branches(), {})
        self.assertEqual(source.branch_total(), (2, 2))

    def test_a_branch_that_is_never_taken_is_missed_where_its_line_is_executed(self) -> None:
        source = measured(reading(line(1, 5, (5, False), (0, False)), line(2, 0, (0, False), (0, False))))
        self.assertEqual(source.missed_branches(), {1: (1, 2)})

    def test_branches_of_exceptions_do_not_count(self) -> None:
        self.assertEqual(measured(reading(line(1, 5, (5, False), (0, True)))).branch_total(), (0, 0))

    def test_other_folders_are_left_out(self) -> None:
        self.assertEqual(coverage.collect([reading(line(1, 0), file="pager/a.cpp"),
                                           reading(line(1, 0), file="/usr/include/array")], ROOT), {})

    def test_an_explanation_covers_the_lines_that_hold_its_text(self) -> None:
        source = measured(reading(line(2, 0), line(3, 0), line(4, 1)))
        known = [coverage.Explanation(NAME, "g() :", "why")]
        self.assertEqual(coverage.unexplained(NAME, source, TEXT, known), [2])
        self.assertEqual(coverage.stale(known, {NAME: source}, {NAME: TEXT}), [])

    def test_an_explanation_is_for_as_many_lines_as_it_says(self) -> None:
        source = measured(reading(line(3, 0), line(4, 0)))
        for lines, left in ((1, [3, 4]), (2, [])):
            known = [coverage.Explanation(NAME, "()", "why", lines)]
            self.assertEqual(coverage.unexplained(NAME, source, TEXT, known), left)
            self.assertEqual(len(coverage.stale(known, {NAME: source}, {NAME: TEXT})), 2 - lines)

    def test_an_explanation_of_what_is_executed_is_stale(self) -> None:
        source = measured(reading(line(3, 1)))
        self.assertEqual(len(coverage.stale([coverage.Explanation(NAME, "g() :", "why")], {NAME: source},
                                            {NAME: TEXT})), 1)

    def test_the_table_has_a_row_for_each_folder_and_one_for_all(self) -> None:
        sources = coverage.collect([reading(line(1, 1), line(2, 0)),
                                    reading(line(1, 1), file="microkernel/system.cpp")], ROOT)
        self.assertEqual([row.split()[:2] for row in coverage.table(sources)[1:]],
                         [["cap", "1/2"], [".", "1/1"], ["all", "2/3"]])


if __name__ == "__main__":
    unittest.main()
