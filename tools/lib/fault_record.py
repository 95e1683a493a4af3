# SPDX-License-Identifier: BSD-2-Clause
"""What a page fault was, as far as registers and memory tell it: who, where, what was tried, and why it was refused.

One record for every tool; `Record.text` is how it looks. Pure but for the files of the programs."""
import dataclasses

import capability_words
import elf_programs
import kernel_layout
import page_walk
import paging_events

PRESENT, WRITE, USER, RESERVED, FETCH = 1, 2, 4, 8, 16  # the error code (SDM Vol. 3A, "Page-Fault Exceptions")
ALIGNMENT_CHECK = 1 << 18  # in RFLAGS: ring 0 may reach user pages
NEAR_STACK = 1 << 16
USER_END = 1 << 47
PAGE = 4096
DOUBLE_FAULT, GENERAL_PROTECTION, PAGE_FAULT = 8, 13, 14
VECTORS = {DOUBLE_FAULT: "double fault", 12: "stack fault", GENERAL_PROTECTION: "general protection"}  # that bad addresses lead to, too
NEAR_EVENTS = 64  # of the kernel's record: more than a livelock needs to be seen
GENERAL_REGISTERS = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", *(f"r{number}" for number in range(8, 16)))


@dataclasses.dataclass(frozen=True)
class Trap:
    """What the CPU says of a page fault, or of another exception in VECTORS: then `address` means nothing.

    registers: the general ones at that instruction, where they are known."""
    address: int
    error_code: int
    ip: int
    cs: int
    flags: int
    sp: int
    cr3: int
    vector: int = PAGE_FAULT
    registers: tuple[tuple[str, int], ...] = ()

    @property
    def ring(self) -> int:
        return self.cs & 3

    @property
    def access(self) -> str:
        if self.error_code & FETCH:
            return "execute"
        return "write" if self.error_code & WRITE else "read"


def trap_on_stack(read: page_walk.Reader, cr2: int, cr3: int, sp: int, vector: int = PAGE_FAULT,
                  registers: dict[str, int] | None = None) -> Trap | None:
    """At the first instruction of the stub: error code and frame are on the stack. None if there is no stack."""
    raw = page_walk.read_virtual(read, cr3, sp, 48)
    if raw is None:
        return None
    error_code, ip, cs, flags, user_sp, _ = (int.from_bytes(raw[at:at + 8], "little") for at in range(0, 48, 8))
    known = tuple((name, value) for name, value in (registers or {}).items() if name in GENERAL_REGISTERS)
    return Trap(cr2, error_code & 0xFFFF_FFFF, ip, cs & 0xFFFF, flags, user_sp, cr3, vector, known)


def level_of(entry: page_walk.Entry) -> str:
    return f"level {entry.level} ({page_walk.LEVEL_NAMES[entry.level]})"


def reason(trap: Trap, walk: page_walk.Walk) -> str:
    """Why the CPU refused, by the tables as they are now. walk: of a double fault, the way to where its frame would have gone."""
    if trap.vector == DOUBLE_FAULT:
        return "its stack has overflown: below the stack pointer is no page, so that no page fault could be told" \
            if walk.physical is None else "the CPU could not deliver the exception before: not for want of a stack"
    if trap.vector != PAGE_FAULT:
        wrong = [f"{name} {value:#x}" for name, value in (*trap.registers, ("rsp", trap.sp), ("rip", trap.ip))
                 if not page_walk.is_canonical(value)]
        return f"not canonical: {', '.join(wrong)}" if wrong else \
            "no register holds an address that is not canonical: another cause than an address"
    if not walk.entries:
        return "the address is not canonical"
    if trap.error_code & RESERVED:
        return f"stopped at {level_of(walk.last)}: a reserved bit is set on the way"
    if not walk.last.present:
        what = "its entry holds a cookie of the pager" if walk.last.cookie else "its entry is not present"
        return f"stopped at {level_of(walk.last)}: {what}"
    for is_tried, forbids, what in (
            (trap.error_code & USER, lambda entry: not entry.user, "the kernel's alone"),
            (trap.error_code & WRITE, lambda entry: not entry.writable, "read-only"),
            (trap.error_code & FETCH, lambda entry: entry.no_execute, "not executable")):
        entry = next((entry for entry in walk.entries if forbids(entry)), None)
        if is_tried and entry:
            return f"stopped at {level_of(entry)}: the {'page' if entry.is_page else 'table below'} is {what}"
    if not trap.error_code & USER and all(entry.user for entry in walk.entries):
        if trap.error_code & FETCH:
            return "the kernel may not execute a page of user memory (SMEP)"
        if not trap.flags & ALIGNMENT_CHECK:
            return "the kernel may not touch a page of user memory (SMAP)"
    return "the tables permit it by now: they have changed since, or the CPU had cached an older entry"


def walk_text(walk: page_walk.Walk) -> str:
    """A line for each entry on the way."""
    if not walk.entries:
        return f"  {walk.address:#x} is not canonical"
    names = [f"{page_walk.LEVEL_NAMES[entry.level]}[{entry.index}]" for entry in walk.entries]
    return "\n".join(f"  {name:<19} {entry.raw:#018x}  {entry.describe()}"
                     for name, entry in zip(names, walk.entries))


@dataclasses.dataclass(frozen=True)
class Record:
    trap: Trap
    walk: page_walk.Walk
    thread: str                              # name, or what is known instead
    program: elf_programs.Program | None     # whose code is at the IP
    function: str | None = None
    source: str | None = None
    told: str | None = None                  # who is, if not the keeper in force or else the supervisor
    repeats: int = 0                         # faults of this thread at this IP and page just before
    before: tuple[str, ...] = ()             # what came of the last of them, by the kernel's record of events
    tcb: int = 0                             # physical address
    since: int = 0                           # events in the kernel's record when it happened

    @property
    def process(self) -> str:
        return self.program.name if self.program else "unknown program"

    @property
    def keeper(self) -> int:
        return self.walk.keeper.keeper if self.walk.keeper else 0

    def place(self) -> str:
        """What the address is to the program."""
        address, trap = self.trap.address, self.trap
        if address < PAGE:
            return "the null page"
        if USER_END <= address:
            return "the kernel's half" if page_walk.is_canonical(address) else "not canonical"
        if self.program and (segment := self.program.segment_at(address)):
            return f"{self.process}'s {'code' if segment.executable else 'data'}"
        if -NEAR_STACK <= address - trap.sp < NEAR_STACK:
            return f"near the stack pointer {trap.sp:#x}"
        return ""

    def headline(self) -> str:
        place = self.place()
        by = f"from ring {self.trap.ring} by {self.process}, thread {self.thread}"
        if self.trap.vector != PAGE_FAULT:
            return f"{VECTORS.get(self.trap.vector, f'exception {self.trap.vector}')} {by}"
        return (f"{self.trap.access} of {self.trap.address:#x}{f' ({place})' if place else ''} {by}")

    def text(self) -> str:
        trap, walk = self.trap, self.walk
        is_page_fault = trap.vector == PAGE_FAULT
        bits = ((PRESENT, "present"), (WRITE, "write"), (USER, "user"), (RESERVED, "reserved"), (FETCH, "fetch"))
        code = (" ".join(name for bit, name in bits if trap.error_code & bit) or "none") if is_page_fault else ""
        lines = [self.headline(),
                 f"  at {trap.ip:#x} {self.function or '?'}{f' ({self.source})' if self.source else ''}",
                 f"  error code {trap.error_code:#x}{f' ({code})' if code else ''}, CR3 {trap.cr3:#x}"]
        if is_page_fault and walk.entries:
            lines.append(walk_text(walk))
        lines.append(f"  {reason(trap, walk)}")
        if is_page_fault and trap.address < USER_END and trap.ring:
            keeper = walk.keeper
            lines.append((f"  keeper in force: {keeper.keeper}, named by the {page_walk.LEVEL_NAMES[keeper.level]} entry"
                          if keeper else "  no keeper is in force") +
                         (f"; {self.told}" if self.told else "" if keeper else ": the supervisor is told"))
        if self.repeats:
            is_livelock = " (livelock)" if self.repeats >= paging_events.LIVELOCK else ""
            lines.append(f"  the same fault for the {self.repeats + 1}. time in a row{is_livelock}")
            lines += [f"  the last time: {'; '.join(self.before)}"] if self.before else []
        return "\n".join(lines)


class Explainer:
    """Makes records, of one fault after the other."""

    def __init__(self, kernel: elf_programs.Program, programs: list[elf_programs.Program],
                 layout: kernel_layout.KernelLayout) -> None:
        self._kernel = kernel
        self._programs = programs
        self._layout = layout
        self._last: dict[str, tuple[tuple[int, int], int]] = {}  # by thread: IP and page of its last fault, repeats

    def _current(self, read: page_walk.Reader) -> int:
        """Physical address of the running thread's TCB; 0 = idle."""
        at = self._kernel.physical_of(self._layout.current)
        pointer = page_walk.word(read, at) if at is not None else 0
        return pointer - self._layout.window if pointer >= self._layout.window else 0

    def thread_name(self, read: page_walk.Reader, tcb: int) -> str:
        if not tcb:
            return "none"
        raw = read(tcb + self._layout.name_offset, self._layout.name_size).split(b"\0")[0]
        return f'"{raw.decode(errors="replace")}"' if raw else f"without a name (TCB {tcb:#x})"

    def _capability(self, read: page_walk.Reader, slot: int) -> capability_words.Capability:
        return capability_words.Capability(page_walk.word(read, slot), page_walk.word(read, slot + 8), self._layout.cap_types)

    def _told(self, read: page_walk.Reader, tcb: int, keeper: int) -> str | None:
        """Who is told of the fault, if it is not whom the tables name: a keeper, or with 0 the supervisor."""
        handler = self._capability(read, tcb + self._layout.handler_offset) if tcb and self._layout.cap_types else None
        if handler is None or handler.type == "endpoint":
            return None
        endpoints = [handler.type == "cnode" and keeper >> handler.radix == 0 and self._capability(
            read, handler.object + slot * self._layout.slot_size).type == "endpoint" for slot in (keeper, 0)]
        if endpoints[0]:
            return None
        return "it cannot be told, the supervisor is" if endpoints[1] else "nobody can be told"

    def _program(self, read: page_walk.Reader, trap: Trap) -> elf_programs.Program | None:
        if trap.ring == 0:
            return self._kernel
        return elf_programs.running(
            self._programs, lambda address: page_walk.read_virtual(read, trap.cr3, address, PAGE))

    def _repeats(self, tcb: int, name: str, trap: Trap) -> int:
        """The name, too: a TCB's memory may have become another thread's."""
        here, thread = (trap.ip, trap.address & ~(PAGE - 1)), f"{tcb:#x} {name}"
        last, count = self._last.get(thread, (None, -1))
        count = count + 1 if last == here else 0
        self._last[thread] = (here, count)
        return count

    def events(self, read: page_walk.Reader, most: int = NEAR_EVENTS) -> list[paging_events.Event]:
        """The last of the kernel's record, without names of threads; none if it has none."""
        ring = self._kernel.physical_of(self._layout.ring)
        return [] if ring is None else paging_events.of_memory(read, ring, lambda tcb: f"TCB {tcb:#x}", most)

    def outcome(self, record: Record, read: page_walk.Reader) -> str:
        """What came of a fault, a line to go below its record, asked at a later one. Empty if the kernel has not seen it: the
        thread's time was over at its stub, so that it makes it once more; or if too much has happened since."""
        events = [event for event in self.events(read) if event.number >= record.since]
        fault = next((event for event in events if event.thread == record.tcb and
                      paging_events.is_fault_at(event, record.trap.ip, record.trap.address)), None)
        course = paging_events.course(events, fault) if fault and record.trap.vector == PAGE_FAULT else []
        return f"  then: {'; '.join(event.text() for event in course)}" if course else ""

    def record(self, trap: Trap, read: page_walk.Reader) -> Record:
        tcb = self._current(read)
        program = self._program(read, trap)
        walk = page_walk.walk(read, trap.cr3, trap.sp - 8 if trap.vector == DOUBLE_FAULT else trap.address)
        name = self.thread_name(read, tcb)
        keeper = walk.keeper.keeper if walk.keeper else 0
        repeats, before, events = self._repeats(tcb, name, trap), [], self.events(read) if tcb and trap.ring else []
        if events and trap.vector == PAGE_FAULT:  # it counts better than we, who see one again that the thread makes once more
            repeats, before = paging_events.earlier(events, tcb, trap.ip, trap.address)
        return Record(trap, walk, name, program,
                      program.function_at(trap.ip) if program else None,
                      program.source_line(trap.ip) if program and program.function_at(trap.ip) else None,
                      self._told(read, tcb, keeper) if trap.ring else None,
                      repeats, tuple(event.text() for event in before), tcb, events[-1].number + 1 if events else 0)
