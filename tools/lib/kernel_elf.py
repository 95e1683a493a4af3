# SPDX-License-Identifier: BSD-2-Clause
"""tools/kernel: checks of the linked kernel, and its figures. What is allowed, and why: docs/kernel-image.md."""
import argparse
import dataclasses
import pathlib
import re
import subprocess
import sys

import build as building
import packages
import stack_depth

# Jumps and calls whose target is in a register or in memory, and far ones: (function, mnemonic).
ALLOWED_BRANCHES = {("long_mode", "jmp"), ("load_tables", "lretq"), ("execute_at", "call")}
# Functions that call themselves: deliberately, in debug kernels, to overflow the stack.
ALLOWED_RECURSION = {"recurse"}
USER_ENTRIES = ("syscall_stub", "user_interrupt", "user_exception")  # ring 3 gets in here, with the stack empty
INTERRUPT = "interrupt_in_kernel"             # in the preemption window, or idle: on top of what is there
FATAL = "fatal_exception"                     # a bug, on top of that
OTHER_STACKS = {"nmi_stub": "nmi_stack", "double_fault_stub": "double_fault_stack",
                "machine_check_stub": "machine_check_stack", "debug_stub": "debug_stack",
                "isolated_interrupt": "entry_stack", "isolated_exception": "entry_stack"}
START = "higher_half"
ENDS_IN_PANIC = ("panic", "assertion_failed", "kernel_exception")
CPU_FRAME = 6 * 8  # what the CPU pushes, and what it skips to align the stack
FRAME_LIMIT, START_FRAME_LIMIT = 512, 640
FLAGS_MASKED = 0x47700  # what SYSCALL clears (FMASK): TF, IF, DF, IOPL, NT, AC
CLAC_PLACE = "clac_place"
VECTOR_OPERAND = re.compile(r"%(?:[xyz]mm|mm[0-7]|st\b)")
X87 = re.compile(r"f(?!xsave|xrstor)\w+$|ldmxcsr$|stmxcsr$|emms$")
CHECK_FUNCTION = re.compile(r"^(?:void|Word|Sound|bool|const \S+) (\w+)\(", re.MULTILINE)


@dataclasses.dataclass
class Kernel:
    """A linked kernel, read once."""
    elf: pathlib.Path
    code: stack_depth.Code = dataclasses.field(init=False)
    graph: stack_depth.CallGraph = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        where = self.symbols()
        disassemble = ("objdump", "-d", "--no-show-raw-insn")
        self.code = stack_depth.Code(tool(*disassemble, "-j", ".entry", "-j", ".text", self.elf))
        # What comes before in .boot is 32-bit code.
        start = stack_depth.Code(tool(*disassemble, "-j", ".boot", f"--start-address={where['long_mode']:#x}",
                                      f"--stop-address={where['boot_gdt']:#x}", self.elf))
        self.code.instructions |= start.instructions
        self.code.symbols |= start.symbols
        self.graph = stack_depth.CallGraph(self.code, [*USER_ENTRIES, INTERRUPT, FATAL, *OTHER_STACKS, START])

    def symbols(self) -> dict[str, int]:
        return {name: int(address, 16) for address, _, name in
                (line.split(" ", 2) for line in tool("nm", "--defined-only", self.elf).splitlines())}

    def stack_size(self, name: str) -> int:
        where = self.symbols()
        return where[name + "_top"] - where[name + "_guard"] - 4096

    def depth(self, entry: str, panics: bool = False) -> tuple[int, list[str]]:
        """Deepest use from an entry on, and the functions on the way; without panics: as long as nothing is broken."""
        ends = () if panics else ENDS_IN_PANIC
        bytes_used, path = self.graph.deepest(self.code.address_of(entry), without=tuple(
            address for address in self.graph.functions if short(self.code.name_of(address)) in ends))
        return bytes_used, [short(self.code.name_of(address)) for address in path]

    def reachable(self, entries: tuple[str, ...]) -> set[int]:
        """Functions that the entries lead to, but for panics."""
        found: set[int] = set()
        work = [self.code.address_of(name) for name in entries]
        while work:
            address = work.pop()
            if address not in found and short(self.code.name_of(address)) not in ENDS_IN_PANIC:
                found.add(address)
                work += [callee for callee, _ in self.graph.functions[address].calls]
        return found

    def straight_on(self, entry: str) -> list[int]:
        """Addresses of the instructions from an entry to its first call."""
        found, address = [], self.code.address_of(entry)
        while not self.code.instructions[address].is_call():
            found.append(address)
            address = self.code.instructions[address].next
        return found

    def largest_frame(self, entries: tuple[str, ...]) -> tuple[int, str]:
        return max((self.graph.functions[address].frame, short(self.code.name_of(address)))
                   for address in self.reachable(entries))


def tool(*command: object) -> str:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout


def short(symbol: str) -> str:
    """The last name of a mangled symbol: _ZN6kernel12_GLOBAL__N_17recurseEmm.constprop.0 -> recurse."""
    rest, name = symbol.removeprefix("_ZN").removeprefix("K"), symbol
    if rest == symbol:
        return symbol.split(".")[0]
    while found := re.match(r"(\d+)", rest):
        length = int(found.group(1))
        name, rest = rest[found.end():found.end() + length], rest[found.end() + length:]
    return name


def branch_problems(kernel: Kernel) -> list[str]:
    found = []
    for instruction in kernel.code.instructions.values():
        far = instruction.mnemonic.startswith(("lret", "ljmp", "lcall", "retf"))
        if far or instruction.is_indirect():
            place = short(kernel.code.name_of(instruction.address))
            if (place, instruction.mnemonic) not in ALLOWED_BRANCHES:
                found.append(f"{place}: {instruction.address:#x}: {instruction.mnemonic} {instruction.operands}")
    return found


def segment_problems(kernel: Kernel) -> list[str]:
    found = []
    for flags in re.findall(r"^\s+LOAD\s+(?:0x\w+\s+){5}([RWE ]{3})", tool("readelf", "-lW", kernel.elf), re.MULTILINE):
        if "W" in flags and "E" in flags:
            found.append("a segment is writable and executable")
    for name, size in re.findall(r"^\s+\[ *\d+\] (\S+)\s+\S+\s+\w+ \w+ (\w+)", tool("readelf", "-SW", kernel.elf),
                                 re.MULTILINE):
        if re.match(r"\.(rela?|init_array|fini_array|ctors|dtors|dynamic|got)", name) and int(size, 16):
            found.append(f"section {name}: {int(size, 16)} bytes")
    return found


def recursion_problems(kernel: Kernel) -> list[str]:
    allowed = {name for name in kernel.code.symbols.values() if short(name) in ALLOWED_RECURSION}
    return [" -> ".join(map(short, circle.split(" -> "))) for circle in kernel.graph.circles(allowed)]


def kernel_stack_use(kernel: Kernel) -> dict[str, tuple[int, list[str]]]:
    """What the kernel stack holds at most: ordinary, with an interrupt on top, and when a bug is told on top of it."""
    ordinary = max((kernel.depth(entry) for entry in USER_ENTRIES), key=lambda depth: depth[0])
    interrupt = CPU_FRAME + kernel.depth(INTERRUPT)[0]
    return {"ordinary": ordinary, "with an interrupt": (ordinary[0] + interrupt, ordinary[1]),
            "with a panic": (ordinary[0] + interrupt + CPU_FRAME + kernel.depth(FATAL, panics=True)[0], ordinary[1]),
            "at start": kernel.depth(START)}


def stack_problems(kernel: Kernel) -> list[str]:
    """Half of the kernel stack is enough for all that happens; a panic, and the other stacks, just have to fit."""
    size, found = kernel.stack_size("kernel_stack"), []
    for what, (used, path) in kernel_stack_use(kernel).items():
        if used > (size if what == "with a panic" else size // 2):
            found.append(f"{what}: {used} bytes of {size}: {' -> '.join(path)}")
    for entry, stack in OTHER_STACKS.items():
        used = CPU_FRAME + kernel.depth(entry, panics=True)[0]
        if used > kernel.stack_size(stack):
            found.append(f"{stack}: {used} bytes")
    return found


def frame_problems(kernel: Kernel) -> list[str]:
    found = []
    for entries, limit in (((*USER_ENTRIES, INTERRUPT), FRAME_LIMIT), ((START,), START_FRAME_LIMIT)):
        size, name = kernel.largest_frame(entries)
        if size >= limit:
            found.append(f"{name}: {size} bytes, allowed are fewer than {limit}")
    return found


def vector_problems(kernel: Kernel) -> list[str]:
    return [f"{short(kernel.code.name_of(instruction.address))}: {instruction.mnemonic} {instruction.operands}"
            for instruction in kernel.code.instructions.values()
            if VECTOR_OPERAND.search(instruction.operands) or X87.match(instruction.mnemonic)]


def invariant_problems(kernel: Kernel) -> list[str]:
    """Functions that microkernel/check declares."""
    declared = {name for header in (building.REPOSITORY / "microkernel" / "check").glob("*.hpp")
                for name in CHECK_FUNCTION.findall(header.read_text())}
    return [f"{name} is there" for name in sorted(declared & {short(symbol) for symbol in kernel.code.symbols.values()})]


def flag_problems(kernel: Kernel) -> list[str]:
    """No behaviour shows a forgotten AC; so this looks for the constant, for CLD, and for the place of CLAC."""
    found = []
    if not any(f"${FLAGS_MASKED:#x}," in instruction.operands for instruction in kernel.code.instructions.values()):
        found.append(f"FMASK is not {FLAGS_MASKED:#x}")
    for entry in USER_ENTRIES[1:]:
        path = kernel.straight_on(entry)
        if "cld" not in [kernel.code.instructions[address].mnemonic for address in path]:
            found.append(f"{entry}: no CLD before the first call")
        if not any(kernel.code.symbols.get(address, "").startswith(CLAC_PLACE) for address in path):
            found.append(f"{entry}: no place for CLAC before the first call")
    return found


def landing_pad_problems(kernel: Kernel) -> list[str]:
    count = sum(instruction.mnemonic == "endbr64" for instruction in kernel.code.instructions.values())
    return [f"{count} times endbr64, but control-flow enforcement is off"] if count else []


CHECKS = {
    "no jump or call goes through a register or memory": branch_problems,
    "nothing is writable and executable, relocated or constructed": segment_problems,
    "no function calls itself, not through others either": recursion_problems,
    "the deepest path takes at most half of the stack": stack_problems,
    "stack frames are small": frame_problems,
    "no vector or x87 register is touched": vector_problems,
    "entries clear the flags that ring 3 may have set": flag_problems,
    "there is no landing pad, as control-flow enforcement is off": landing_pad_problems,
}
# What a debug kernel may do and the kernel that is measured may not.
RELEASE_CHECKS = {"it does not check its invariants": invariant_problems}


def figures(kernel: Kernel) -> list[str]:
    size = kernel.stack_size("kernel_stack")
    lines = [f"instructions {len(kernel.code.instructions)}, functions {len(kernel.graph.functions)}",
             f"kernel stack, {size} bytes:"]
    for what, (used, path) in kernel_stack_use(kernel).items():
        lines.append(f"  {what:18} {used:5}  {' -> '.join(path[:12])}")
    for entry, stack in OTHER_STACKS.items():
        lines.append(f"{stack.replace('_', ' ')}, {kernel.stack_size(stack)} bytes: "
                     f"{CPU_FRAME + kernel.depth(entry, panics=True)[0]}")
    for what, entries in (("entered from ring 3", (*USER_ENTRIES, INTERRUPT)), ("start", (START,))):
        lines.append("largest frame, {}: {} bytes, {}".format(what, *kernel.largest_frame(entries)))
    return lines


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tools/kernel", epilog="status: 0 all checks hold, 1 some do not, 2 usage",
                                     description="Builds the kernel, checks what the linker made, prints figures.")
    parser.add_argument("--compiler", choices=building.COMPILERS, default="gcc")
    parser.add_argument("--kernel", choices=building.KERNELS, default="release")
    options = parser.parse_args(arguments)
    build = building.Build(options.compiler, options.kernel)
    try:
        with building.locked(build):
            building.compile_targets(build, ["microkernel/umbra.elf"])
            kernel = Kernel(build.kernel_elf)
    except (building.BuildError, packages.PackageError) as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(figures(kernel)))
    problems = [f"{name}: {problem}" for name, check in CHECKS.items() for problem in check(kernel)]
    print("\n".join(problems) if problems else "all checks hold")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
