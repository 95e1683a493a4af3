# SPDX-License-Identifier: BSD-2-Clause
"""tools/run --gdb in the running system: one boot that stops at a fault of the clock server, then at the crasher's."""
import functools
import re
import subprocess
import unittest

import build as building

BOOTS = "the shipped system"  # test_tools.py builds it first
COMMANDS = {
    "stop": "umbra stop-at-fault clock\ncontinue",
    "threads": "umbra threads",
    "vspace": "umbra vspace",
    "walk": "umbra walk 0x400000",
    "walk other": "umbra walk $cr2 log",
    "caps": "umbra caps",
    "faults": "umbra faults",
    "untyped": "umbra untyped",
    "keepers": "umbra keepers clock",
    "nobody": "umbra keepers nobody",
    "who maps": "python page = page_walk.walk(machine.read, machine.register('cr3'), 0x400123).physical\n"
                "python gdb.execute(f'umbra who-maps {page:#x}')",
    "who maps nothing": "umbra who-maps 0",
    "backtrace": "umbra backtrace",
    "source": "info symbol 0x400000",
    "crasher": "delete\nbreak kernel::raise_fault\ncontinue\numbra backtrace",
    "fault": "finish\numbra faults",
    "log": "umbra log",
}


@functools.cache
def session() -> tuple[int, dict[str, str]]:
    """Status, and what each command said."""
    typed = "".join(f"echo \\n=== {name}\\n\n{command}\n" for name, command in COMMANDS.items())
    done = subprocess.run([str(building.REPOSITORY / "tools" / "run"), "--no-build", "--gdb", "--timeout", "200"],
                          input=typed, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300,
                          check=False)
    sections = re.split(r"^=== (.*)\n", done.stdout, flags=re.MULTILINE)
    return done.returncode, dict(zip(sections[1::2], sections[2::2]))


class GdbTest(unittest.TestCase):
    def check(self, name: str, *expected: str) -> str:
        said = session()[1].get(name, "")
        for pattern in expected:
            self.assertRegex(said, pattern)
        return said

    def test_the_session_ends_well(self) -> None:
        self.assertEqual(session()[0], 0, session()[1].get("log"))
        self.assertEqual(set(session()[1]), set(COMMANDS))
        self.assertNotIn("Python Exception", "".join(session()[1].values()))

    def test_it_stops_at_the_fault_of_a_program(self) -> None:
        said = self.check("stop", r"(read|write|execute) of 0x\w+ .*from ring 3 by clock", r"keeper in force: \d+")
        self.assertNotRegex(said, "by (log|crasher)")

    def test_threads_are_listed_with_program_and_place(self) -> None:
        said = self.check("threads", r"\n\* clock ", r"pager \(TCB 0x\w+\) +receiving", r"log .*receiving .* main\+")
        for program in ("init", "pager", "console", "eclipse-systemd", "log", "clock"):
            self.assertIn(f" {program} ", said)

    def test_an_address_space_is_shown(self) -> None:
        self.check("vspace", r"0x000000400000-0x0000004\w+ +\d+ pages r-x +keeper \d+", r"rw- ", r"\d+ pages are there")

    def test_a_walk_is_shown(self) -> None:
        self.check("walk", r"PML4\[0\] ", r"PDPT\[0\]", r"page directory\[2\]", r"page table\[0\] .* page 0x")

    def test_a_walk_in_another_address_space(self) -> None:
        mine, other = session()[1]["stop"], self.check("walk other", r"PML4\[0\]")
        self.assertNotIn(re.search(r"PML4\[0\] +(0x\w+)", other).group(1), mine)

    def test_capabilities_are_shown(self) -> None:
        self.check("caps", r"cspace: +cnode at 0x\w+ \d+ slots", r"vspace: +pml4 at 0x\w+ ASID \d+", r"slot \d+ +endpoint",
                   "irq_handler")

    def test_the_fault_is_told_again(self) -> None:
        said = self.check("faults", r"from ring 3 by clock", "no fault waits for an answer")
        self.assertNotIn("in a row", said)

    def test_untyped_memory_is_summed_up(self) -> None:
        free = int(re.search(r"(0x\w+) bytes are not given out", self.check("untyped", r"x 2\^\d+ +0x0 used")).group(1), 16)
        self.assertTrue(128 << 20 < free < 256 << 20, free)

    def test_keepers_and_their_endpoints_are_shown(self) -> None:
        self.check("keepers", r"0x\w+-0x\w+ keeper \d+, named at level \d \(",
                   r"supervisor: endpoint at", r"keeper 1: endpoint at")

    def test_a_program_that_does_not_run_is_refused(self) -> None:
        self.check("nobody", "no thread runs nobody")

    def test_who_maps_a_frame(self) -> None:
        self.check("who maps", r"clock +at 0x400123 r-x PML4 0x")
        self.check("who maps nothing", "nobody")

    def test_a_backtrace_goes_through_the_stub_into_the_program(self) -> None:
        self.check("backtrace", r"#0 .*exception_stubs[^$]*#\d+ .*_start \(\) at \S*crt0_process.S")

    def test_the_running_programs_symbols_are_known(self) -> None:
        self.check("source", r"in section .text of \S*clock\.elf")

    def test_a_backtrace_from_deep_in_the_kernel(self) -> None:
        self.check("crasher", r"kernel::raise_fault[^$]*kernel::exception_entry[^$]*entered from crasher \(TCB 0x\w+\):"
                              r"[^$]*crasher::commit[^$]*_start \(\)")

    def test_a_fault_that_waits_for_an_answer_is_shown(self) -> None:
        self.check("fault", r"crasher \(TCB 0x\w+\): user_exception at 0x\w+")

    def test_the_serial_log_is_shown(self) -> None:
        self.check("log", r"Umbra \d+\.\d+\.\d+ \(debug kernel\)", "clock started|START. clock")


if __name__ == "__main__":
    unittest.main()
