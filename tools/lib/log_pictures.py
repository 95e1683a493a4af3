# SPDX-License-Identifier: BSD-2-Clause
"""What a log is enough for of the pictures that tools/faults draws of a dump. A log knows no page tables: of an address space it
shows the program's file and the faults. Pure but for the files of the programs."""
import address_space
import elf_programs
import fault_logs
import fault_record
import paging_events
import space_picture
import timeline

PAGE = elf_programs.PAGE
UPTIME, BEFORE_PANIC = "microseconds of uptime", "microseconds before the panic"


def attempt(fault: fault_logs.Fault) -> str:
    if fault.kind != "page fault":
        return f"{fault.kind} at ip {fault.ip:#x}"
    trap = fault_record.Trap(fault.address, fault.error_code, fault.ip, fault.ring, 0, 0, 0)
    return f"{trap.access} {fault.address:#x} at ip {fault.ip:#x}"


def timeline_of(text: str) -> timeline.Timeline:
    """Of the record of events, if the log has it: as the console showed it, or a panic. Else the faults, one after the other."""
    for events, unit in ((paging_events.of_console(text), UPTIME), (paging_events.of_panic(text), BEFORE_PANIC)):
        if events:
            return timeline.Timeline(timeline.of_events(events).items, unit)
    faults = fault_logs.faults_in(text)
    has_clock = any(fault.tick is not None for fault in faults)
    return timeline.of_instants(((fault.who, attempt(fault), float(fault.tick if has_clock else fault.line))
                                 for fault in faults), fault_logs.TICKS if has_clock else fault_logs.LINES)


def block(start: int, program: elf_programs.Program) -> address_space.Block:
    pages = ((at, at + PAGE, space_picture.FILE if program.segment_at(at) else address_space.EMPTY)
             for at in range(start, start + address_space.BLOCK, PAGE))
    return address_space.Block(start, 1, tuple(address_space.Range(first, end, what, 0)
                                               for first, end, what in address_space.merged(pages)))


def space_of(name: str, faults: list[fault_logs.Fault], possible: dict[str, list[elf_programs.Program]]) -> str:
    """possible: by address space the programs that it may be (faults.py). ValueError if none of them has that name."""
    mine = [fault for fault in faults if [program.name for program in possible[fault.space]] == [name]]
    if not mine:
        raise ValueError(f"no fault of the log is known to be one of {name}")
    program = possible[mine[0].space][0]
    starts = {address & -address_space.BLOCK for address in (
        *(fault.address for fault in mine if fault.address < fault_record.USER_END),
        *(at for segment in program.segments if segment.address < fault_record.USER_END
          for at in range(segment.address, segment.address + segment.size, PAGE)))}
    shown = [space_picture.Fault(fault.address, f"line {fault.line}: {attempt(fault)}") for fault in mine]
    return space_picture.draw(f"{name}, as far as a log shows it: what is resident is not in it",
                              [block(start, program) for start in sorted(starts)], shown, lambda address: 0)
