# SPDX-License-Identifier: BSD-2-Clause
"""The commands `umbra ...` of GDB. tools/run --gdb loads them; it has set `umbra_programs`, the ELF files, kernel
first, and `umbra_log`, the file of the serial log; tools/faults sets `umbra_dump`, a dump to look at instead of a machine."""
import pathlib
import sys
from typing import TextIO

import gdb

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lib")]

import address_space  # noqa: E402
import core_dump  # noqa: E402
import elf_programs  # noqa: E402
import fault_record  # noqa: E402
import kernel_layout  # noqa: E402
import machine  # noqa: E402
import page_walk  # noqa: E402
import paging_events  # noqa: E402
import pictures  # noqa: E402
import unwind  # noqa: E402

if dump_file := globals().get("umbra_dump"):
    machine.dump = core_dump.CoreDump(pathlib.Path(dump_file))
kernel = machine.Kernel([elf_programs.Program(pathlib.Path(path), "kernel" if index == 0 else None)
                         for index, path in enumerate(umbra_programs)])  # noqa: F821


def number(text: str) -> int:
    return int(machine.evaluate(text)) & (1 << 64) - 1


def words_of(argument: str, usage: str, count: int) -> list[str]:
    words = gdb.string_to_argv(argument)
    if len(words) != count:
        raise gdb.GdbError(usage)
    return words


def running_as(pid: int) -> int:
    """The TCB whose supervisor is told of it by this badge: init's are PIDs."""
    for physical in kernel.tcbs():
        table = kernel.cap_of(kernel.tcb(physical), "fault_handler")
        if table.type == "cnode" and any(index == 0 and cap.badge == pid for index, cap in kernel.cnode(table)):
            return physical
    raise gdb.GdbError(f"no process has the PID {pid}")


def chosen(argument: str) -> int:
    """The TCB that a command is about: the one given, of the program given, or the running one."""
    if not argument:
        current = kernel.current()
        if current is None:
            raise gdb.GdbError("no thread runs: name a program, a PID, or the address of a TCB (umbra threads)")
        return current
    if argument[0].isdigit():
        physical = number(argument)
        if physical < paging_events.TCB_ALIGNMENT:
            return running_as(physical)
        if physical not in kernel.tcbs():
            raise gdb.GdbError(f"no thread's TCB is at {physical:#x}")
        return physical
    for physical in kernel.tcbs():
        program = kernel.program_in(kernel.space_of(kernel.tcb(physical)))
        if program and program.name == argument:
            return physical
    raise gdb.GdbError(f"no thread runs {argument}")


def space(argument: str) -> int:
    root = kernel.space_of(kernel.tcb(chosen(argument)))
    if root is None:
        raise gdb.GdbError("the thread has no address space")
    return root


def threads(_: str) -> None:
    """umbra threads: all threads, what they are doing, and where. * = runs now."""
    current = kernel.current()
    for physical in kernel.tcbs():
        tcb = kernel.tcb(physical)
        state = str(tcb["state"]).rpartition("::")[2]
        fault = str(tcb["fault"]["type"]).rpartition("::")[2]
        ip = int(tcb["context"]["rip"])
        program = kernel.program_in(kernel.space_of(tcb))
        place = program.function_at(ip) if program else None
        print(f"{'*' if physical == current else ' '} {kernel.label(physical):<36} {state:<14} priority "
              f"{int(tcb['priority']):<3} at {ip:#x} {place or ''}{'' if fault == 'none' else f', fault: {fault}'}")


def vspace(argument: str) -> None:
    """umbra vspace [PROGRAM | PID | TCB]: what is mapped in an address space, and who pages it."""
    root = space(argument)
    print(f"PML4 {root:#x}")
    total = 0
    for each in address_space.ranges(machine.read, root):
        total += each.pages if each.what != "cookies" else 0
        print(f"  {each.start:#014x}-{each.end:#014x} {each.pages:>7} pages {each.what:<7} "
              f"{f'keeper {each.keeper}' if each.keeper else 'no keeper'}")
    print(f"  {total} pages are there")


def walk(argument: str) -> None:
    """umbra walk ADDR [PROGRAM | PID | TCB]: the way through the page tables to an address."""
    words = gdb.string_to_argv(argument)
    if not 1 <= len(words) <= 2:
        raise gdb.GdbError("umbra walk ADDR [PROGRAM | PID | TCB]")
    root = space(words[1]) if len(words) == 2 else machine.register("cr3")
    print(fault_record.walk_text(page_walk.walk(machine.read, root, number(words[0]))))


def caps(argument: str) -> None:
    """umbra caps [PROGRAM | PID | TCB]: the capabilities of a thread: in its TCB, and in its CSpace's first CNode."""
    tcb = kernel.tcb(chosen(argument))
    for place in machine.enumerators("kernel::TcbSlot"):
        print(f"  {place + ':':<16} {kernel.cap_of(tcb, place).describe()}")
    root = kernel.cap_of(tcb, "cspace")
    if root.type != "cnode":
        return
    for index, cap in kernel.cnode(root):
        print(f"  slot {index:<11} {cap.describe()}")


def who_maps(argument: str) -> None:
    """umbra who-maps FRAME: where the page at a physical address is mapped, and with which rights."""
    frame, shown = number(argument), 0
    roots = {root for root in (kernel.space_of(kernel.tcb(each)) for each in kernel.tcbs()) if root}
    for root in sorted(roots):
        program = kernel.program_in(root)
        for found in address_space.entries(machine.read, root):
            if found.entry.is_page and 0 <= frame - found.entry.address < found.end - found.address:
                shown += 1
                print(f"  {program.name if program else '-':<16} at {found.address + frame - found.entry.address:#x} "
                      f"{address_space.rights(found.entry)} PML4 {root:#x}")
    if not shown:
        print("  nobody")


def faults(_: str) -> None:
    """umbra faults: the page fault that stop-at-fault stopped at, and the threads whose fault waits for an answer."""
    record = FaultStop.last
    if record and machine.register("rip") in kernel.layout.page_fault_stubs:
        print(record.text())
    pending = 0
    for physical in kernel.tcbs():
        tcb = kernel.tcb(physical)
        fault, keeper = tcb["fault"], tcb["keeper"]
        kind = str(fault["type"]).rpartition("::")[2]
        if kind == "none":
            continue
        pending += 1
        print(f"  {kernel.label(physical)}: {kind} at {int(tcb['context']['rip']):#x}, address "
              f"{int(fault['subject']):#x}, detail {int(fault['detail']):#x}")
        if kind == "keeper_fault":
            print(f"    keeper asked: {int(keeper['keeper']) or 'the supervisor'} "
                  f"({str(keeper['why']).rpartition('::')[2]}), repeats {int(keeper['repeats'])}")
    if not pending:
        print("  no fault waits for an answer")


def untyped(_: str) -> None:
    """umbra untyped: untyped memory, how much of each piece is given out, and how much is free in all."""
    pieces = sorted((cap for _, cap in kernel.slots() if cap.type == "untyped"), key=lambda cap: cap.object)
    kinds = [(cap.object, cap.object + (1 << cap.size_bits), (cap.size_bits, cap.watermark, cap.is_device))
             for cap in pieces]
    for start, end, (bits, used, is_device) in address_space.merged(kinds):
        count = (end - start) >> bits
        print(f"  {start:#014x}-{end:#014x} {count:>5} x 2^{bits:<2} {used:#x} used{' device' if is_device else ''}")
    free = sum((1 << cap.size_bits) - cap.watermark for cap in pieces if not cap.is_device)
    print(f"  {free:#x} bytes are not given out, device memory aside")


def keepers(argument: str) -> None:
    """umbra keepers [PROGRAM | PID | TCB]: the entries that name keepers, and the keeper table's endpoints."""
    tcb = kernel.tcb(chosen(argument))
    root, table = kernel.space_of(tcb), kernel.cap_of(tcb, "fault_handler")
    named = [(found.address, found.end, (found.entry.keeper, found.entry.level))
             for found in address_space.entries(machine.read, root) if found.entry.keeper] if root is not None else []
    for start, end, (keeper, level) in address_space.merged(named):
        print(f"  {start:#014x}-{end:#014x} keeper {keeper}, named at level {level} ({page_walk.LEVEL_NAMES[level]})")
    if table.type != "cnode":
        print(f"  no keeper table: faults go to {table.describe()}")
        return
    for index, cap in kernel.cnode(table):
        print(f"  {f'keeper {index}' if index else 'supervisor'}: {cap.describe()}")


def backtrace(_: str) -> None:
    """umbra backtrace: in the kernel, and from its entry on in the program that runs."""
    gdb.execute("backtrace")
    current = kernel.current()
    if current is None or machine.register("rip") < fault_record.USER_END:
        return
    if machine.register("rip") in kernel.layout.page_fault_stubs:
        return  # that was all
    print(f"entered from {kernel.label(current)}:")
    with unwind.as_in_user_mode(kernel, current):
        gdb.execute("backtrace")


def events(argument: str) -> None:
    """umbra events [COUNT]: the last paging events that the kernel remembers, and how old each is."""
    print(paging_events.listing(pictures.events(kernel)[-(number(argument or "20") or 1):]))


def timeline(argument: str) -> None:
    """umbra timeline FILE: draws the record of paging events; FILE ends with .json (Perfetto) or .svg."""
    file, = words_of(argument, "umbra timeline FILE", 1)
    try:
        print(pictures.draw_timeline(kernel, pathlib.Path(file)))
    except (OSError, ValueError) as error:
        raise gdb.GdbError(str(error)) from None


def space_picture(argument: str) -> None:
    """umbra space WHO FILE: draws the map of an address space as an SVG."""
    who, file = words_of(argument, "umbra space WHO FILE", 2)
    try:
        print(pictures.draw_space(kernel, chosen(who), space(who), pathlib.Path(file)))
    except OSError as error:
        raise gdb.GdbError(str(error)) from None


def dump(argument: str) -> None:
    """umbra dump FILE: writes registers and memory into FILE, for tools/faults."""
    if not argument:
        raise gdb.GdbError("umbra dump FILE")
    print(gdb.execute(f"monitor dump-guest-memory -p {argument}", to_string=True), end="")


def log(_: str) -> None:
    """umbra log: the serial log so far."""
    path = pathlib.Path(umbra_log)  # noqa: F821
    print(path.read_text(errors="replace") if path.exists() else "")


loaded: list[str] = []


def use_symbols_of(program: elf_programs.Program) -> None:
    if loaded == [program.name]:
        return
    gdb.execute("set confirm off")
    for name in loaded:
        old = next(each for each in kernel.programs if each.name == name)
        gdb.execute(f"remove-symbol-file {old.path}", to_string=True)
    gdb.execute(f"add-symbol-file {program.path}", to_string=True)
    loaded[:] = [program.name]


def on_stop(_: gdb.StopEvent) -> None:
    """Addresses of the user half mean the running program's symbols."""
    program = kernel.program_in(machine.register("cr3") & page_walk.ADDRESS_MASK)
    if program is not None:
        use_symbols_of(program)


class FaultStop(gdb.Breakpoint):
    """At one of the kernel's page-fault stubs; stops if the fault is of the wanted program, or of any."""
    last: fault_record.Record | None = None  # a fault is looked at once: looking counts repeats

    def __init__(self, stub: int, program: str | None, address: int | None) -> None:
        super().__init__(f"*{stub:#x}", type=gdb.BP_HARDWARE_BREAKPOINT)
        self.silent = True
        self._program, self._address = program, address

    def stop(self) -> bool:
        record = FaultStop.last = kernel.at_fault()
        if record is None or self._program not in (None, record.process, record.thread.strip('"')):
            return False
        if self._address is not None and (record.trap.address ^ self._address) // fault_record.PAGE:
            return False
        print(record.text())
        return True


def stop_at_fault(argument: str) -> None:
    """umbra stop-at-fault [PROGRAM [ADDR]]: from now on, stop at each page fault, or those of a program, in a page."""
    words = gdb.string_to_argv(argument)
    if len(words) > 2:
        raise gdb.GdbError("umbra stop-at-fault [PROGRAM [ADDR]]")
    for stub in kernel.layout.page_fault_stubs:
        FaultStop(stub, words[0] if words else None, number(words[1]) if len(words) == 2 else None)


class Tracer(gdb.Breakpoint):
    """Writes the record of each exception at its stub, and goes on. At the next one, what came of it."""
    last: fault_record.Record | None = None

    def __init__(self, stub: int, file: TextIO) -> None:
        super().__init__(f"*{stub:#x}", type=gdb.BP_HARDWARE_BREAKPOINT)
        self.silent = True
        self._file = file

    def stop(self) -> bool:
        if record := kernel.at_fault((kernel_layout.PAGE_FAULT, *fault_record.VECTORS)):
            if Tracer.last:
                then = kernel.explainer.outcome(Tracer.last, machine.read)
                print(f"{then}\n" if then else "", file=self._file)
            print(record.text(), file=self._file, flush=True)
            Tracer.last = record
        return False


def trace(argument: str) -> None:
    """umbra trace FILE: from now on, write each page fault and what else a bad address leads to into FILE."""
    if not argument:
        raise gdb.GdbError("umbra trace FILE")
    file = open(argument, "w", encoding="utf-8")
    for stub in kernel.layout.stubs_of((kernel_layout.PAGE_FAULT, *fault_record.VECTORS)):
        Tracer(stub, file)


class Umbra(gdb.Command):
    """Address spaces, threads, capabilities and page faults of the running system. `help umbra` lists the commands."""

    def __init__(self) -> None:
        super().__init__("umbra", gdb.COMMAND_DATA, prefix=True)


class Subcommand(gdb.Command):
    def __init__(self, name: str, action) -> None:
        self.__doc__ = action.__doc__
        self._action = action
        super().__init__(f"umbra {name}", gdb.COMMAND_DATA)

    def invoke(self, argument: str, from_tty: bool) -> None:
        del from_tty
        self._action(argument.strip())


Umbra()
for action in (threads, vspace, walk, caps, who_maps, faults, untyped, keepers, stop_at_fault, trace, backtrace, events,
               timeline, dump, log):
    Subcommand(action.__name__.replace("_", "-"), action)
Subcommand("space", space_picture)
gdb.events.stop.connect(on_stop)
gdb.unwinder.register_unwinder(None, unwind.StubUnwinder(kernel))
