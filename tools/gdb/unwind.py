# SPDX-License-Identifier: BSD-2-Clause
"""Backtraces from the kernel into the program that came in. The entry stubs are assembly without unwind tables, and GDB
takes no frame for the caller of another that lies lower in memory, as every user stack does."""
import contextlib
from typing import Iterator

import gdb
import gdb.unwinder

import fault_record
import machine
import page_walk

REGISTERS = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15")
WORD = (1 << 64) - 1
USER = 3  # ring


class FrameId:
    def __init__(self, sp: gdb.Value, pc: gdb.Value) -> None:
        self.sp, self.pc = sp, pc


class StubUnwinder(gdb.unwinder.Unwinder):
    """At a page-fault stub: the CPU has pushed its frame, the other registers are still the program's."""

    def __init__(self, kernel: machine.Kernel) -> None:
        super().__init__("umbra-stub")
        self._kernel = kernel

    def __call__(self, frame: gdb.PendingFrame) -> gdb.UnwindInfo | None:
        if int(frame.read_register("rip")) & WORD not in self._kernel.layout.page_fault_stubs:
            return None
        cr3 = int(frame.read_register("cr3").cast(gdb.lookup_type("unsigned long"))) & page_walk.ADDRESS_MASK
        trap = fault_record.trap_on_stack(machine.read, 0, cr3, int(frame.read_register("rsp")) & WORD)
        if trap is None or trap.ring != USER:
            return None
        # Below the user's frames: this one is the innermost, so nothing else has to fit.
        info = frame.create_unwind_info(FrameId(gdb.Value(trap.sp - 8), frame.read_register("rip")))
        for name in REGISTERS:
            info.add_saved_register(name, frame.read_register(name))
        for name, value in (("rip", trap.ip), ("rsp", trap.sp)):
            info.add_saved_register(name, gdb.Value(value.to_bytes(8, "little"), frame.read_register(name).type))
        return info


@contextlib.contextmanager
def as_in_user_mode(kernel: machine.Kernel, tcb: int) -> Iterator[None]:
    """GDB sees the registers that the thread had when it entered the kernel; afterwards those of now again."""
    context, names = kernel.tcb(tcb)["context"], (*REGISTERS, "rip", "rsp")
    now = {name: machine.register(name) for name in names}
    try:
        for name in names:
            gdb.execute(f"set var ${name} = {int(context[name])}", to_string=True)
        yield
    finally:
        for name, value in now.items():
            gdb.execute(f"set var ${name} = {value}", to_string=True)
