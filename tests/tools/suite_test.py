# SPDX-License-Identifier: BSD-2-Clause
"""The test runner itself: it has to notice a case that fails, hangs, vanishes or lies."""
import pathlib
import tempfile
import unittest

import build as building
import cases
import image
import test as runner
import test_host
import test_scenarios
import test_system
import verdict

HARNESS = building.Build().folder / "tests" / "system" / "harness"
NAMES = ["harness sample: first", "harness sample: second"]


def boot(payload: str, timeout: float = 30.0) -> dict[str, cases.Outcome]:
    content = image.Content(HARNESS / f"payload-{payload}.elf", [])
    text, outcome = test_system.boot(building.Build(), content, {"timeout": timeout})
    return test_system.judge_cases(NAMES, text, outcome)


class SystemSuiteTest(unittest.TestCase):
    def check(self, expected: list[bool], payload: str, timeout: float = 30.0) -> None:
        results = boot(payload, timeout)
        self.assertEqual([results[name].passed for name in NAMES], expected, results)

    def test_cases_that_pass_are_passed(self) -> None:
        self.check([True, True], "suite_passes")

    def test_a_failing_case_fails_alone(self) -> None:
        self.check([True, False], "suite_fails")

    def test_a_vanished_case_fails(self) -> None:
        self.check([True, False], "suite_loses_a_case")

    def test_a_suite_without_its_last_line_fails(self) -> None:
        self.check([False, False], "suite_without_end")

    def test_a_hang_fails_all_cases(self) -> None:
        self.check([False, False], "hang", timeout=3.0)

    def test_a_reset_fails_all_cases(self) -> None:
        self.check([False, False], "reset")

    def test_a_panic_fails_all_cases(self) -> None:
        self.check([False, False], "panic")

    def test_a_wrong_count_on_the_last_line_fails(self) -> None:
        text = "PASS harness sample: first\nPASS harness sample: second\nTESTS DONE 3 passed 0 failed\n"
        results = test_system.judge_cases(NAMES, text, verdict.Verdict(0, "success"))
        self.assertFalse(all(result.passed for result in results.values()))


class SelectionTest(unittest.TestCase):
    def test_a_name_selects_whole_words_before_parts(self) -> None:
        names = ["host: R7: a", "host: R70: b", "system: x R7"]
        self.assertEqual(cases.select(names, ["R7"]), ["host: R7: a", "system: x R7"])
        self.assertEqual(cases.select(names, ["R"]), names)
        self.assertEqual(cases.select(names, ["host: R70: b"]), ["host: R70: b"])
        self.assertEqual(cases.select(names, ["nothing"]), [])

    def test_a_case_that_nobody_reports_fails(self) -> None:
        report = cases.Report()
        runner.run_job(cases.Job(["a", "b"], lambda report: report.add("a", True)), report, runner.Times())
        self.assertEqual({name: outcome.passed for name, outcome in report.outcomes.items()}, {"a": True, "b": False})

    def test_a_fault_of_a_job_fails_its_cases(self) -> None:
        report = cases.Report()
        runner.run_job(cases.Job(["a"], lambda report: 1 // 0), report, runner.Times())
        self.assertIn("ZeroDivisionError", report.outcomes["a"].detail)

    def test_a_failure_is_never_overwritten_by_a_pass(self) -> None:
        report = cases.Report()
        for passed in (True, False, True):
            report.add("a", passed)
        self.assertFalse(report.outcomes["a"].passed)


class HostSuiteTest(unittest.TestCase):
    def test_cases_are_listed_from_their_sources(self) -> None:
        source = 'TEST_CASE("R7: a \\"quoted\\" "\n  "name", "[tag]") {}\nTEMPLATE_TEST_CASE("t", "", int, long) {}\n'
        self.assertEqual(test_host.declared(source), ['R7: a "quoted" name', "t - "])

    def run_program(self, body: str, wanted: list[str]) -> cases.Report:
        """Judges a program that prints Catch2's XML as a script would."""
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(folder) / "tests"
            program.write_text("#!/bin/sh\n" + body)
            program.chmod(0o755)
            report = cases.Report()
            test_host.run_once(program, wanted, report)
        return report

    def test_a_failed_host_case_says_where(self) -> None:
        report = self.run_program("""cat <<END
<TestCase name="a &amp; b"><Expression success="false" type="CHECK" filename="x_test.cpp" line="7">
<Expanded>1 == 2</Expanded></Expression><OverallResult success="false"/></TestCase>
END""", ["a & b"])
        self.assertEqual(report.outcomes["host: a & b"], cases.Outcome(False, "x_test.cpp:7: 1 == 2"))

    def test_a_host_case_that_kills_the_program_fails_with_what_was_said(self) -> None:
        report = self.run_program("""echo '<TestCase name="a">'; echo AddressSanitizer >&2; exit 1""", ["a", "b"])
        self.assertIn("AddressSanitizer", report.outcomes["host: a"].detail)
        self.assertNotIn("host: b", report.outcomes)


class ScenarioTest(unittest.TestCase):
    def test_lines_are_expected_in_order(self) -> None:
        case = {"lines": ["^one$", "^two$"], "never": ["three"]}
        self.assertTrue(test_scenarios.case_outcome(case, "one\ntwo\n").passed)
        self.assertFalse(test_scenarios.case_outcome(case, "two\none\n").passed)
        self.assertFalse(test_scenarios.case_outcome(case, "one\ntwo\nthree\n").passed)

    def test_the_status_is_part_of_the_expectation(self) -> None:
        self.assertIsNone(test_scenarios.ending_problem({"status": 1, "reason": "PID 1"}, verdict.Verdict(1, "no PID 1")))
        self.assertIsNotNone(test_scenarios.ending_problem({}, verdict.Verdict(1, "no PID 1")))
        self.assertIsNotNone(test_scenarios.ending_problem({"status": 1, "reason": "x"}, verdict.Verdict(1, "y")))
