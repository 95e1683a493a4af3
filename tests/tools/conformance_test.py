# SPDX-License-Identifier: BSD-2-Clause
"""docs/conformance.md has a row for everything that the interface promises, and names only cases that exist."""
import unittest

import conformance
import test as program

PAGE = """# Page

2 rows, 1 of them without a test.

## Faults

| row | shown by |
|---|---|
| CapFault | `host: a`, `system: b` |

## Threads

| row | what | shown by |
|---|---|---|
| T1 | a sentence | none yet |
"""
WANTED = {"Faults": ["CapFault"]}


def listed() -> set[str]:
    return {name for suite in program.SUITES for job in suite.jobs(["gcc"]) for name in job.names}


class ConformanceTest(unittest.TestCase):
    def setUp(self) -> None:
        self.text = conformance.TABLE.read_text()
        self.rows = conformance.read(self.text)

    def test_every_call_fault_error_and_boot_word_of_the_headers_has_a_row(self) -> None:
        self.assertEqual(conformance.missing_and_unknown(self.rows, conformance.derived_rows()), [])

    def test_every_sentence_has_its_number(self) -> None:
        self.assertEqual(conformance.gaps(self.rows, conformance.derived_rows()) + conformance.doubled(self.rows), [])

    def test_every_case_that_is_named_exists(self) -> None:
        self.assertEqual(conformance.stale(self.rows, listed()), [])

    def test_every_row_has_a_test(self) -> None:
        self.assertEqual([f"{row.section}: {row.name}" for row in self.rows if not row.tests], [])

    def test_rows_without_a_test_are_counted(self) -> None:
        self.assertEqual(conformance.miscounted(self.text, self.rows), [])

    def test_a_page_is_read_row_by_row(self) -> None:
        self.assertEqual(conformance.read(PAGE), [conformance.Row("Faults", "CapFault", ("host: a", "system: b")),
                                                  conformance.Row("Threads", "T1", ())])

    def test_a_row_too_few_or_too_many_is_reported(self) -> None:
        rows = conformance.read(PAGE)
        self.assertEqual(conformance.missing_and_unknown(rows, {"Faults": ["CapFault", "Timeout"]}),
                         ["Faults: no row Timeout"])
        self.assertEqual(len(conformance.missing_and_unknown(rows, {"Faults": []})), 1)

    def test_a_lost_sentence_and_a_doubled_row_are_reported(self) -> None:
        self.assertEqual(conformance.gaps(conformance.read(PAGE), WANTED), [])
        self.assertEqual(len(conformance.gaps(conformance.read(PAGE.replace("| T1", "| T2")), WANTED)), 1)
        rows = conformance.read(PAGE)
        self.assertEqual(len(conformance.doubled(rows + rows[:1])), 1)

    def test_a_case_that_is_gone_is_reported(self) -> None:
        self.assertEqual(conformance.stale(conformance.read(PAGE), {"host: a"}),
                         ["CapFault: there is no case system: b"])

    def test_a_wrong_count_is_reported(self) -> None:
        rows = conformance.read(PAGE)
        self.assertEqual(conformance.miscounted(PAGE, rows), [])
        self.assertEqual(len(conformance.miscounted(PAGE.replace("1 of them", "0 of them"), rows)), 1)


if __name__ == "__main__":
    unittest.main()
