# SPDX-License-Identifier: BSD-2-Clause
"""tools/faults: explains each fault in a log (fault_logs.py) in plain sentences with source lines, and what a machine died of that
left a dump (post_mortem.py); draws timelines and address spaces."""
import argparse
import collections
import functools
import pathlib
import re
import subprocess
import sys

import build as building
import core_dump
import elf_programs
import fault_logs
import fault_record
import image
import log_pictures
import packages
import post_mortem
import timeline
import verdict
from fault_logs import Fault

KERNEL_HALF = 1 << 63


@functools.cache
def instructions(program: elf_programs.Program) -> frozenset[int]:
    """Where its instructions start."""
    done = subprocess.run(["objdump", "-d", "--no-show-raw-insn", str(program.path)], capture_output=True, text=True,
                          check=False)
    return frozenset(int(found, 16) for found in re.findall(r"^ +([0-9a-f]+):\t", done.stdout, re.MULTILINE))


def ip_in(fault: Fault, program: elf_programs.Program) -> int:
    """Where the instruction starts, if it is one of the program's."""
    if not fault.is_behind:
        return fault.ip
    return max((start for start in instructions(program) if start < fault.ip), default=fault.ip)


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
    ip = ip_in(fault, program)
    function = program.function_at(ip)
    if function is None:
        return None
    source = program.source_line(ip)
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
    at = f"  The instruction {'ends at' if fault.is_behind else 'is at'} {fault.ip:#x}"
    if len(places) == 1:
        at += f" in {places[0]}."
    elif places:
        at += ", where several programs have one:" + "".join(f"\n    {each}" for each in places)
    elif fault.error_code & fault_record.FETCH and fault.ip == fault.address:
        at += ", where no program has code: a bad jump, call or return."
    else:
        at += ", where no known program has code."
    said = (f"\n  The system says: {fault.cause}." if fault.cause else "") + \
        (f"\n  Who pages it: {fault.keeper}." if fault.keeper else "")
    return text + "\n" + at + said


def explain_log(text: str, programs: list[elf_programs.Program]) -> list[str]:
    faults = fault_logs.faults_in(text)
    possible = candidates(faults, programs)
    return [explain(fault, possible[fault.space]) for fault in faults]


def is_dump(name: str) -> bool:
    if name == "-":
        return False
    with open(name, "rb") as file:
        return core_dump.is_one(file.read(64))


def timeline_file(text: str) -> str:
    if not text.endswith(timeline.ENDINGS):
        raise argparse.ArgumentTypeError(f"neither {' nor '.join(timeline.ENDINGS)}: {text}")
    return text


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tools/faults", description="Explains each fault in a serial log (tools/run --log), in what QEMU wrote with "
        "`-d int -D FILE`, in what Bochs wrote (tools/bochs --exception-log), or in records of tools/bochs and GDB; of a dump "
        "of `tools/run --dump` it says what the machine died of. The options about the image say which programs ran; nothing "
        "is built.",
        epilog="status: 0, also if there is no fault; 1 FILE or the programs cannot be read; 2 wrong usage")
    parser.add_argument("log", metavar="FILE", help="- for standard input")
    parser.add_argument("--timeline", type=timeline_file, action="append", default=[], metavar="PICTURE", help="draw the run as a trace for Perfetto or "
                        "chrome://tracing (.json), or as a picture (.svg): faults, how long they took, what pagers did; repeatable")
    parser.add_argument("--space", nargs=2, action="append", default=[], metavar=("WHO", "PICTURE"),
                        help="draw an address space as an SVG: who pages what, what is there, where faults hit; WHO is a "
                        "program, of a dump also a PID or a TCB's address; of a log only faults are known; repeatable")
    image.add_options(parser)
    post_mortem.add_options(parser)
    return parser.parse_args(arguments)


def tell_log(options: argparse.Namespace, programs: list[elf_programs.Program]) -> list[str]:
    raw = sys.stdin.buffer.read() if options.log == "-" else pathlib.Path(options.log).read_bytes()
    text = verdict.plain(raw)
    told = explain_log(text, programs)
    for file in options.timeline:
        pathlib.Path(file).write_text(timeline.text_for(file, log_pictures.timeline_of(text)))
    for who, file in options.space:
        faults = fault_logs.faults_in(text)
        pathlib.Path(file).write_text(log_pictures.space_of(who, faults, candidates(faults, programs)))
    return told + [f"tools/faults: {len(told)} faults"]


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    try:
        programs = image.programs(building.Build(options.compiler, options.kernel), options)
        if is_dump(options.log):
            packages.ensure(["binutils"] + packages.GDB)
            print("\n\n".join(post_mortem.explain(pathlib.Path(options.log), programs, options)))
            return 0
        if post_mortem.questions(options):
            raise ValueError(f"{options.log} is no dump: only a dump answers questions")
        packages.ensure(["binutils"])
        print("\n".join(tell_log(options, programs)))
    except (OSError, ValueError, packages.PackageError) as error:
        print(f"tools/faults: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
