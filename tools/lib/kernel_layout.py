# SPDX-License-Identifier: BSD-2-Clause
"""Where things are in a kernel image and in its objects: asked of GDB, which reads the debug information."""
import dataclasses
import json
import pathlib
import re
import subprocess
from typing import Iterable

import build as building

DOUBLE_FAULT, PAGE_FAULT = 8, 14
VECTOR_STUB_BYTES = 16  # arch/x86_64/trap/entry.S

# Debug information has this constant only with g++.
WINDOW_SOURCE = building.REPOSITORY / "microkernel" / "mem" / "layout.hpp"
WINDOW = re.compile(r"VirtAddr physical_window\{0x([0-9a-f']+)\}")

# What GDB prints: one JSON object, its keys fields of KernelLayout.
QUESTIONS = """
import gdb, json
gdb.execute("set language c++")
number = lambda text: int(gdb.parse_and_eval(text))
print(json.dumps({
    "current": number("&kernel::cpu.current"),
    "ring": number("&paging_ring"),
    "name_offset": number("(unsigned long)&((kernel::Tcb*)0)->name"),
    "name_size": number("sizeof(((kernel::Tcb*)0)->name)"),
    "handler_offset": number("(unsigned long)&((kernel::Tcb*)0)->slots._M_elems[(int)kernel::TcbSlot::fault_handler]"),
    "slot_size": number("sizeof(kernel::Slot)"),
    "cap_types": [field.name.rpartition("::")[2] for field in gdb.lookup_type("kernel::CapType").fields()],
    "double_fault_stub": number("(unsigned long)&double_fault_stub"),
    "stubs": [number("(unsigned long)&" + name)
              for name in ("exception_stubs", "isolated_exception_stubs")],
}))
"""


class LayoutError(Exception):
    """The image does not say how its objects are laid out."""


@dataclasses.dataclass(frozen=True)
class KernelLayout:
    """current: address of cpu.current; ring: of paging_ring, 0 = none; window: where physical memory starts; stubs: first of the exception stubs,
    without and with page-table isolation; double_fault_stub: that vector has its own, with both; handler_offset: of the slot for the fault handler in a TCB; cap_types: the names
    of kernel::CapType. A capability is the first two words of its slot."""
    current: int
    window: int
    name_offset: int
    name_size: int
    stubs: tuple[int, ...]
    handler_offset: int = 0
    slot_size: int = 32
    cap_types: tuple[str, ...] = ()
    double_fault_stub: int = 0
    ring: int = 0

    @property
    def page_fault_stubs(self) -> list[int]:
        """First instruction of the kernel in a page fault; the CPU has pushed its frame and the error code."""
        return list(self.stubs_of([PAGE_FAULT]))

    def stubs_of(self, vectors: Iterable[int]) -> dict[int, int]:
        """The vector by the first instruction of the kernel in it, for vectors with an error code."""
        vectors = list(vectors)
        found = {stub + vector * VECTOR_STUB_BYTES: vector for stub in self.stubs for vector in vectors if vector != DOUBLE_FAULT}
        return found | ({self.double_fault_stub: DOUBLE_FAULT} if DOUBLE_FAULT in vectors else {})


def unsigned(value: object) -> object:
    return value & (1 << 64) - 1 if isinstance(value, int) else value


def window() -> int:
    found = WINDOW.search(WINDOW_SOURCE.read_text())
    if not found:
        raise LayoutError(f"{WINDOW_SOURCE} does not say where the window is")
    return int(found.group(1).replace("'", ""), 16)


def of(kernel: pathlib.Path) -> KernelLayout:
    done = subprocess.run(["gdb", "-nx", "-batch", str(kernel), "-ex", f"python exec({QUESTIONS!r})"],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    try:
        answer = json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        raise LayoutError(f"{kernel}: {done.stderr.strip() or 'no answer from gdb'}") from None
    stubs = tuple(unsigned(stub) for stub in answer.pop("stubs"))
    cap_types = tuple(answer.pop("cap_types"))
    return KernelLayout(stubs=stubs, window=window(), cap_types=cap_types, **{key: unsigned(value) for key, value in answer.items()})
