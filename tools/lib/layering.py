# SPDX-License-Identifier: BSD-2-Clause
"""The include graph: which folder may include which, and that no header includes itself through others."""
import pathlib
import re
import sys

import build as building
import sources

INCLUDE = re.compile(r'^\s*#\s*include\s*(<([^>]+)>|"([^"]+)")', re.MULTILINE)
# Include roots in which a name is looked up, by the part of the tree that includes.
KERNEL_ROOTS = ("microkernel", "microkernel/include")
USER_ROOTS = ("libsys/include", "microkernel/include", ".", "tools/templates")
# Pure files in the machine folders of arch/x86_64: values and decoders without an instruction.
PURE_FILES = {"arch/x86_64/cpu/descriptor.hpp", "arch/x86_64/interrupt/vectors.hpp"}
# What the core asks of the machine; host tests replace it by a simulated one.
INSTRUCTION_FILES = {"arch/x86_64/cpu/instructions.hpp", "arch/x86_64/cpu/registers.hpp",
                     "arch/x86_64/cpu/entry_area.hpp", "arch/x86_64/cpu/fpu.hpp", "arch/x86_64/cpu/cpuid.hpp",
                     "arch/x86_64/cpu/cpuid.cpp", "arch/x86_64/interrupt/lapic.hpp",
                     "arch/x86_64/interrupt/ioapic.hpp"}
# Pure readers of what firmware and boot loader left: values that the machine's start-up uses.
BOOT_VALUES = {"boot/boot_image.hpp", "boot/boot_memory.hpp", "boot/multiboot2.hpp"}
PURE = {"lib", "config", "mem", "arch/pure", "arch/paging", "arch/context"}
DATA = PURE | {"cap", "object"}
RUNNING = DATA | {"state", "sched", "space", "arch/instructions"}
BELOW = {  # layer: what it may include besides itself, <abi/...> and the freestanding standard headers
    "abi": set(),
    "config": set(),
    "lib": {"config"},
    "mem": {"lib", "config"},
    "arch/pure": PURE,
    "arch/paging": PURE,
    "arch/context": PURE,
    "arch/instructions": PURE,
    "cap": {"lib", "mem", "config"},
    "object": DATA,
    "state": DATA | {"sched", "arch/instructions"},  # the one global structure
    "space": DATA | {"state", "arch/instructions"},
    "sched": RUNNING,
    "ipc": RUNNING,
    "interrupt": RUNNING | {"ipc"},
    "lifetime": RUNNING | {"ipc", "interrupt"},
    "check": RUNNING | {"ipc", "interrupt", "lifetime"},
    "syscall": RUNNING | {"ipc", "interrupt", "lifetime", "check"},
    "arch/machine": PURE | {"arch/instructions", "acpi", "boot/values"},
    "boot/values": PURE,
    "acpi": PURE | {"boot/values"},
}
SPECIFICATION_MAY = re.compile(r"<(spec/\w+\.hpp|\w+)>")
# Exceptions, each with its reason: (file, included file).
ALLOWED: dict[tuple[str, str], str] = {
    ("lib/count.hpp", "system.hpp"): "the counting kernel counts in the one global structure",
    ("lib/count.hpp", "check/watch.hpp"): "the debug kernel watches how long interrupts are off, and its invariants",
    ("arch/x86_64/panic.cpp", "paging_ring.hpp"): "a panic shows what happened before",
    ("arch/x86_64/panic.cpp", "check/panic_cause.hpp"): "a panic says what it means",
    ("check/panic_report.cpp", "arch/x86_64/linker.hpp"): "the guard pages of the stacks are known by their symbols",
    ("check/begin_checks.cpp", "arch/x86_64/linker.hpp"): "text and stack of the image are remembered",
    ("check/begin_checks.cpp", "boot/command_line.hpp"): "who counts on time says so on the command line",
    ("lib/log.hpp", "mem/address.hpp"): "addresses are printed as such",
    ("lib/memory.cpp", "arch/x86_64/cpu/instructions.hpp"): "memory is copied by string instructions",
    ("cap/lookup.cpp", "lib/count.hpp"): "a walk through many CNodes lets interrupts in",
    ("object/io_ports.cpp", "lib/count.hpp"): "a walk through all ports lets interrupts in",
    ("object/io_ports.cpp", "system.hpp"): "the I/O permission bitmap is part of the one global structure",
    ("object/registers.cpp", "sched/switch.hpp"): "the registers of the running thread may still be in the CPU",
    ("sched/scheduler.cpp", "ipc/fault.hpp"): "an exhausted budget is a fault message",
}


def layer(path: str) -> str | None:
    """The layer of a kernel file named from microkernel/; None for what may include everything (boot/)."""
    parts = path.split("/")
    if parts[0] == "include":
        return "abi"
    if path == "config.hpp":
        return "config"
    if path in BOOT_VALUES or path.removesuffix(".cpp") + ".hpp" in BOOT_VALUES:
        return "boot/values"
    if path == "sched/time.hpp":
        return "mem"  # ticks and durations: values, as addresses are
    if path in ("system.hpp", "system.cpp", "paging_ring.hpp", "paging_ring.cpp"):
        return "state"  # the record of events, too: whoever causes one writes it
    if parts[:2] == ["arch", "x86_64"]:
        if path in PURE_FILES or path.removesuffix(".cpp") + ".hpp" in PURE_FILES:
            return "arch/pure"
        if path in INSTRUCTION_FILES:
            return "arch/instructions"
        if parts[2] in ("paging", "context"):
            return "arch/" + parts[2]
        if parts[2] == "acpi":
            return "acpi"
        return "arch/machine"
    return None if parts[0] == "boot" else parts[0]


def part(path: str) -> str:
    """Which independent part of the user side a file belongs to."""
    parts = path.removeprefix("tools/templates/").split("/")
    return "/".join(parts[:2]) if parts[0] == "servers" else parts[0]


class Graph:
    """Includes between the files of a repository: file -> [(text as written, file found or None)]."""

    def __init__(self, root: pathlib.Path) -> None:
        self.files = {sources.relative(path, root): path.read_text() for path in sources.code(root)}
        self.edges = {name: self._includes(name, text) for name, text in self.files.items()}

    def _includes(self, name: str, text: str) -> list[tuple[str, str | None]]:
        roots = KERNEL_ROOTS if name.startswith("microkernel/") else USER_ROOTS
        found = []
        for match in INCLUDE.finditer(text):
            written = match.group(1)
            target = match.group(2) or match.group(3)
            candidates = [target if root == "." else f"{root}/{target}" for root in roots]
            found.append((written, next((item for item in candidates if item in self.files), None)))
        return found


def kernel_problem(name: str, target: str) -> str | None:
    here, there = name.removeprefix("microkernel/"), target.removeprefix("microkernel/")
    if not target.startswith("microkernel/"):
        return f"{name}: the kernel includes {target}"
    upper, lower = layer(here), layer(there)
    if upper is None or lower == upper or lower == "abi" or (here, there) in ALLOWED:
        return None
    if upper == "arch/machine" and there == "syscall/dispatch.hpp":
        return None  # the one declared function through which a trap becomes a system call
    if lower in BELOW.get(upper, set()):
        return None
    return f"{name} ({upper}) includes {target} ({lower or 'boot'})"


# What a server shows others; everything else in its folder is its own.
SHOWN = re.compile(r"servers/[^/]+/(?:protocol|client)\.hpp")


def user_problem(name: str, target: str) -> str | None:
    if target.startswith("microkernel/"):
        return None if target.startswith("microkernel/include/abi/") else f"{name}: user code includes {target}"
    if part(name) == part(target) or (part(target) == "libsys" and target.startswith("libsys/include/")):
        return None
    if SHOWN.fullmatch(target):
        return None
    return f"{name} includes {target} of another part"


def specification_problems(name: str, includes: list[tuple[str, str | None]]) -> list[str]:
    """The specification shares nothing with what it specifies: itself and the standard library, not even the ABI."""
    return [f"{name} includes {written}, but the specification stands alone" for written, _ in includes
            if not SPECIFICATION_MAY.fullmatch(written)]


def rule_problems(graph: Graph) -> list[str]:
    """Every include that breaks a rule of direction."""
    problems = []
    for name, includes in graph.edges.items():
        if name.startswith("tests/spec/"):
            problems += specification_problems(name, includes)
        if name.startswith("tests/") or name.endswith("_test.cpp"):
            continue
        for written, target in includes:
            if written.startswith('"') and not name.startswith("tests/"):
                problems.append(f"{name}: includes {written}, but includes are rooted: <folder/name.hpp>")
            if target is None:
                continue
            if target.startswith("tests/"):
                problems.append(f"{name}: includes {target}, but nothing includes tests")
                continue
            check = kernel_problem if name.startswith("microkernel/") else user_problem
            problem = check(name, target)
            if problem:
                problems.append(problem)
    return problems


def cycles(graph: Graph) -> list[str]:
    """Headers that include themselves through others, each cycle once."""
    done: set[str] = set()
    found: list[str] = []

    def visit(name: str, path: list[str]) -> None:
        if name in path:
            found.append(" -> ".join([*path[path.index(name):], name]))
            return
        if name in done:
            return
        for _, target in graph.edges.get(name, []):
            if target:
                visit(target, [*path, name])
        done.add(name)

    for name in graph.edges:
        visit(name, [])
    return found


def main() -> int:
    graph = Graph(building.REPOSITORY)
    problems = rule_problems(graph) + [f"cycle: {cycle}" for cycle in cycles(graph)]
    print("\n".join(problems) if problems else f"{len(graph.files)} files, no include against the rules, no cycle")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
