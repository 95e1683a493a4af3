# SPDX-License-Identifier: BSD-2-Clause
"""A machine that is gone: what `dump-guest-memory` of QEMU wrote, an ELF core file with memory by physical address and a
note of the CPU's state. It reads like a stopped machine does."""
import mmap
import pathlib
import struct
from typing import Iterator

LOAD, NOTE = 1, 4
CORE_FILE = 4
REGISTERS = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rsp", "rbp", *(f"r{number}" for number in range(8, 16)), "rip",
             "rflags")
SEGMENTS, SEGMENT_SIZE = 10, 24
CONTROL = ("cr0", "cr1", "cr2", "cr3", "cr4")


class DumpError(ValueError):
    """The file is no dump of QEMU's."""


def is_one(head: bytes) -> bool:
    """By its first bytes, 18 at least."""
    return head[:6] == b"\x7fELF\x02\x01" and head[16:18] == CORE_FILE.to_bytes(2, "little")


def notes(data: bytes) -> Iterator[tuple[str, bytes]]:
    """(owner, description) of each."""
    at = 0
    while at + 12 <= len(data):
        name_size, size, _ = struct.unpack_from("<III", data, at)
        name = at + 12
        body = name + -(-name_size // 4) * 4
        yield data[name:name + name_size].rstrip(b"\0").decode(), data[body:body + size]
        at = body + -(-size // 4) * 4


def registers_of(state: bytes) -> dict[str, int]:
    """From QEMU's note: version and size, general registers, segments, control registers."""
    general = struct.unpack_from(f"<{len(REGISTERS)}Q", state, 8)
    control = struct.unpack_from(f"<{len(CONTROL)}Q", state, 8 + 8 * len(REGISTERS) + SEGMENTS * SEGMENT_SIZE)
    return dict(zip(REGISTERS + CONTROL, general + control))


class CoreDump:
    """registers: of the first CPU, in small letters, CR2 and CR3 too."""

    def __init__(self, path: pathlib.Path) -> None:
        with open(path, "rb") as file:
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if not is_one(self._data[:64]):
            raise DumpError(f"{path}: not an ELF core file")
        table, = struct.unpack_from("<Q", self._data, 32)
        entry_size, count = struct.unpack_from("<HH", self._data, 54)
        self._pieces: list[tuple[int, int, int]] = []  # physical address, size, where in the file
        states = []
        for index in range(count):
            kind, _, offset, _, physical, size, _, _ = struct.unpack_from("<IIQQQQQQ", self._data, table + index * entry_size)
            if kind == LOAD:
                self._pieces.append((physical, size, offset))
            elif kind == NOTE:
                states += [body for owner, body in notes(self._data[offset:offset + size]) if owner == "QEMU"]
        if not states:
            raise DumpError(f"{path}: no note of QEMU's: not written by dump-guest-memory")
        self.registers = registers_of(states[0])

    def read(self, physical: int, size: int) -> bytes:
        """Physical memory; ones where the dump has none."""
        found = b""
        while len(found) < size:
            at = physical + len(found)
            piece = next((each for each in self._pieces if 0 <= at - each[0] < each[1]), None)
            if piece is None:
                found += b"\xff"
                continue
            start, length, offset = piece
            count = min(size - len(found), start + length - at)
            found += self._data[offset + at - start:offset + at - start + count]
        return found
