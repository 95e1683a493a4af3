# SPDX-License-Identifier: BSD-2-Clause
"""tools/bochs at the page faults of the shipped system, unattended; and what its options mean."""
import argparse
import dataclasses
import functools
import pathlib
import re
import subprocess
import tempfile
import unittest

import bochs
import bochs_faults
import build as building
import elf_programs
import fault_logs
import fault_record
import page_walk
import verdict

BOOTS = "the shipped system"  # test_tools.py builds it first
TRAPS = "tests/system/traps.elf"  # a root task that provokes page faults of every kind that ring 3 can make
HEAD = re.compile(r"^fault (\d+): (read|write|execute) of (0x[0-9a-f]+) .*?from ring (\d) by (\S+), thread ", re.MULTILINE)
BUILD = building.Build()


@functools.cache
def session(*options: str, typed: str = "") -> tuple[int, str]:
    """Status and output of a run."""
    done = subprocess.run([str(building.REPOSITORY / "tools" / "bochs"), "--no-build", *options], input=typed, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
    return done.returncode, done.stdout


def trace(*more: str) -> tuple[int, str, str]:
    """Status and output of a traced boot, and the trace."""
    return traced(*more)[:3]


def exception_log(*more: str) -> str:
    """What Bochs itself wrote of the exceptions of that boot."""
    return traced(*more)[3]


@functools.cache
def traced(*more: str) -> tuple[int, str, str, str]:
    with tempfile.TemporaryDirectory() as folder:
        files = [pathlib.Path(folder) / name for name in ("trace", "log")]
        status, output = session("--trace", str(files[0]), "--exception-log", str(files[1]), *more)
        return status, output, *(file.read_text() for file in files)


def program(name: str) -> elf_programs.Program:
    return next(each for each in elf_programs.shipped(BUILD.kernel_elf, [BUILD.init_elf], BUILD.archive, BUILD.folder)
                if each.name == name)


def options(**changes: object) -> argparse.Namespace:
    return argparse.Namespace(**{"nth": 1, "at": None, "process": None, "keeper": None, "faults": False, "batch": None,
                                 "trace": None, "exceptions": False} | changes)


class BochsFaultsTest(unittest.TestCase):
    def test_a_traced_boot_ends_when_the_system_is_ready(self) -> None:
        status, output, text = trace()
        self.assertEqual(status, 0, output)
        count = len(HEAD.findall(text))
        self.assertGreater(count, 3)
        self.assertEqual(output.splitlines()[-1], f"tools/bochs: {count} faults told")

    def test_every_fault_of_a_boot_is_explained(self) -> None:
        for record in re.split(r"\n\n(?=fault)", trace()[2].strip()):
            ring, name = HEAD.search(record).group(4, 5)
            self.assertEqual(ring, "3", record)
            self.assertTrue(program(name).segments, record)
            self.assertRegex(record, r"stopped at level \d \(.*\): (its entry is not present|its entry holds|the page is)")
            self.assertRegex(record, r"keeper in force: \d+, named by the .* entry")

    def test_every_reason_that_ring_3_can_give_is_told_and_the_cpu_agrees(self) -> None:
        status, output, text = trace("--root", str(BUILD.folder / TRAPS))
        self.assertEqual(status, 0, output)
        for level in ("4 (PML4)", "3 (PDPT)", "2 (page directory)", "1 (page table)"):
            self.assertIn(f"stopped at level {level}: its entry is not present", text)
        for what in ("read-only", "not executable", "the kernel's alone"):
            self.assertIn(f"stopped at level 1 (page table): the page is {what}", text)
        for record in re.split(r"\n\n(?=fault)", text.strip()):
            is_present = bool(int(re.search(r"error code (0x\w+)", record).group(1), 16) & fault_record.PRESENT)
            self.assertEqual(": the page is " in record, is_present, record)

    def test_its_own_log_has_the_same_faults_as_the_trace(self) -> None:
        _, output, text = trace("--root", str(BUILD.folder / TRAPS))
        found, recorded = fault_logs.faults_in(exception_log("--root", str(BUILD.folder / TRAPS))), fault_logs.faults_in(text)
        self.assertGreater(len(recorded), 20, output)
        self.assertEqual(*([(fault.address, fault.error_code, fault.ring) for fault in faults] for faults in (found, recorded)))
        for own, fault in zip(found, recorded):  # of an instruction that crosses into the page, the log has the page
            self.assertIn(own.ip - fault.ip, range(1, 16) if own.is_behind else range(15), own)

    def test_the_source_line_is_the_one_of_the_ip(self) -> None:
        first = trace()[2].split("\n\n")[0]
        ip, function, file, line = re.search(r"^  at (0x\w+) (\S+) \((\S+):(\d+)\)$", first, re.MULTILINE).groups()
        running = program(HEAD.search(first).group(5))
        self.assertEqual(running.function_at(int(ip, 16)), function)
        self.assertLessEqual(int(line), len((building.REPOSITORY / file).read_text().splitlines()))

    def test_a_batch_tells_as_many_as_wanted(self) -> None:
        status, output = session("--batch", "2", "--nth", "3", "--keeper", "1")
        self.assertEqual(status, 0, output)
        self.assertEqual([number for number, *_ in HEAD.findall(output)], ["3", "4"])
        self.assertEqual(output.splitlines()[-1], "tools/bochs: 2 faults told")

    def test_a_batch_fails_if_fewer_come(self) -> None:
        status, output = session("--batch", "1000", "--process", "clock", "--until-ready")
        self.assertEqual(status, 1, output)
        told = HEAD.findall(output)
        self.assertGreater(len(told), 0)
        self.assertEqual({name for *_, name in told}, {"clock"})
        self.assertEqual(output.splitlines()[-1], f"tools/bochs: {len(told)} faults came, not 1000")

    def test_a_session_takes_commands(self) -> None:
        typed = "walk 0x400000\ncreg\nu /1\nc\nevents 3\nwalk nonsense\nquit\n"
        status, output = session("--faults", "--append", "isolation=on", typed=typed)
        self.assertEqual(status, 0, output)
        self.assertEqual(len(HEAD.findall(output)), 2, output)
        for expected in (r"\n  page table\[0\] +0x\w+  page 0x\w+ r- user x A\n", "CR2=page fault",
                         r"\n  then: fault at 0x\w+ told to keeper 1; ", r"\n +\d+ +0\.0 us  TCB 0x\w+ +",
                         r"isolated_exception_stubs\+e0\): push", "not a number: nonsense", "tools/bochs: left by the user"):
            self.assertRegex(output, expected)

    def test_options_that_do_not_go_together_are_wrong_usage(self) -> None:
        for wrong in (["--nth", "2"], ["--at", "0"], ["--exceptions"], ["--batch", "0"], ["--batch", "1", "--trace", "x"],
                      ["--faults", "--keeper", "one"]):
            self.assertEqual(session(*wrong)[0], verdict.USAGE, wrong)

    def test_faults_are_chosen_by_page_program_thread_and_keeper(self) -> None:
        trap = fault_record.Trap(0x5123, 4, 0x1000, 0x23, 0, 0, 0)
        entry = page_walk.Entry(4, 0, 0, 7 << 52)
        record = fault_record.Record(trap, page_walk.Walk(0x5123, 0, (entry,)), '"ticker"',
                                     elf_programs.Program(pathlib.Path("clock.elf")))
        for fits in ({}, {"at": 0x5FFF}, {"process": "clock"}, {"process": "ticker"}, {"keeper": 7}):
            self.assertTrue(bochs_faults.is_wanted(record, options(**fits)), fits)
        for not_fitting in ({"at": 0x6000}, {"at": 0}, {"process": "log"}, {"keeper": 0}, {"keeper": 7, "at": 0}):
            self.assertFalse(bochs_faults.is_wanted(record, options(**not_fitting)), not_fitting)
        other = dataclasses.replace(record, trap=dataclasses.replace(trap, vector=13))
        self.assertFalse(bochs_faults.is_wanted(other, options(at=0x5000)))  # CR2 is not its

    def test_the_display_is_chosen_and_none_is_the_default(self) -> None:
        place = pathlib.Path("/nowhere")
        for words, line in (([], 'display_library: rfb, options="timeout=0"'), (["--display", "x"], "display_library: x")):
            chosen = bochs.parse(words).display
            self.assertIn(f"\n{line}\n", bochs.configuration(place, place, "corei7_icelake_u", "64M", chosen))

    def test_the_verdict_on_a_session(self) -> None:
        for status, asked, told, failure in ((0, {"batch": 3}, None, None), (1, {"batch": 3}, 2, None),
                                             (0, {"faults": True}, None, None), (0, {"trace": "x"}, 5, None),
                                             (1, {"trace": "x"}, 5, "KERNEL PANIC: so")):
            self.assertEqual(bochs_faults.outcome_of(options(**asked), told, failure).status, status)


if __name__ == "__main__":
    unittest.main()
