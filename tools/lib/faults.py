# SPDX-License-Identifier: BSD-2-Clause
"""tools/faults: explains each fault in a serial log, or in a log of QEMU's `-d int`, in plain sentences with source lines; and
what a machine died of that left a dump (post_mortem.py)."""
import argparse
import collections
import dataclasses
import functools
import pathlib
import re
import subprocess
import sys

import build as building
import core_dump
import elf_programs
import fault_record
import image
import packages
import post_mortem
import verdict

# Serial log: pager/server.cpp, eclipse-systemd's line of a service that runs, and the kernel's panic.
SERIAL_FAULT = re.compile(r"^\[FAULT\] process (\d+): (.+?) at rip=0x([0-9a-f]+) address=0x([0-9a-f]+) "
                          r"error=0x([0-9a-f]+): (.*)$")
STARTED = re.compile(r"^ *\[OK\] (\S+) started with PID (\d+)$")
ENDED = re.compile(r"^\[TERMINATED\] Service (\S+) \(PID (\d+)\)")
PANIC = re.compile(r"^KERNEL PANIC: vector (\d+) \((.*?)\), error code ([0-9a-fx]+), at ([0-9a-fx]+), CR2 ([0-9a-fx]+)")
# QEMU: a line for the exception, the registers behind it; CR3 names the address space.
QEMU_FAULT = re.compile(r"^ *\d+: v=0e e=([0-9a-f]{4}) i=0 cpl=(\d) IP=[0-9a-f]{4}:([0-9a-f]+) .*SP=[0-9a-f]{4}:([0-9a-f]+) "
                        r"CR2=([0-9a-f]+)")
QEMU_CR3 = re.compile(r"^CR0=.* CR3=([0-9a-f]+)")
KERNEL_HALF = 1 << 63
PAGE_FAULT_VECTOR = 14


@dataclasses.dataclass(frozen=True)
class Fault:
    """space: what tells address spaces apart in the log. program: its name, where the log says it."""
    line: int
    who: str
    space: str
    ip: int
    address: int
    error_code: int
    ring: int
    kind: str = "page fault"
    cause: str = ""
    program: str | None = None


def hexadecimal(text: str) -> int:
    return int(text, 16)


def service_of(pid: str, before: list[str], behind: list[str]) -> str | None:
    """What ran as that process by the line that started it last, or else by the next one that says that it ended."""
    for pattern, lines in ((STARTED, reversed(before)), (ENDED, behind)):
        named = (pattern.match(line) for line in lines)
        if name := next((found.group(1) for found in named if found and found.group(2) == pid), None):
            return name
    return None


def serial_faults(lines: list[str]) -> list[Fault]:
    found = []
    for number, line in enumerate(lines, 1):
        if fault := SERIAL_FAULT.match(line):
            pid, kind, ip, address, error, cause = fault.groups()
            program = service_of(pid, lines[:number], lines[number:])
            who = f"process {pid}{f' ({program})' if program else ''}"
            found.append(Fault(number, who, f"process {pid}", *map(hexadecimal, (ip, address, error)), 3, kind, cause,
                               program))
        elif panic := PANIC.match(line):
            vector, name, error, ip, address = panic.groups()
            kind = "page fault" if int(vector) == PAGE_FAULT_VECTOR else name
            found.append(Fault(number, "the kernel", "kernel", *map(hexadecimal, (ip, address, error)), 0, kind,
                               "the kernel panicked", "kernel"))
    return found


def qemu_faults(lines: list[str]) -> list[Fault]:
    found = []
    for number, line in enumerate(lines, 1):
        if fault := QEMU_FAULT.match(line):
            error, ring, ip, _, address = fault.groups()
            behind = (QEMU_CR3.match(each) for each in lines[number:number + 25])
            cr3 = next((each.group(1) for each in behind if each), "?")
            is_kernel = ring == "0"
            found.append(Fault(number, "the kernel" if is_kernel else f"address space {cr3.lstrip('0')}", cr3,
                               *map(hexadecimal, (ip, address, error)), int(ring),
                               program="kernel" if is_kernel else None))
    return found


@functools.cache
def instructions(program: elf_programs.Program) -> frozenset[int]:
    """Where its instructions start."""
    done = subprocess.run(["objdump", "-d", "--no-show-raw-insn", str(program.path)], capture_output=True, text=True,
                          check=False)
    return frozenset(int(found, 16) for found in re.findall(r"^ +([0-9a-f]+):\t", done.stdout, re.MULTILINE))


def candidates(faults: list[Fault], programs: list[elf_programs.Program]) -> dict[str, list[elf_programs.Program]]:
    """By address space: the programs that have an instruction at each IP that faulted there. A log shows no memory: programs
    that are alike so far cannot be told apart."""
    spaces = collections.defaultdict(list)
    for fault in faults:
        spaces[fault.space].append(fault)
    found = {}
    for space, all_of_it in spaces.items():
        named = {fault.program for fault in all_of_it} - {None}
        found[space] = [program for program in programs if (not named or program.name in named) and
                        all(fault.ip in instructions(program) for fault in all_of_it if fault.program is None)]
    return found


def place(fault: Fault, program: elf_programs.Program) -> str | None:
    function = program.function_at(fault.ip)
    if function is None:
        return None
    source = program.source_line(fault.ip)
    return f"{program.name}: {function}{f' ({source})' if source else ''}"


def what_happened(fault: Fault, program: elf_programs.Program | None) -> str:
    """program: the one that did it, if that is known."""
    if fault.kind != "page fault":
        return f"{fault.kind} (error code {fault.error_code:#x})"
    trap = fault_record.Trap(fault.address, fault.error_code, fault.ip, fault.ring, 0, 0, 0)
    verb = {"read": "read", "write": "wrote", "execute": "executed"}[trap.access]
    where = " in the null page" if fault.address < fault_record.PAGE else \
        " in the kernel's half" if fault.address & KERNEL_HALF else ""
    if not where and program and (segment := program.segment_at(fault.address)):
        where = (f" in {program.name}'s {'code' if segment.executable else 'data'} ({segment.address:#x}-"
                 f"{segment.address + segment.size:#x})")
    if fault.error_code & fault_record.RESERVED:
        why = "a reserved bit is set in its page tables"
    elif fault.error_code & fault_record.PRESENT:
        why = {"read": "what is there is not for it to reach", "write": "what is there is not for it to write",
               "execute": "what is there is not for it to execute"}[trap.access]
    else:
        why = "no page was there"
    return f"{verb} address {fault.address:#x}{where}, and {why}"


def explain(fault: Fault, possible: list[elf_programs.Program]) -> str:
    text = f"line {fault.line}: {fault.who}: {what_happened(fault, possible[0] if len(possible) == 1 else None)}."
    places = list(filter(None, (place(fault, program) for program in possible)))
    at = f"  The instruction is at {fault.ip:#x}"
    if len(places) == 1:
        at += f" in {places[0]}."
    elif places:
        at += ", where several programs have one:" + "".join(f"\n    {each}" for each in places)
    elif fault.error_code & fault_record.FETCH and fault.ip == fault.address:
        at += ", where no program has code: a bad jump, call or return."
    else:
        at += ", where no known program has code."
    return text + "\n" + at + (f"\n  The system says: {fault.cause}." if fault.cause else "")


def explain_log(text: str, programs: list[elf_programs.Program]) -> list[str]:
    lines = text.splitlines()
    faults = qemu_faults(lines) or serial_faults(lines)
    possible = candidates(faults, programs)
    return [explain(fault, possible[fault.space]) for fault in faults]


def is_dump(name: str) -> bool:
    if name == "-":
        return False
    with open(name, "rb") as file:
        return core_dump.is_one(file.read(64))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="tools/faults", description="Explains each fault in a serial log (tools/run --log) or in what QEMU wrote "
        "with `-d int -D FILE`; of a dump of `tools/run --dump` it says what the machine died of. The options about the image say which programs ran; nothing is built.",
        epilog="status: 0, also if there is no fault; 1 FILE or the programs cannot be read; 2 wrong usage")
    parser.add_argument("log", metavar="FILE", help="- for standard input")
    image.add_options(parser)
    post_mortem.add_options(parser)
    options = parser.parse_args(arguments)
    try:
        programs = image.programs(building.Build(options.compiler, options.kernel), options)
        if is_dump(options.log):
            packages.ensure(["binutils"] + packages.GDB)
            print("\n\n".join(post_mortem.explain(pathlib.Path(options.log), programs, options)))
            return 0
        if post_mortem.questions(options):
            raise ValueError(f"{options.log} is no dump: only a dump answers questions")
        packages.ensure(["binutils"])
        raw = sys.stdin.buffer.read() if options.log == "-" else pathlib.Path(options.log).read_bytes()
        explained = explain_log(verdict.plain(raw), programs)
    except (OSError, ValueError, packages.PackageError) as error:
        print(f"tools/faults: {error}", file=sys.stderr)
        return 1
    print("\n".join(explained + [f"tools/faults: {len(explained)} faults"]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
