# SPDX-License-Identifier: BSD-2-Clause
"""tools/mutate: that the bug zoo fits the sources, and that a bug is noticed or not. (Some of this runs umbra-tests.)"""
import unittest

import build as building
import mutate
import mutations
import suites
import test_host
import test_kernel

TOPICS = mutations.all_bugs()
BUGS = {bug.name: bug for bugs in TOPICS.values() for bug in bugs}
BUILD = building.Build()
ENTRY = "[[bug]]\nname = 'a'\nfile = 'README.md'\nfind = '{}'\nreplace = '{}'\ntests = [{}]\n"


def bug_of(find: str, replace: str, tests: str = "'host: x'") -> mutations.Bug:
    return mutations.parse(ENTRY.format(find, replace, tests))[0]


def sample() -> list[mutations.Bug]:
    """One of each topic that has host tests: the zoo in short."""
    hosted = [[bug for bug in bugs if bug.host_tests() == [name.removeprefix(mutations.HOST) for name in bug.tests]]
              for bugs in TOPICS.values()]
    return [bugs[0] for bugs in hosted if bugs]


def outcome(bug: mutations.Bug) -> str | None:
    return mutate.survivors(BUILD, mutate.Recipe.of(BUILD), bug, wider=lambda tests: "not looked at")


class MutateTest(unittest.TestCase):
    def test_every_bug_has_its_place_in_the_sources(self) -> None:
        for bug in BUGS.values():
            self.assertNotEqual(bug.planted(), (building.REPOSITORY / bug.file).read_text())

    def test_every_test_that_a_bug_names_is_there(self) -> None:
        known = {mutations.HOST + name for name in test_host.listed(sorted((building.REPOSITORY / "tests" / "host").rglob("*_test.cpp")))}
        known |= {suites.full_name(case, machine) for machine in suites.MACHINES if machine.compiler == BUILD.compiler
                  for suite in suites.all_suites() if suite.runs_on(machine) for case in suite.cases
                  if suite.settings.get("kernel", BUILD.kernel) == BUILD.kernel}
        known |= set(test_kernel.named("gcc", "debug"))
        self.assertEqual([name for bug in BUGS.values() for name in bug.tests if name not in known], [])

    def test_docs_bug_zoo_is_the_page_of_the_entries(self) -> None:
        self.assertEqual(mutations.PAGE.read_text(), mutations.page(TOPICS), "run tools/mutate --write")

    def test_the_original_list_is_planted_or_says_why_not(self) -> None:
        mutations.absent_bugs(TOPICS)
        some = next(bug for bug in BUGS.values() if bug.zoo)
        for wrong in ({"topic": [bug for bug in BUGS.values() if bug.zoo != some.zoo]},
                      TOPICS | {"topic": [mutations.Bug("b", "f", "x", "y", ("host: t",), zoo="not in the list")]}):
            with self.assertRaises(mutations.MutationError):
                mutations.absent_bugs(wrong)

    def test_an_entry_without_place_without_change_or_without_tests_is_refused(self) -> None:
        for find, replace, problem in (("no such text", "x", "0 places"), ("kernel", "x", r"\d+ places"),
                                       ("# Umbra", "#  Umbra", "changes nothing")):
            with self.assertRaisesRegex(mutations.MutationError, problem):
                bug_of(find, replace).planted()
        for text in (ENTRY.format("x", "y", ""), ENTRY.format("x", "y", "'host: t'") + "typo = 1\n"):
            with self.assertRaises(mutations.MutationError):
                mutations.parse(text)

    def test_the_layout_of_its_place_does_not_matter(self) -> None:
        self.assertTrue(bug_of("#Umbra   A small\toperating", "X").planted().startswith("X system for x86-64"))

    def test_the_first_bug_of_each_topic_is_noticed(self) -> None:
        self.assertEqual({bug.name: problem for bug in sample() if (problem := outcome(bug))}, {})

    def test_a_bug_in_a_header_is_noticed(self) -> None:
        self.assertIsNone(outcome(BUGS["a badge can be given again"]))

    def test_a_change_that_no_named_test_notices_is_told(self) -> None:
        good = BUGS["a depth of 0 is accepted"]
        harmless = mutations.Bug("harmless", good.file, good.find, good.find.replace("depth, 1,", "depth, Word{1},"), good.tests)
        self.assertIn("not noticed by", outcome(harmless))

    def test_one_of_two_named_tests_is_not_enough(self) -> None:
        good = BUGS["a depth of 0 is accepted"]
        other = BUGS["a taken signal stays"].tests
        problem = outcome(mutations.Bug("half", good.file, good.find, good.replace, good.tests + other))
        self.assertIn(other[0].removeprefix(mutations.HOST), problem)
        self.assertNotIn(good.tests[0].removeprefix(mutations.HOST), problem)

    def test_what_does_not_build_is_told(self) -> None:
        good = BUGS["a depth of 0 is accepted"]
        problem = outcome(mutations.Bug("broken", good.file, good.find, "if (", good.tests))
        self.assertTrue(problem.startswith("does not build"))

    def test_a_test_that_does_not_exist_notices_nothing(self) -> None:
        good = BUGS["a depth of 0 is accepted"]
        with self.assertRaises(mutations.MutationError):
            outcome(mutations.Bug("misnamed", good.file, good.find, good.replace, ("host: no such test",)))
