# SPDX-License-Identifier: BSD-2-Clause
"""The programs that an image ships, as ELF files: what is at an address of each, and which function that is."""
import bisect
import dataclasses
import functools
import pathlib
import struct
import subprocess
from typing import Callable

import symbol_table
from archive import Archive

LOAD = 1
EXECUTABLE = 1
PAGE = 4096


@dataclasses.dataclass(frozen=True)
class Segment:
    """A loadable piece. `data` is what the file holds of it; the rest is zero."""
    address: int
    physical: int
    size: int
    data: bytes
    executable: bool


def segments_of(raw: bytes) -> list[Segment]:
    """The loadable segments of a 64-bit little-endian ELF file; ValueError if it is none."""
    if raw[:6] != b"\x7fELF\x02\x01" or len(raw) < 64:
        raise ValueError("not a 64-bit ELF file")
    table, = struct.unpack_from("<Q", raw, 32)
    entry_size, count = struct.unpack_from("<HH", raw, 54)
    found = []
    for index in range(count):
        kind, flags, offset, address, physical, in_file, size, _ = struct.unpack_from(
            "<IIQQQQQQ", raw, table + index * entry_size)
        if kind == LOAD and size:
            found.append(Segment(address, physical, size, raw[offset:offset + in_file], bool(flags & EXECUTABLE)))
    return found


class Program:
    """One ELF file with its symbols; read when first asked for."""

    def __init__(self, path: pathlib.Path, name: str | None = None) -> None:
        self.path = path
        self.name = name or path.stem

    @functools.cached_property
    def segments(self) -> list[Segment]:
        return segments_of(self.path.read_bytes())

    @functools.cached_property
    def functions(self) -> list[tuple[int, str]]:
        return symbol_table.functions("nm", str(self.path))

    @functools.cached_property
    def symbols(self) -> dict[str, int]:
        """Every symbol by its name as the linker knows it."""
        listing = subprocess.run(["nm", "--defined-only", str(self.path)], check=True, capture_output=True, text=True)
        lines = (line.split(" ", 2) for line in listing.stdout.splitlines())
        return {name: int(address, 16) for address, _, name in lines}

    def segment_at(self, address: int) -> Segment | None:
        """Whose pages, the last one whole, hold an address."""
        return next((each for each in self.segments if 0 <= address - each.address < -(-each.size // PAGE) * PAGE), None)

    def text_at(self, address: int, size: int) -> bytes | None:
        """Bytes from an address in an executable segment on, zeros behind its end; None if it is in none."""
        for segment in self.segments:
            offset = address - segment.address
            if segment.executable and 0 <= offset < len(segment.data):
                return segment.data[offset:offset + size].ljust(size, b"\0")
        return None

    def function_at(self, address: int) -> str | None:
        """`name+0x12`, if an executable segment holds the address."""
        if self.text_at(address, 1) is None:
            return None
        index = bisect.bisect_right(self.functions, address, key=lambda function: function[0]) - 1
        if index < 0:
            return None
        start, name = self.functions[index]
        return f"{name}+{address - start:#x}" if address > start else name

    def physical_of(self, address: int) -> int | None:
        """Where the loader puts it, by the program headers."""
        for segment in self.segments:
            if 0 <= address - segment.address < segment.size:
                return address - segment.address + segment.physical
        return None

    @functools.cache
    def source_line(self, address: int) -> str | None:
        """`file:line` by the debug information."""
        done = subprocess.run(["addr2line", "-e", str(self.path), f"{address:#x}"], capture_output=True, text=True,
                              check=False)
        line = done.stdout.strip().split(" (")[0].rpartition("/../../")[2]  # from the build folder to the repository
        return None if not line or line.startswith("??") or line.endswith(":?") else line


def running(programs: list[Program], page_at: Callable[[int], bytes | None]) -> Program | None:
    """Whose code is in an address space: the one program that all of its code pages that are there belong to.
    page_at: the bytes of the page at an address, or None if it is not there."""
    pages = functools.cache(page_at)

    def is_it(program: Program) -> bool:
        shown = 0
        for segment in (each for each in program.segments if each.executable):
            for address in range(segment.address, segment.address + len(segment.data), PAGE):
                page = pages(address)
                if page is not None and page != program.text_at(address, PAGE):
                    return False
                shown += page is not None
        return shown > 0

    found = [program for program in programs if is_it(program)]
    return found[0] if len(found) == 1 else None


def shipped(kernel: pathlib.Path, others: list[pathlib.Path], archive: pathlib.Path | None,
            folder: pathlib.Path) -> list[Program]:
    """The kernel, then the programs of an image: its boot modules, and those of the archive that the build folder
    still has with their symbols."""
    paths = [path for path in others if is_elf(path)]
    if archive is not None:
        built = {path.stem: path for path in sorted(folder.glob("*/**/*.elf"), reverse=True)}
        names = [pathlib.PurePosixPath(member).name for member in Archive.from_bytes(archive.read_bytes()).members]
        paths += [built[name] for name in names if name in built]
    return [Program(kernel, "kernel"), *(Program(path) for path in dict.fromkeys(paths))]  # PID 1 is a link, too


def is_elf(path: pathlib.Path) -> bool:
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"
