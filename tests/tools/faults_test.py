# SPDX-License-Identifier: BSD-2-Clause
"""tools/faults: faults in logs are told with who, what, why and the source line. The programs are those that were built."""
import functools
import json
import pathlib
import re
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

import build as building
import elf_programs
import fault_logs
import faults
import log_pictures

BOOTS = "the shipped system"  # test_tools.py builds it first
BUILD = building.Build()


@functools.cache
def programs() -> tuple[elf_programs.Program, ...]:
    return tuple(elf_programs.shipped(BUILD.kernel_elf, [BUILD.init_elf], BUILD.archive, BUILD.folder))


@functools.cache
def only_in(name: str) -> int:
    """Address of an instruction of the program at which no other has one."""
    program = next(each for each in programs() if each.name == name)
    others = set().union(*(faults.instructions(each) for each in programs() if each.name != name))
    return min(faults.instructions(program) - others)


def explain(text: str) -> list[str]:
    return faults.explain_log(text, list(programs()))


def serial(ip: int, address: int = 0, error: int = 4, kind: str = "page fault") -> str:
    return (f"    [OK] crasher started with PID 5\n[FAULT] process 5: {kind} at rip={ip:#x} address={address:#x} "
            f"error={error:#x}: nothing is mapped there\n")


def qemu(ip: int, address: int, error: int, cr3: int, ring: int = 3) -> str:
    return (f"    11: v=0e e={error:04x} i=0 cpl={ring} IP=0023:{ip:016x} pc={ip:016x} SP=001b:0000000000fffd50 "
            f"CR2={address:016x}\nRAX=0000000000403020 RBX=0000000000fffd50\n"
            f"CR0=80050033 CR2={address:016x} CR3={cr3:016x} CR4=00350ee0\n")


def bochs(tick: int, address: int, ip: int, error: int) -> str:
    return (f"{tick:011}d[CPU0  ] page fault for address {address:016x} @ {ip:016x}\n"
            f"{tick:011}d[CPU0  ] exception(0x0e): error_code={error:04x}\n")


class FaultsTest(unittest.TestCase):
    def test_a_fault_of_a_service_names_its_source_line(self) -> None:
        told, = explain(serial(next(each for each in programs() if each.name == "crasher").symbols["main"]))
        self.assertRegex(told, r"^line 2: process 5 \(crasher\): read address 0x0 in the null page, and no page was there\.\n"
                               r"  The instruction is at 0x\w+ in crasher: main \(\S+:\d+\)\.\n"
                               r"  The system says: nothing is mapped there\.$")

    def test_who_pages_it_is_told_if_the_log_has_it(self) -> None:
        start = serial(0x400000).replace("    [OK] crasher started with PID 5\n", "")
        told, = explain(start + "[FAULT] process 5 (crasher): no region there; keeper 1 refused: nothing is mapped there\n")
        self.assertRegex(told, r"^line 1: process 5 \(crasher\): ")
        self.assertTrue(told.endswith("\n  The system says: nothing is mapped there.\n"
                                      "  Who pages it: no region there; keeper 1 refused: nothing is mapped there."), told)
        self.assertNotIn("Who pages", explain(start + "[FAULT] process 6 (log): no region there; no keeper is in force\n")[0])

    def test_what_was_tried_and_why_not_is_told(self) -> None:
        for error, sentence in ((4, "read address 0x9000, and no page was there"),
                                (6, "wrote address 0x9000, and no page was there"),
                                (7, "wrote address 0x9000, and what is there is not for it to write"),
                                (0x15, "executed address 0x9000, and what is there is not for it to execute"),
                                (5, "read address 0x9000, and what is there is not for it to reach"),
                                (0xD, "read address 0x9000, and a reserved bit is set in its page tables")):
            self.assertIn(sentence, explain(serial(only_in("crasher"), 0x9000, error))[0])

    def test_other_exceptions_are_no_page_faults(self) -> None:
        self.assertIn("crasher): exception (error code 0x0).", explain(serial(0x400000, 13, 0, "exception"))[0])

    def test_a_jump_to_nowhere_is_named(self) -> None:
        self.assertIn("a bad jump, call or return", explain(serial(0xDEAD000, 0xDEAD000, 0x14))[0])

    def test_a_panic_of_the_kernel_is_told(self) -> None:
        kernel = programs()[0]
        told, = explain(f"KERNEL PANIC: vector 14 (page fault), error code 2, at {kernel.symbols['exception_entry']:x}, "
                        "CR2 ffff900000000000\n")
        self.assertRegex(told, "^line 1: the kernel: wrote address 0xffff900000000000 in the kernel's half, and no page")
        self.assertRegex(told, r"in kernel: exception_entry \(microkernel/")

    def test_a_log_of_qemu_is_told_by_address_space(self) -> None:
        ip = only_in("clock")
        told = explain("Servicing hardware INT=0xf0\n" + qemu(0x40000C, 0x403020, 6, 0x6AA000) + qemu(ip, 0x404000, 4, 0x6AA000)
                       + qemu(0x40000C, 0x403020, 6, 0x6BB000))
        self.assertEqual(len(told), 3)
        self.assertRegex(told[0], r"^line 2: address space 6aa000: wrote address 0x403020 in clock's data \(0x403000-0x\w+\), and no page was there\.\n"
                                  r"  The instruction is at 0x40000c in clock: ")
        self.assertIn("where several programs have one", told[2])  # all start alike, and nothing else is known of it

    def test_a_log_of_bochs_is_told_by_the_instruction_before(self) -> None:
        clock = next(each for each in programs() if each.name == "clock")
        after = min(ip for ip in faults.instructions(clock) if ip > only_in("clock"))
        at = only_in("clock")
        told = explain(bochs(473016809, 0x9000, after, 6) + "00473016810d[CPU0  ] LONG MODE IRET\n" + bochs(473016900, at, at, 0x14))
        self.assertRegex(told[0], rf"^line 1: a program: wrote address 0x9000, and no page was there\.\n  The instruction ends at {after:#x}")
        self.assertIn(f"clock: {clock.function_at(at)} (", told[0])
        self.assertRegex(told[1], rf"^line 4: a program: executed address {at:#x} in clock's code .*\n  The instruction is at {at:#x} in clock: ")
        self.assertEqual(explain(bochs(1, 0, 5, 0).splitlines()[0]), [])  # the log ends there

    def test_records_are_told_with_thread_and_source_line(self) -> None:
        clock = next(each for each in programs() if each.name == "clock")
        told = explain(f"""fault 3: write of 0x404020 (clock's data) from ring 3 by clock, thread "ticker"
  at {clock.symbols['main']:#x} main
  error code 0x6 (write user), CR3 0x6aa000
  PML4[0]             0x0000000000000000  empty
tools/bochs: 1 faults told
""")
        self.assertEqual(len(told), 1)
        self.assertRegex(told[0], r'^line 1: clock, thread "ticker": wrote address 0x404020 .*\n.* in clock: main \(servers/clock/\S+:\d+\)\.$')

    def test_a_log_draws_its_faults_and_the_programs_file(self) -> None:
        main = next(each for each in programs() if each.name == "crasher").symbols["main"]
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            files = [str(folder / file) for file in ("run.json", "space.svg")]
            command = [str(building.REPOSITORY / "tools" / "faults"), "-", "--timeline", files[0], "--space", "crasher", files[1]]
            done = subprocess.run(command, input=serial(main, 0x403008, 7), text=True, capture_output=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            trace, = (each for each in json.loads(pathlib.Path(files[0]).read_text())["traceEvents"] if each["ph"] == "i")
            self.assertEqual((trace["name"], trace["ts"]), (f"write 0x403008 at ip {main:#x}", 2))
            titles = [each.text for each in xml.etree.ElementTree.parse(files[1]).iter("{http://www.w3.org/2000/svg}title")]
            self.assertIn(f"1 fault\nline 2: write 0x403008 at ip {main:#x}", titles)
            self.assertTrue(any(re.match("0x400000-0x40[0-9]000 . pages of the program's file no keeper", each) for each in titles))
            for wrong, status in ((["--timeline", "x.png"], 2), (["--space", "nobody", files[1]], 1)):
                self.assertEqual(subprocess.run([*command[:2], *wrong], input=serial(main), text=True, capture_output=True,
                                                check=False).returncode, status, wrong)

    def test_a_log_with_a_record_of_events_draws_that(self) -> None:
        shown = "     7    1.000020    4 clock           write 0x1008 at ip 0x400010: nothing is there\n" \
            "     8    1.000050    4 clock           goes on after its fault at 0x1008: its handler answered\n"
        drawn = log_pictures.timeline_of(shown + serial(0x400000))
        self.assertEqual([(item.track, item.start, item.end) for item in drawn.items], [("clock (PID 4)", 1000020, 1000050)])
        drawn = log_pictures.timeline_of(bochs(473016809, 0x9000, 0x400000, 6))
        self.assertEqual((drawn.unit, drawn.items[0].start), (fault_logs.TICKS, 473016809))

    def test_a_log_without_faults_has_none(self) -> None:
        self.assertEqual(explain("[READY] Eclipse-SystemD is ready\n"), [])

    def test_the_command_says_how_many(self) -> None:
        command = str(building.REPOSITORY / "tools" / "faults")
        done = subprocess.run([command, "-"], input=serial(0x400000), text=True, capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stdout.splitlines()[-1]), (0, "tools/faults: 1 faults"), done.stderr)
        done = subprocess.run([command, "/nonexistent"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, re.escape("/nonexistent"))


if __name__ == "__main__":
    unittest.main()
