# SPDX-License-Identifier: BSD-2-Clause
"""tools/run and tools/bochs against tiny kernels (payload-*) that behave and misbehave on purpose."""
import os
import pathlib
import pty
import subprocess
import tempfile
import time
import unittest

import build as building

TOOLS = building.REPOSITORY / "tools"
HARNESS = building.Build().folder / "tests" / "system" / "harness"


def payload(name: str) -> str:
    return str(HARNESS / f"payload-{name}.elf")


def command(tool: str, name: str, *options: str, typed: str = "") -> tuple[int, str]:
    """Runs the tool on a payload; answers status and output."""
    done = subprocess.run([str(TOOLS / tool), "--kernel-image", payload(name), *options], input=typed, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
    return done.returncode, done.stdout


class RunTest(unittest.TestCase):
    def check(self, status: int, last_line: str, name: str, *options: str) -> None:
        actual, output = command("run", name, "--timeout", "60", *options)
        self.assertEqual(actual, status, output)
        self.assertEqual(output.splitlines()[-1], f"tools/run: {last_line}")

    def test_a_ready_system_ends_with_0(self) -> None:
        self.check(0, "ready", "ready", "--until-ready")

    def test_a_ready_system_ends_with_0_under_uefi(self) -> None:
        self.check(0, "ready", "ready", "--until-ready", "--uefi", "--memory", "128M")

    def test_a_ready_system_ends_with_0_under_the_deterministic_clock(self) -> None:
        self.check(0, "ready", "ready", "--until-ready", "--icount")

    def test_a_power_off_ends_with_0(self) -> None:
        self.check(0, "powered off", "poweroff")

    def test_a_hang_ends_with_124(self) -> None:
        self.check(124, "time over", "hang", "--until-ready", "--timeout", "4")

    def test_a_reset_ends_with_1(self) -> None:
        self.check(1, "the machine reset", "reset", "--until-ready")

    def test_a_panic_ends_with_1_and_its_reason(self) -> None:
        self.check(1, "KERNEL PANIC: a test of the harness", "panic", "--until-ready")

    def test_a_failed_system_ends_with_1_and_its_reason(self) -> None:
        self.check(1, "SYSTEM FAILED: no candidate for PID 1 started", "failed", "--until-ready")

    def test_an_unknown_debug_exit_ends_with_1(self) -> None:
        self.check(1, "the emulator ended with status 3", "silent_exit")

    def test_a_kernel_that_starts_twice_ends_with_1(self) -> None:
        self.check(1, "the kernel started 2 times", "reboot_line", "--until-ready")

    def test_what_is_no_kernel_ends_with_1(self) -> None:
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"not an ELF file")
            file.flush()
            done = subprocess.run([str(TOOLS / "run"), "--kernel-image", file.name, "--until-ready"],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("SYSTEM FAILED: GRUB could not load the system", done.stdout.splitlines()[-1])

    def test_root_tasks_pass_and_fail_by_the_debug_exit(self) -> None:
        self.check(0, "the root task reports success", "suite_passes", "--root", payload("suite_passes"))
        self.check(1, "the root task reports failure (debug exit status 35)", "suite_fails", "--root",
                   payload("suite_fails"))

    def test_wrong_usage_ends_with_2(self) -> None:
        for options in (["--memory", "12"], ["--root", "/nowhere"], ["--timeout", "-1"], ["--bogus"], ["word"]):
            done = subprocess.run([str(TOOLS / "run"), *options], capture_output=True, check=False)
            self.assertEqual(done.returncode, 2, options)

    def test_the_log_is_written_besides(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder) / "log"
            command("run", "ready", "--until-ready", "--log", str(log))
            self.assertIn("[READY] Eclipse-SystemD is ready", log.read_text())

    def test_standard_input_is_typed_on_the_console(self) -> None:
        status, output = command("run", "echo", "--timeout", "60", typed="hello q")
        self.assertEqual((status, "hello q" in output), (0, True), output)

    def test_several_run_at_once(self) -> None:
        start = [str(TOOLS / "run"), "--kernel-image", payload("ready"), "--until-ready"]
        running = [subprocess.Popen(start, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) for _ in range(3)]
        self.assertEqual([process.wait(120) for process in running], [0, 0, 0])

    def test_a_debugger_can_attach_before_the_first_instruction(self) -> None:
        status, output = command("run", "ready", "--until-ready", "--gdb", "21234", "--timeout", "3")
        self.assertEqual(status, 124, output)
        self.assertNotIn("Umbra", output)


class TerminalTest(unittest.TestCase):
    def type(self, keys: bytes) -> tuple[int, bytes]:
        """Types on a terminal once the payload is ready; answers status and what the terminal showed."""
        child, terminal = pty.fork()
        if child == 0:
            os.execv(TOOLS / "run", ["tools/run", "--kernel-image", payload("echo"), "--timeout", "60"])
        shown = b""
        try:
            while b"READY" not in shown:
                shown += os.read(terminal, 1000)
            for key in keys:
                os.write(terminal, bytes([key]))
                time.sleep(0.1)
            while data := os.read(terminal, 1000):
                shown += data
        except OSError:
            pass  # the terminal is closed when the program has ended
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown

    def test_control_a_x_leaves(self) -> None:
        status, shown = self.type(b"ab\x01x")
        self.assertEqual((status, b"ab" in shown), (0, True), shown)

    def test_control_c_reaches_the_guest(self) -> None:
        status, shown = self.type(b"a\x03bq")
        self.assertEqual((status, b"a\x03bq" in shown), (0, True), shown)


class BochsTest(unittest.TestCase):
    def check(self, status: int, last_line: str, name: str, *options: str) -> None:
        actual, output = command("bochs", name, *options)
        self.assertEqual(actual, status, output)
        self.assertEqual(output.splitlines()[-1], f"tools/bochs: {last_line}")

    def test_a_ready_system_ends_with_0_in_bochs(self) -> None:
        self.check(0, "ready", "ready", "--until-ready")

    def test_a_reset_ends_with_1_in_bochs(self) -> None:
        self.check(1, "the machine reset", "reset", "--until-ready")

    def test_a_panic_ends_with_1_in_bochs(self) -> None:
        self.check(1, "KERNEL PANIC: a test of the harness", "panic", "--until-ready")

    def test_a_power_off_ends_with_0_in_bochs(self) -> None:
        self.check(0, "powered off", "poweroff")

    def test_a_hang_ends_with_124_in_bochs(self) -> None:
        self.check(124, "time over", "hang", "--until-ready", "--timeout", "8")

    def test_root_tasks_pass_and_fail_by_their_last_line_in_bochs(self) -> None:
        self.check(0, "the root task reports success", "suite_passes")
        self.check(1, "the root task reports failure: TESTS DONE 1 passed 1 failed", "suite_fails")
