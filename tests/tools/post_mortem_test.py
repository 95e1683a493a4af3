# SPDX-License-Identifier: BSD-2-Clause
"""What a dump tells is what the machine told while it lived: one session of GDB writes a dump and asks, and tools/faults
answers the same; and a kernel that died of a deliberate bug says of what."""
import functools
import json
import pathlib
import re
import struct
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

import build as building
import core_dump

BOOTS = "the shipped system"  # test_tools.py builds it first
ASKED = {"walk": "0x400000", "threads": None, "vspace": "clock", "caps": "clock", "keepers": "clock", "untyped": None,
         "events": "256", "faults": None}
OPTIONS = {"faults": "pending"}


def run(tool: str, *arguments: str, typed: str = "") -> tuple[int, str]:
    done = subprocess.run([str(building.REPOSITORY / "tools" / tool), *arguments], input=typed, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
    return done.returncode, done.stdout


def sections(text: str, commands: dict[str, str | None]) -> dict[str, str]:
    """What each command said, behind a line that repeats it."""
    parts = re.split(rf"^(?:\(gdb\) )*umbra ({'|'.join(commands)})(?: \S+)*$\n", text, flags=re.MULTILINE)
    return {name: re.sub(r"^(?:\(gdb\) )+", "", body, flags=re.MULTILINE).strip("\n")
            for name, body in zip(parts[1::2], parts[2::2])}


@functools.cache
def alive_and_dead() -> tuple[dict[str, str], dict[str, str]]:
    """The answers of a machine that stands at a fault of the clock server, and those of its dump."""
    with tempfile.TemporaryDirectory() as folder:
        dump = pathlib.Path(folder) / "dump"
        commands = [f"umbra {command} {argument or ''}".strip() for command, argument in ASKED.items()]
        drawn = [pathlib.Path(folder) / name for name in ("live.json", "live.svg", "dead.json", "dead.svg")]
        typed = f"umbra stop-at-fault clock\ncontinue\ndelete\numbra timeline {drawn[0]}\numbra space clock {drawn[1]}\n" + "".join(
            f"echo \\n{command}\\n\n{command}\n" for command in commands) + f"echo \\numbra dump\\n\numbra dump {dump}\n"
        status, said = run("run", "--no-build", "--gdb", "--timeout", "200", typed=typed)
        assert status == 0 and dump.exists(), said
        options = [word for command, argument in ASKED.items()
                   for word in (f"--{OPTIONS.get(command, command)}", argument) if word]
        options += ["--timeline", str(drawn[2]), "--space", "clock", str(drawn[3])]
        more = {"dump": None, "timeline": None, "space": None}
        answers = sections(said, ASKED | more), sections(run("faults", str(dump), *options)[1], ASKED | more)
        for answer, files in zip(answers, (drawn[:2], drawn[2:])):
            answer |= {file.suffix: file.read_text() for file in files}
        return answers


@functools.cache
def after(bug: str) -> tuple[str, str]:
    """What GDB says of the kernel's fault with this boot option, and what a dump of another run says."""
    with tempfile.TemporaryDirectory() as folder:
        dump = pathlib.Path(folder) / "dump"
        option = ["--no-build", "--append", f"bug={bug}", "--timeout", "100"]
        live = run("run", *option, "--gdb", typed="umbra stop-at-fault kernel\ncontinue\n")[1]
        died = run("run", *option, "--dump", str(dump))[1]
        assert "KERNEL PANIC" in died, died
        return live, run("faults", str(dump), "--backtrace")[1]


class PostMortemTest(unittest.TestCase):
    maxDiff = None

    def check_same(self, command: str, expected: str) -> None:
        alive, dead = alive_and_dead()
        self.assertRegex(alive[command], expected)
        self.assertEqual(alive[command], dead[command])

    def test_a_walk(self) -> None:
        self.check_same("walk", r"^  PML4\[0\] .*\n  PDPT\[0\] ")

    def test_threads(self) -> None:
        self.check_same("threads", r"eclipse-systemd \(TCB 0x[^$]*\n\* clock \(TCB 0x\w+\)")

    def test_an_address_space(self) -> None:
        self.check_same("vspace", r"0x000000400000-0x\w+ +\d+ pages r-x +keeper \d+[^$]*\d+ pages are there")

    def test_capabilities(self) -> None:
        self.check_same("caps", r"vspace: +pml4 at 0x\w+ ASID \d+[^$]*slot \d+ +endpoint")

    def test_keepers(self) -> None:
        self.check_same("keepers", r"keeper \d+, named at level[^$]*supervisor: endpoint at")

    def test_untyped_memory(self) -> None:
        self.check_same("untyped", r"0x\w{4,} bytes are not given out")

    def test_paging_events(self) -> None:
        self.check_same("events", r"0\.0 us  clock \(TCB 0x\w+\) +fault at 0x\w+ told to keeper 1$|maps \d+ pages? at 0x")

    def test_the_timeline_has_every_event_that_is_remembered(self) -> None:
        alive, dead = alive_and_dead()
        self.assertEqual(alive[".json"], dead[".json"])
        drawn = [each for each in json.loads(dead[".json"])["traceEvents"] if each["ph"] in "Xi"]
        numbers = [int(number) for each in drawn for number in each["args"] if number.isdigit()]
        self.assertEqual(sorted(numbers), [int(line.split()[0]) for line in dead["events"].splitlines()])
        self.assertTrue(any(each["ph"] == "X" and each["dur"] > 0 for each in drawn))

    def test_the_map_of_an_address_space_shows_what_is_there(self) -> None:
        alive, dead = alive_and_dead()
        self.assertEqual(alive[".svg"], dead[".svg"])
        root = xml.etree.ElementTree.fromstring(dead[".svg"])
        titles = [each.text for each in root.iter("{http://www.w3.org/2000/svg}title")]
        found = re.findall(r"0x(\w+)-0x(\w+) +(\d+) pages (\S+) +(.*)", dead["vspace"])
        self.assertGreater(len(found), 2)
        for start, end, pages, what, keeper in found:
            self.assertIn(f"0x{int(start, 16):x}-0x{int(end, 16):x} {pages} page{'' if pages == '1' else 's'} {what} {keeper}", titles)
        resident = re.search(r"(\d+) pages are there", dead["vspace"]).group(1)
        self.assertIn(f"{resident} pages resident", dead[".svg"])

    def test_faults_that_wait(self) -> None:
        dead = alive_and_dead()[1]["faults"]  # the machine that lives stands at a fault, and tells it first
        self.assertEqual(alive_and_dead()[0]["faults"].splitlines()[-1], dead)

    def test_a_dead_kernel_tells_its_fault_as_gdb_did(self) -> None:
        for bug, first in (("null", "read of 0x0 (the null page) from ring 0 by kernel, thread none"),
                           ("user", "execute of 0x400000 from ring 0 by kernel, thread none")):
            live, told = after(bug)
            record = told.split("\n\n")[0]
            self.assertEqual(record.splitlines()[0], first, told)
            self.assertRegex(record, r"microkernel/check/deliberate_bug.cpp:\d+\)|at 0x400000 \?")
            self.assertIn("\n".join(record.splitlines()[3:]), live)

    def test_its_calls_are_shown(self) -> None:
        self.assertRegex(after("null")[1], r"umbra backtrace\n#0 [^$]*kernel_exception[^$]*fatal_exception")

    def test_what_is_no_dump_answers_no_question(self) -> None:
        status, said = run("faults", str(building.REPOSITORY / "README.md"), "--threads")
        self.assertEqual((status, said), (1, f"tools/faults: {building.REPOSITORY}/README.md is no dump: only a dump answers "
                                             "questions\n"))

    def test_a_core_file_is_read_by_physical_address(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "core"
            file.write_bytes(made_up_core())
            dump = core_dump.CoreDump(file)
        self.assertEqual((dump.registers["rax"], dump.registers["rip"], dump.registers["cr3"]), (1, 17, 0x3003))
        self.assertEqual(dump.read(0x5FFE, 4), b"\xff\xffab")
        self.assertEqual(dump.read(0x6002, 4), b"cd\xff\xff")

    def test_other_files_are_refused(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "core"
            for data in (b"no ELF file, but long enough for a header" * 3, made_up_core().replace(b"QEMU", b"XENU")):
                file.write_bytes(data)
                with self.assertRaises(core_dump.DumpError):
                    core_dump.CoreDump(file)


def made_up_core() -> bytes:
    """Four bytes at 0x6000, and registers that are numbered."""
    state = struct.pack("<II18Q", 1, 440, *range(1, 19)) + bytes(240) + struct.pack("<6Q", *range(0x3000, 0x3006))
    note = struct.pack("<III8s", 5, len(state), 0, b"QEMU") + state
    body = 64 + 2 * 56
    headers = struct.pack("<IIQQQQQQ", 4, 0, body, 0, 0, len(note), len(note), 0) + \
        struct.pack("<IIQQQQQQ", 1, 0, body + len(note), 0xFFFF_8000_0000_6000, 0x6000, 4, 4, 0)
    head = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 4, 62, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    return head + headers + note + b"abcd"


if __name__ == "__main__":
    unittest.main()
