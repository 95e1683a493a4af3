# SPDX-License-Identifier: BSD-2-Clause
"""How much stack machine code can use: follows every path through a disassembly, counting what is pushed.

A function is all code that its entry reaches without a call; what a jump leads to (a tail call, a part that the compiler
moved away) belongs to it. So recursion is a circle of calls, and each call happens at a known depth.
"""
import dataclasses
import re

LINE = re.compile(r"^\s*([0-9a-f]+):\t(\S+)\s*(.*?)\s*(?:#.*)?$")
SYMBOL = re.compile(r"^([0-9a-f]+) <(.+)>:$")
TARGET = re.compile(r"^([0-9a-f]+) <")
PREFIXES = ("bnd", "notrack", "rep", "repz", "repnz", "lock", "cs", "data16")
ENDS = ("ret", "retq", "iretq", "sysretq", "ud2", "lretq")
RETURNS = ("ret", "retq", "lretq")
WORD = 8


class StackError(Exception):
    """The code does something to the stack pointer that cannot be followed."""


@dataclasses.dataclass(frozen=True)
class Instruction:
    address: int
    mnemonic: str
    operands: str
    next: int  # address of the instruction behind it; 0 = none

    def target(self) -> int | None:
        """Where a direct jump or call goes."""
        found = TARGET.match(self.operands)
        return int(found.group(1), 16) if found else None

    def is_jump(self) -> bool:
        return self.mnemonic.startswith("j") or self.mnemonic.startswith("loop")

    def is_call(self) -> bool:
        return self.mnemonic in ("call", "callq")

    def is_indirect(self) -> bool:
        return (self.is_jump() or self.is_call()) and self.target() is None


@dataclasses.dataclass
class Function:
    """What can happen between a function's entry and its end. Depths count from just before its first instruction."""
    frame: int = 0
    calls: list[tuple[int, int]] = dataclasses.field(default_factory=list)  # (callee, depth with the return address)
    returns: bool = False


class Code:
    """The instructions and symbols that objdump -d lists."""

    def __init__(self, listing: str) -> None:
        self.instructions: dict[int, Instruction] = {}
        self.symbols: dict[int, str] = {}
        lines = []
        for line in listing.splitlines():
            symbol, instruction = SYMBOL.match(line), LINE.match(line)
            if symbol:
                self.symbols[int(symbol.group(1), 16)] = symbol.group(2)
            elif instruction:
                lines.append(self._split(instruction))
        for (address, mnemonic, operands), follower in zip(lines, [*lines[1:], (0, "", "")]):
            self.instructions[address] = Instruction(address, mnemonic, operands, follower[0])

    @staticmethod
    def _split(match: re.Match[str]) -> tuple[int, str, str]:
        mnemonic, operands = match.group(2), match.group(3)
        while mnemonic in PREFIXES and operands:
            mnemonic, _, operands = operands.partition(" ")
        return int(match.group(1), 16), mnemonic, operands.strip()

    def address_of(self, name: str) -> int:
        found = [address for address, symbol in self.symbols.items() if symbol == name]
        if not found:
            raise StackError(f"no function {name}")
        return found[0]

    def name_of(self, address: int) -> str:
        """The function that an address lies in."""
        return self.symbols[max(start for start in self.symbols if start <= address)]


def number(text: str) -> int:
    """A signed word, however it is written."""
    value = int(text, 0)
    return value - (1 << 64) if value >= 1 << 63 else value


def after(instruction: Instruction, depth: int, frame_pointer: int | None) -> tuple[int, int | None]:
    """Depth, and the depth that RBP remembers, behind an instruction."""
    name, operands = instruction.mnemonic, instruction.operands
    immediate = re.match(r"\$(-?0x[0-9a-f]+),%rsp$", operands)
    if name in ("push", "pushq", "pushf", "pushfq"):
        return depth + WORD, frame_pointer
    if name in ("pop", "popq", "popf", "popfq"):
        return depth - WORD, None if operands == "%rbp" else frame_pointer
    if name in ("sub", "subq") and immediate:
        return depth + number(immediate.group(1)), frame_pointer
    if name in ("add", "addq") and immediate:
        return depth - number(immediate.group(1)), frame_pointer
    if name in ("and", "andq") and immediate:
        return depth - number(immediate.group(1)) - 1, frame_pointer  # at most; -16 aligns to 16
    if name in ("leave", "leaveq"):
        return known(frame_pointer, instruction) - WORD, None
    if operands == "%rsp,%rbp" and name.startswith("mov"):
        return depth, depth
    if operands == "%rbp,%rsp" and name.startswith("mov"):
        return known(frame_pointer, instruction), frame_pointer
    based = re.match(r"(-?0x[0-9a-f]+)?\(%(rsp|rbp)\),%rsp$", operands)
    if name.startswith("lea") and based:
        base = depth if based.group(2) == "rsp" else known(frame_pointer, instruction)
        return base - number(based.group(1) or "0"), frame_pointer
    if operands.endswith(",%rsp"):
        if name.startswith(("mov", "lea")):
            return 0, frame_pointer  # another stack
        if not name.startswith(("cmp", "test")):
            raise StackError(f"{instruction.address:#x}: {name} {operands}")
    return depth, None if operands.endswith("%rbp") and not name.startswith(("cmp", "test")) else frame_pointer


def known(frame_pointer: int | None, instruction: Instruction) -> int:
    if frame_pointer is None:
        raise StackError(f"{instruction.address:#x}: RBP is not a known place on the stack")
    return frame_pointer


def follow(code: Code, entry: int, returning: set[int]) -> Function:
    """Walks through a function; calls of functions that are not in `returning` do not come back."""
    function = Function()
    seen: dict[int, tuple[int, int | None]] = {}
    work: list[tuple[int, int, int | None]] = [(entry, 0, None)]
    while work:
        address, depth, frame_pointer = work.pop()
        if address in seen:
            if seen[address][0] != depth:
                raise StackError(f"{address:#x}: reached with {seen[address][0]} and with {depth} bytes pushed")
            continue
        seen[address] = depth, frame_pointer
        if address not in code.instructions:
            raise StackError(f"{address:#x}: runs into what is no code")
        instruction = code.instructions[address]
        function.frame = max(function.frame, depth)
        target = instruction.target()
        if instruction.mnemonic in ENDS:
            function.returns |= instruction.mnemonic in RETURNS
            continue
        if instruction.is_call() and target is not None:
            function.calls.append((target, depth + WORD))
            if target not in returning:
                continue
        if instruction.is_jump() and target is not None:
            work.append((target, depth, frame_pointer))
        if instruction.mnemonic in ("jmp", "jmpq"):
            continue
        work.append((instruction.next, *after(instruction, depth, frame_pointer)))
    return function


class CallGraph:
    """All functions that the given entries can reach."""

    def __init__(self, code: Code, entries: list[str]) -> None:
        self.code = code
        self.entries = [code.address_of(name) for name in entries]
        returning: set[int] = set()
        while True:
            self.functions: dict[int, Function] = {}
            work = list(self.entries)
            while work:
                address = work.pop()
                if address not in self.functions:
                    self.functions[address] = follow(code, address, returning)
                    work += [callee for callee, _ in self.functions[address].calls]
            found = {address for address, function in self.functions.items() if function.returns}
            if found == returning:
                break
            returning = found

    def circles(self, allowed: set[str]) -> list[str]:
        """Recursion: each circle of calls once, by name; not through functions that are allowed to."""
        done: set[int] = set()
        found: list[str] = []

        def visit(address: int, path: list[int]) -> None:
            if address in path:
                names = [self.code.name_of(item) for item in path[path.index(address):]]
                if not allowed & set(names):
                    found.append(" -> ".join([*names, names[0]]))
                return
            if address in done:
                return
            for callee, _ in self.functions[address].calls:
                visit(callee, [*path, address])
            done.add(address)

        for entry in self.entries:
            visit(entry, [])
        return found

    def deepest(self, address: int, without: tuple[int, ...] = ()) -> tuple[int, list[int]]:
        """Bytes of stack that a function can use with all that it calls, and the calls that lead there. Calls of the
        functions in `without` are left out, and so is recursion."""
        known: dict[int, tuple[int, list[int]]] = {}

        def visit(function: int, path: frozenset[int]) -> tuple[int, list[int]]:
            if function not in known:
                best: tuple[int, list[int]] = (self.functions[function].frame, [])
                for callee, depth in self.functions[function].calls:
                    if callee in without or callee in path:
                        continue
                    below, calls = visit(callee, path | {callee})
                    if depth + below > best[0]:
                        best = depth + below, calls
                known[function] = best[0], [function, *best[1]]
            return known[function]

        return visit(address, frozenset({address}))
