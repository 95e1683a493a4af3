# SPDX-License-Identifier: BSD-2-Clause
"""Page tables read from physical memory: the entries on the way to an address, and what ends the way. Pure.

The layout of an entry: microkernel/arch/x86_64/paging/entry.hpp."""
import dataclasses
from typing import Callable

Reader = Callable[[int, int], bytes]  # (physical address, size) -> just that many bytes

LEVEL_NAMES = {4: "PML4", 3: "PDPT", 2: "page directory", 1: "page table"}
ADDRESS_MASK = (1 << 52) - (1 << 12)
COOKIE_SHIFT, COOKIE_MASK = 7, (1 << 36) - 1
ABOVE_COOKIE = (1 << 52) - (1 << 43)
CANONICAL_BITS = 47


def word(read: Reader, physical: int) -> int:
    return int.from_bytes(read(physical, 8), "little")


def is_canonical(address: int) -> bool:
    return address >> CANONICAL_BITS in (0, (1 << (64 - CANONICAL_BITS)) - 1)


def span_bits(level: int) -> int:
    """log2 of the bytes that one entry covers."""
    return 12 + 9 * (level - 1)


@dataclasses.dataclass(frozen=True)
class Entry:
    level: int
    index: int
    at: int  # physical address of the entry
    raw: int

    def _bit(self, number: int) -> bool:
        return bool(self.raw >> number & 1)

    present = property(lambda self: self._bit(0))
    writable = property(lambda self: self._bit(1))
    user = property(lambda self: self._bit(2))
    accessed = property(lambda self: self._bit(5))
    dirty = property(lambda self: self._bit(6))
    no_execute = property(lambda self: self._bit(63))
    keeper = property(lambda self: self.raw >> 52 & 127)
    is_page = property(lambda self: self.present and (self.level == 1 or self._bit(7)))

    @property
    def cookie(self) -> int:
        if self.present or self.raw & ABOVE_COOKIE != ABOVE_COOKIE:
            return 0
        return self.raw >> COOKIE_SHIFT & COOKIE_MASK

    @property
    def address(self) -> int:
        """Of the table or page that it names."""
        physical = self.raw & ADDRESS_MASK
        return physical & ~((1 << span_bits(self.level)) - 1) if self.is_page else physical

    def describe(self) -> str:
        """All that the entry says."""
        if self.present:
            words = [f"{'page' if self.is_page else 'table'} {self.address:#x}", "rw" if self.writable else "r-",
                     "user" if self.user else "kernel", "nx" if self.no_execute else "x"]
            words += [name for name, is_set in (("A", self.accessed), ("D", self.is_page and self.dirty)) if is_set]
        elif self.cookie:
            words = [f"not present, cookie {self.cookie:#x}"]
        else:
            words = ["not present" if self.raw & ~(127 << 52) else "empty"]
        return " ".join(words + ([f"keeper {self.keeper}"] if self.keeper else []))


@dataclasses.dataclass(frozen=True)
class Walk:
    """entries: from the PML4 down to the page, or to the entry where there is no way on."""
    address: int
    root: int
    entries: tuple[Entry, ...]

    @property
    def last(self) -> Entry:
        return self.entries[-1]

    @property
    def keeper(self) -> Entry | None:
        """The deepest entry that names one: the keeper in force."""
        return next((entry for entry in reversed(self.entries) if entry.keeper), None)

    @property
    def physical(self) -> int | None:
        if not self.entries or not self.last.is_page:
            return None
        return self.last.address | self.address & ((1 << span_bits(self.last.level)) - 1)


def walk(read: Reader, cr3: int, address: int) -> Walk:
    """The CPU's way through the tables that CR3 names; no entries if the address is not canonical."""
    table, entries = cr3 & ADDRESS_MASK, []
    if not is_canonical(address):
        return Walk(address, table, ())
    for level in (4, 3, 2, 1):
        index = address >> span_bits(level) & 511
        entry = Entry(level, index, table + 8 * index, word(read, table + 8 * index))
        entries.append(entry)
        if not entry.present or entry.is_page:
            break
        table = entry.address
    return Walk(address, cr3 & ADDRESS_MASK, tuple(entries))


def read_virtual(read: Reader, cr3: int, address: int, size: int) -> bytes | None:
    """Bytes at a virtual address; None if any of them has no page."""
    data = b""
    while size:
        piece = min(size, 4096 - (address & 4095))
        physical = walk(read, cr3, address).physical
        if physical is None:
            return None
        data += read(physical, piece)
        address, size = address + piece, size - piece
    return data
