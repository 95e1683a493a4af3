# SPDX-License-Identifier: BSD-2-Clause
"""tools/fault-scenarios: the faults of tests/system/faults, those of the kernel itself that tests/system/kernel_faults has it
commit, and those of tests/system/process/paged.cpp, which the shipped pager answers, as the tools tell them, in QEMU and in Bochs,
next to how they should be told (expected.txt there).

A record belongs to the scenario whose name its thread has, or of `paged`, whose address it has. What another build or machine may do otherwise is left out:
physical addresses, CR3, where an instruction is in a function, whether a walk that fails is noted in accessed bits, and how
often a fault repeats that is no livelock: a thread whose time is over while the debugger looks at its fault makes it once more.
QEMU 7.2 says of a reserved bit that the page was not present; the CPU's manual and Bochs say that it was."""
import argparse
import difflib
import pathlib
import re
import subprocess
import sys
import tempfile

import build as building
import fault_record
import packages
import test_scenarios

SUITE = building.REPOSITORY / "tests" / "system" / "faults"
EXPECTED = SUITE / "expected.txt"
PROGRAM = "tests/system/faults.elf"
KERNEL_PROGRAM = "tests/system/kernel_faults.elf"
BUGS = ("user", "touch", "reserved", "stack", "gate")  # of the kernel, each in a boot of its own: it panics
PAGED = "tests/system/process/paged.elf"
ARCHIVE_CHANGES = {"remove": ["sbin/init"], "program": {"sbin/eclipse-systemd": PAGED, "sbin/paged": PAGED}}
PAGED_ADDRESSES = {"0x10000000": "shipped-pager-swap", "0x20000000": "shipped-pager-refuses"}
MACHINES = ("QEMU", "Bochs")
TIMEOUT_SECONDS = 200
FRAME_MASK = (1 << 47) - (1 << 12)
NOTED = 1 << 5 | 1 << 6  # accessed, dirty
THREAD = re.compile(r', thread "([a-z0-9-]+)"$', re.MULTILINE)
ENTRY = re.compile(r"0x([0-9a-f]{16})  (table|page) 0x[0-9a-f]+ ([^A\n]*?)(?: A)?(?: D)?(?= keeper|$)", re.MULTILINE)
THEN = "\n  then: "
REPEATS = re.compile(r"\n  the same fault for the \d+\. time in a row$(?:\n  the last time: .*)?", re.MULTILINE)
LIVELOCK = re.compile(r"for the \d+\. time in a row \(livelock\)$", re.MULTILINE)
MEMORY = re.compile(r" \(memory 0x[0-9a-f]+\)")
COUNTED = re.compile(r", the same \d+ times before(?:: a livelock)?")
CR3 = re.compile(r", CR3 0x[0-9a-f]+$", re.MULTILINE)
PAGED_THREAD = re.compile(r"^\w+ of (0x\w+) .*by paged, thread without a name( \(TCB 0x\w+\))$", re.MULTILINE)
IN_FUNCTION = re.compile(r"^  at 0x\w+ ([\w:()<> ]+?)(?:\+0x\w+)? \((\S+):\d+\)$", re.MULTILINE)
RESERVED = re.compile(r"error code 0x(\w+) \((?!present)(.*reserved.*)\)")
HEAD = "Written by tools/fault-scenarios --rewrite: how the faults of this folder's threads are told.\n"


class ScenarioError(Exception):
    """A machine told nothing."""


def portable(record: str) -> str:
    """Without what differs from build to build."""
    def entry(found: re.Match) -> str:
        return f"{int(found.group(1), 16) & ~(FRAME_MASK | NOTED):#018x}  {found.group(2)} {found.group(3)}"

    def with_present(found: re.Match) -> str:
        return f"error code {int(found.group(1), 16) | fault_record.PRESENT:#x} (present {found.group(2)})"

    if paged := PAGED_THREAD.search(record):
        record = record.replace(paged.group(2), "", 1)
    text = IN_FUNCTION.sub(r"  at \1 (\2)", RESERVED.sub(with_present, CR3.sub("", ENTRY.sub(entry, record))))
    return LIVELOCK.sub("again and again (livelock)", COUNTED.sub("", MEMORY.sub("", REPEATS.sub("", text))))


def scenario_of(headline: str) -> str | None:
    if thread := THREAD.search(headline):
        return thread.group(1)
    paged = PAGED_THREAD.search(headline)
    return PAGED_ADDRESSES.get(paged.group(1)) if paged else None


def by_scenario(trace: str) -> dict[str, list[str]]:
    """The records of each named thread, in order; those alike that follow each other are one."""
    found: dict[str, list[str]] = {}
    for record in filter(None, trace.strip().split("\n\n")):
        text = re.sub(r"^fault \d+: ", "", record)
        if name := scenario_of(text.splitlines()[0]):
            records, told_now = found.setdefault(name, []), portable(text)
            if records and told_now.startswith(records[-1] + THEN):  # made once more: now the kernel saw it
                records.pop()
            records += [told_now] if records[-1:] != [told_now] else []
    return found


def command(machine: str, trace: pathlib.Path, image_options: list[str]) -> list[str]:
    tool, *options = {"QEMU": ("run", "--gdb"), "Bochs": ("bochs", "--exceptions", "--trace", str(trace))}[machine]
    return [str(building.REPOSITORY / "tools" / tool), "--no-build", "--timeout", str(TIMEOUT_SECONDS), *options, *image_options]


def traced(machine: str, trace: pathlib.Path, *image_options: object, panics: bool = False) -> dict[str, list[str]]:
    """What a machine's debugger tells of a run. A kernel that panics has told it before."""
    done = subprocess.run(command(machine, trace, list(map(str, image_options))), text=True, stdout=subprocess.PIPE,
                          input=f"umbra trace {trace}\ncontinue\nquit\n" if machine == "QEMU" else "",
                          stderr=subprocess.STDOUT, timeout=2 * TIMEOUT_SECONDS, check=False)
    if (done.returncode != 0) != panics or not trace.exists():
        raise ScenarioError(f"{machine}: {done.stdout[-2000:]}")
    return by_scenario(trace.read_text())


def told(machine: str, build: building.Build) -> dict[str, list[str]]:
    """Every scenario as a machine tells it."""
    with tempfile.TemporaryDirectory(prefix="umbra-") as name:
        folder = pathlib.Path(name)
        found = traced(machine, folder / "trace", "--root", build.folder / PROGRAM)
        place = test_scenarios.Place(building.REPOSITORY, build.folder)
        rootfs = test_scenarios.edited_archive(build.archive, ARCHIVE_CHANGES, place, folder)
        found |= traced(machine, folder / "paged.trace", "--archive", rootfs)
        for bug in BUGS:
            (folder / bug).write_text("its name is all that it says\n")
            found |= traced(machine, folder / f"{bug}.trace", "--root", build.folder / KERNEL_PROGRAM, "--module", folder / bug,
                            panics=True)
        return found


def text_of(scenarios: dict[str, list[str]]) -> str:
    return HEAD + "".join(f"\n== {name}\n" + "\n".join(records) + "\n" for name, records in sorted(scenarios.items()))


def read_expected(text: str) -> dict[str, str]:
    """By scenario: its records, one after the other."""
    parts = re.split(r"^== (\S+)\n", text, flags=re.MULTILINE)
    return {name: body.strip("\n") for name, body in zip(parts[1::2], parts[2::2])}


def difference(expected: str, actual: str, machine: str) -> str:
    """A unified diff; empty if they are the same."""
    return "\n".join(difflib.unified_diff(expected.splitlines(), actual.splitlines(), "expected", machine, lineterm="", n=3))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tools/fault-scenarios", description="Compares how QEMU and Bochs tell the faults "
                                     f"of {SUITE.relative_to(building.REPOSITORY)} with expected.txt there.",
                                     epilog="status: 0 all the same, 1 a difference, 2 wrong usage")
    parser.add_argument("--machine", choices=MACHINES, action="append", help="only this one; default: both")
    parser.add_argument("--rewrite", action="store_true", help="write what QEMU tells into expected.txt: look at the change")
    options = parser.parse_args(arguments)
    build, differs = building.Build(), ""
    try:
        packages.ensure(packages.IMAGE + packages.QEMU + packages.BOCHS + packages.GDB)
        with building.locked(build):
            building.compile_targets(build, ["all", PROGRAM, KERNEL_PROGRAM])
        if options.rewrite:
            EXPECTED.write_text(text_of(told("QEMU", build)))
            return 0
        for machine in options.machine or MACHINES:
            differs += difference(EXPECTED.read_text(), text_of(told(machine, build)), machine)
    except (building.BuildError, packages.PackageError, ScenarioError) as error:
        differs = str(error)
    print(differs or "tools/fault-scenarios: every fault is told as expected")
    return 1 if differs else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
