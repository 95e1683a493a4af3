# SPDX-License-Identifier: BSD-2-Clause
"""The stopped machine, or the dump of one: physical memory, registers, and the kernel's objects by their DWARF types."""
import contextlib
from typing import Iterable, Iterator

import gdb

import capability_words
import core_dump
import elf_programs
import fault_record
import kernel_layout
import page_walk

ALIGN_SLOT = ~7  # the flags of Slot::next_word


@contextlib.contextmanager
def physical_addresses() -> Iterator[None]:
    """QEMU's stub takes addresses as physical ones inside."""
    gdb.execute("maintenance packet Qqemu.PhyMemMode:1", to_string=True)
    try:
        yield
    finally:
        gdb.execute("maintenance packet Qqemu.PhyMemMode:0", to_string=True)


def evaluate(expression: str) -> gdb.Value:
    """As C++, whatever the language of the frame is."""
    language = gdb.parameter("language")
    gdb.execute("set language c++", to_string=True)
    try:
        return gdb.parse_and_eval(expression)
    finally:
        gdb.execute(f"set language {language}", to_string=True)


dump: core_dump.CoreDump | None = None  # instead of a machine


def read(physical: int, size: int) -> bytes:
    """Physical memory; ones where there is none."""
    if dump:
        return dump.read(physical, size)
    try:
        with physical_addresses():
            return bytes(gdb.selected_inferior().read_memory(physical, size))
    except gdb.MemoryError:
        return b"\xff" * size


def register(name: str) -> int:
    if dump:
        return dump.registers[name]
    value = gdb.newest_frame().read_register(name)
    return int(value.cast(gdb.lookup_type("unsigned long"))) & (1 << 64) - 1


def enumerators(name: str) -> tuple[str, ...]:
    return tuple(field.name.rpartition("::")[2] for field in gdb.lookup_type(name).fields())


class Kernel:
    """The kernel's objects, read by physical address: ring 3 may run on tables that do not show them."""

    def __init__(self, programs: list[elf_programs.Program]) -> None:
        self.program, *self.programs = programs
        self.layout = kernel_layout.of(self.program.path)
        self.explainer = fault_record.Explainer(self.program, self.programs, self.layout)
        self.cap_types = enumerators("kernel::CapType")

    def physical(self, pointer: int) -> int:
        """Of a pointer into the window or the kernel's image."""
        inside = self.program.physical_of(pointer)
        return inside if inside is not None else pointer - self.layout.window

    def object(self, type_name: str, physical: int) -> gdb.Value:
        kind = gdb.lookup_type(type_name)
        return gdb.Value(read(physical, kind.sizeof), kind)

    def variable(self, name: str) -> gdb.Value:
        value = evaluate(name)
        return self.object(value.type.name, self.physical(int(value.address)))

    def capability(self, slot: gdb.Value) -> capability_words.Capability:
        return capability_words.Capability(int(slot["cap"]["a_"]), int(slot["cap"]["b_"]), self.cap_types)

    def slots(self) -> Iterator[tuple[int, capability_words.Capability]]:
        """Every capability in use: (physical address of its slot, what it is)."""
        start = self.physical(int(evaluate("&kernel::kernel_state.capabilities")))
        at = start
        while True:
            following = int(self.object("kernel::Slot", at)["next_word"]) & ALIGN_SLOT
            at = self.physical(following) if following else start
            if at == start:
                return
            yield at, self.capability(self.object("kernel::Slot", at))

    def objects(self, kind: str) -> dict[int, capability_words.Capability]:
        """All objects of a type, by address, each with one of its capabilities."""
        return {cap.object: cap for _, cap in self.slots() if cap.type == kind}

    def tcb(self, physical: int) -> gdb.Value:
        return self.object("kernel::Tcb", physical)

    def tcbs(self) -> list[int]:
        return sorted(self.objects("tcb"))

    def current(self) -> int | None:
        """The running thread's TCB; None = idle."""
        pointer = int(self.variable("kernel::cpu")["current"])
        return self.physical(pointer) if pointer else None

    def cap_of(self, tcb: gdb.Value, place: str) -> capability_words.Capability:
        """What is in one of the TCB's own slots, by its name in kernel::TcbSlot."""
        return self.capability(tcb["slots"]["_M_elems"][enumerators("kernel::TcbSlot").index(place)])

    def space_of(self, tcb: gdb.Value) -> int | None:
        """Its PML4, if it has an address space."""
        cap = self.cap_of(tcb, "vspace")
        return cap.object if cap.type == "pml4" and cap.asid else None

    def program_in(self, root: int | None) -> elf_programs.Program | None:
        if root is None:
            return None
        return elf_programs.running(
            self.programs, lambda address: page_walk.read_virtual(read, root, address, elf_programs.PAGE))

    def label(self, physical: int) -> str:
        """How a thread is called: its program, its name, its TCB."""
        tcb = self.tcb(physical)
        program = self.program_in(self.space_of(tcb))
        name = tcb["name"]["_M_elems"].string("utf-8", "replace")
        return " ".join([program.name if program else "-", *([f'"{name}"'] if name else []), f"(TCB {physical:#x})"])

    def at_fault(self, vectors: Iterable[int] = (kernel_layout.PAGE_FAULT,)) -> fault_record.Record | None:
        """The record of the exception at whose stub the machine stands; None if it stands elsewhere."""
        vector = self.layout.stubs_of(vectors).get(register("rip"))
        if vector is None:
            return None
        registers = {name: register(name) for name in fault_record.GENERAL_REGISTERS}
        trap = fault_record.trap_on_stack(read, register("cr2"), register("cr3"), register("rsp"), vector, registers)
        return trap and self.explainer.record(trap, read)

    def cnode(self, cap: capability_words.Capability) -> Iterator[tuple[int, capability_words.Capability]]:
        """What is in the CNode that it names: (index, capability), the empty slots aside."""
        size = gdb.lookup_type("kernel::Slot").sizeof
        raw = read(cap.object, size << cap.radix)
        for index in range(1 << cap.radix):
            slot = gdb.Value(raw[index * size:(index + 1) * size], gdb.lookup_type("kernel::Slot"))
            if (found := self.capability(slot)).type != "null":
                yield index, found
