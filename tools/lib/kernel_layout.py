# SPDX-License-Identifier: BSD-2-Clause
"""Where things are in a kernel image and in its objects: asked of GDB, which reads the debug information."""
import dataclasses
import json
import pathlib
import re
import subprocess

import build as building

PAGE_FAULT = 14
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
    "name_offset": number("(unsigned long)&((kernel::Tcb*)0)->name"),
    "name_size": number("sizeof(((kernel::Tcb*)0)->name)"),
    "stubs": [number("(unsigned long)&" + name)
              for name in ("exception_stubs", "isolated_exception_stubs")],
}))
"""


class LayoutError(Exception):
    """The image does not say how its objects are laid out."""


@dataclasses.dataclass(frozen=True)
class KernelLayout:
    """current: address of cpu.current; window: where physical memory starts; stubs: first of the exception stubs,
    without and with page-table isolation."""
    current: int
    window: int
    name_offset: int
    name_size: int
    stubs: tuple[int, ...]

    @property
    def page_fault_stubs(self) -> list[int]:
        """First instruction of the kernel in a page fault; the CPU has pushed its frame and the error code."""
        return [stub + PAGE_FAULT * VECTOR_STUB_BYTES for stub in self.stubs]


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
    return KernelLayout(stubs=stubs, window=window(), **{key: unsigned(value) for key, value in answer.items()})
