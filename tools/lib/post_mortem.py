# SPDX-License-Identifier: BSD-2-Clause
"""tools/faults DUMP: what a machine died of, and the commands of tools/gdb/umbra.py on what it left (core_dump.py)."""
import argparse
import pathlib
import shlex
import subprocess

import core_dump
import elf_programs
import fault_record
import gdb_session
import kernel_layout
import page_walk

STACK_BYTES = 1 << 15  # more than any stack of the kernel's
KERNEL_CODE, KERNEL_DATA = 0x08, 0x10  # selectors
FLAGS = 0x3FFFFF  # of RFLAGS
# Option -> (the command of `umbra`, what stands for its argument, what it shows)
ASKED = {"walk": ("walk", "ADDR", "the way through the page tables that CR3 names, or of a program: 'ADDR PROGRAM'"),
         "threads": ("threads", None, "all threads, what they were doing, and their faults"),
         "pending": ("faults", None, "the faults that waited for an answer"),
         "vspace": ("vspace", "WHO", "what is mapped in an address space; WHO is a program, a PID, or a TCB's address"),
         "caps": ("caps", "WHO", "the capabilities of a thread"),
         "keepers": ("keepers", "WHO", "who pages an address space"),
         "who-maps": ("who-maps", "FRAME", "where the page at a physical address is mapped"),
         "events": ("events", "COUNT", "the last paging events, and how old each is; COUNT: at most 256"),
         "untyped": ("untyped", None, "untyped memory, and what is given out of it"),
         "backtrace": ("backtrace", None, "the kernel's calls, and from its entry on the program's")}


def add_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("dumps", "of FILE, if it is a dump (tools/run --dump); repeatable, told in this order")
    for option, (command, argument, text) in ASKED.items():
        kind = {"action": "append", "metavar": argument} if argument else {"action": "append_const", "const": ""}
        group.add_argument(f"--{option}", dest=f"ask_{command.replace('-', '_')}", help=text, **kind)


def questions(options: argparse.Namespace) -> list[str]:
    """The commands of `umbra` that are asked for."""
    return [f"umbra {command} {argument}".strip() for command, _, _ in ASKED.values()
            for argument in getattr(options, f"ask_{command.replace('-', '_')}") or []]


def trap_in_kernel(dump: core_dump.CoreDump, kernel: elf_programs.Program) -> fault_record.Trap | None:
    """The exception of ring 0 that the kernel died of: its frame, the innermost on the stack. None if it died otherwise."""
    registers = dump.registers
    cr3, top = registers["cr3"], registers["rsp"]
    stack = b""
    while len(stack) < STACK_BYTES:
        more = page_walk.read_virtual(dump.read, cr3, top + len(stack), 4096 - (top + len(stack)) % 4096)
        if more is None:
            break
        stack += more
    words = [int.from_bytes(stack[at:at + 8], "little") for at in range(0, len(stack) - 7, 8)]
    for vector, error, ip, cs, flags, sp, ss in zip(*(words[offset:] for offset in range(7))):
        if (cs, ss) == (KERNEL_CODE, KERNEL_DATA) and vector < 32 and flags & ~FLAGS == 0 and \
                page_walk.is_canonical(ip) and sp >> 63 and error < 1 << 32:
            return fault_record.Trap(registers["cr2"], error, ip, cs, flags, sp, cr3, vector)
    return None


def cause(dump: core_dump.CoreDump, programs: list[elf_programs.Program]) -> str:
    """The record of what it died of."""
    kernel, *others = programs
    trap = trap_in_kernel(dump, kernel)
    if trap is None:
        ip = dump.registers["rip"]
        return f"no exception in the kernel; it stands at {ip:#x} {kernel.function_at(ip) or '?'}"
    layout = kernel_layout.of(kernel.path)
    return fault_record.Explainer(kernel, others, layout).record(trap, dump.read).text()


def ask(path: pathlib.Path, programs: list[elf_programs.Program], commands: list[str]) -> str:
    """What the commands of `umbra` say about the dump, each behind its own line."""
    lines = [part for command in commands for part in ("-ex", f"echo \\n{command}\\n", "-ex", command)]
    start = gdb_session.scripts(programs, pathlib.Path("/dev/null"), path)
    done = subprocess.run([*start, "-batch", *lines, str(programs[0].path), str(path)], stdin=subprocess.DEVNULL,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.stdout[done.stdout.find(f"\n{commands[0]}\n"):].strip("\n")


def pictures(options: argparse.Namespace) -> list[str]:
    """The commands that draw what is asked for."""
    return [f"umbra timeline {quoted(file)}" for file in options.timeline] + [f"umbra space {quoted(who)} {quoted(file)}" for who, file in options.space]


def quoted(word: str) -> str:
    """As one word for GDB's string_to_argv."""
    return shlex.quote(str(word))


def explain(path: pathlib.Path, programs: list[elf_programs.Program], options: argparse.Namespace) -> list[str]:
    """programs: the kernel first."""
    commands = questions(options) + pictures(options)
    return [cause(core_dump.CoreDump(path), programs), *([ask(path, programs, commands)] if commands else [])]
