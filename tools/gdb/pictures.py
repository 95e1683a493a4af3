# SPDX-License-Identifier: BSD-2-Clause
"""What the kernel remembers of paging, as text, as a timeline, and on the map of an address space."""
import pathlib

import address_space
import machine
import page_walk
import paging_events
import space_picture
import timeline


def events(kernel: machine.Kernel) -> list[paging_events.Event]:
    """The record, with what its threads are called; the memory of one that is gone may be another's by now."""
    alive = set(kernel.tcbs())
    names: dict[int, str] = {}

    def name_of(thread: int) -> str:
        if thread not in names:
            names[thread] = kernel.label(thread) if thread in alive else f"gone (TCB {thread:#x})"
        return names[thread]

    ring = kernel.physical(kernel.program.symbols["paging_ring"])
    return paging_events.of_memory(machine.read, ring, name_of)


def draw_timeline(kernel: machine.Kernel, file: pathlib.Path) -> str:
    drawn = timeline.of_events(events(kernel))
    file.write_text(timeline.text_for(file.name, drawn))
    return f"{len(drawn.items)} faults and other events of {len(drawn.tracks)} threads"


def draw_space(kernel: machine.Kernel, thread: int, root: int, file: pathlib.Path) -> str:
    """thread: the physical address of a TCB whose address space it is."""
    roots = {each: kernel.space_of(kernel.tcb(each)) for each in kernel.tcbs()}
    faults = [space_picture.Fault(event.address, event.text()) for event in events(kernel)
              if event.kind == "trap" and roots.get(event.thread) == root]
    blocks = address_space.blocks(machine.read, root, (fault.address for fault in faults))

    def keeper_at(address: int) -> int:
        entry = page_walk.walk(machine.read, root, address).keeper
        return entry.keeper if entry else 0

    title = f"{kernel.label(thread)}, PML4 {root:#x}"
    file.write_text(space_picture.draw(title, blocks, faults, keeper_at))
    return f"{title}: {sum(block.resident for block in blocks)} pages are there, {len(faults)} faults hit"
