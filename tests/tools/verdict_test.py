# SPDX-License-Identifier: BSD-2-Clause
"""The verdict on a finished machine, from its log and its ending."""
import unittest

import verdict
from verdict import Ending, judge

FIRST = "Umbra 0.1.0 (debug kernel)\n"
READY = FIRST + verdict.READY_LINE + "\n"


class VerdictTest(unittest.TestCase):
    def check(self, status: int, text: str, ending: Ending, **options: bool) -> str:
        outcome = judge(text, ending, **options)
        self.assertEqual(outcome.status, status, outcome.reason)
        return outcome.reason

    def test_ready_is_success(self) -> None:
        self.check(0, READY, Ending(ready_seen=True), until_ready=True)

    def test_a_power_off_is_success_but_not_before_ready_was_awaited(self) -> None:
        off = Ending(shutdown="guest-shutdown", status=0)
        self.check(0, FIRST, off)
        self.check(1, FIRST, off, until_ready=True)

    def test_a_reset_is_a_failure_although_the_emulator_says_0(self) -> None:
        for text in (FIRST, READY):
            self.assertIn("reset", self.check(1, text, Ending(shutdown="guest-reset", status=0)))

    def test_a_second_boot_is_a_failure(self) -> None:
        self.check(1, READY + READY, Ending(ready_seen=True), until_ready=True)

    def test_a_panic_names_its_reason(self) -> None:
        text = FIRST + "KERNEL PANIC: vector 14\nbacktrace\n"
        self.assertEqual(self.check(1, text, Ending(status=127)), "KERNEL PANIC: vector 14")

    def test_a_system_failure_names_its_reason(self) -> None:
        text = FIRST + "[INIT] SYSTEM FAILED: no PID 1\n"
        self.assertEqual(self.check(1, text, Ending(ready_seen=True), until_ready=True), "SYSTEM FAILED: no PID 1")

    def test_time_over_is_124(self) -> None:
        self.check(124, FIRST, Ending(timed_out=True))

    def test_debug_exit_statuses_count_for_root_tasks_only(self) -> None:
        self.check(0, FIRST, Ending(status=33), root_task=True)
        self.check(1, FIRST, Ending(status=33))
        self.check(1, FIRST, Ending(status=35), root_task=True)
        self.check(1, FIRST, Ending(status=3), root_task=True)

    def test_an_ending_that_nothing_explains_is_a_failure(self) -> None:
        self.check(1, FIRST, Ending(status=0))

    def test_terminal_sequences_do_not_hide_lines(self) -> None:
        self.assertEqual(verdict.plain(b"\x1b[2J\x1b[01;01HUmbra 0.1.0 (release kernel)\r\n").splitlines()[0],
                         "Umbra 0.1.0 (release kernel)")
