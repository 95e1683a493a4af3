# SPDX-License-Identifier: BSD-2-Clause
"""The user half of an address space as its page tables show it: what is mapped, and which keeper is in force where. Pure."""
import dataclasses
from typing import Iterable, Iterator

import page_walk

USER_ENTRIES = 256  # of the PML4
TABLE_ENTRIES = 512


@dataclasses.dataclass(frozen=True)
class Found:
    """An entry that is not empty, where it is, and the keeper in force there."""
    address: int
    entry: page_walk.Entry
    keeper: int

    @property
    def end(self) -> int:
        return self.address + (1 << page_walk.span_bits(self.entry.level))


@dataclasses.dataclass(frozen=True)
class Range:
    """Neighbours alike. what: rights, or that there are cookies."""
    start: int
    end: int
    what: str
    keeper: int

    @property
    def pages(self) -> int:
        return (self.end - self.start) >> 12


def entries(read: page_walk.Reader, root: int) -> Iterator[Found]:
    """Every entry of the user half that is not empty, tables before what is in them."""
    yield from _entries_of(read, root & page_walk.ADDRESS_MASK, 4, 0, 0)


def _entries_of(read: page_walk.Reader, table: int, level: int, base: int, keeper: int) -> Iterator[Found]:
    count = USER_ENTRIES if level == 4 else TABLE_ENTRIES
    raw = read(table, 8 * count)
    for index in range(count):
        entry = page_walk.Entry(level, index, table + 8 * index, int.from_bytes(raw[8 * index:8 * index + 8], "little"))
        if entry.raw == 0:
            continue
        found = Found(base + (index << page_walk.span_bits(level)), entry, entry.keeper or keeper)
        yield found
        if entry.present and not entry.is_page:
            yield from _entries_of(read, entry.address, level - 1, found.address, found.keeper)


def rights(entry: page_walk.Entry) -> str:
    return ("r" if entry.user else "-") + ("w" if entry.writable else "-") + ("-" if entry.no_execute else "x")


def merged(pieces: Iterable[tuple[int, int, object]]) -> list[tuple[int, int, object]]:
    """(start, end, kind), in order of start: those of one kind that touch become one."""
    found: list[tuple[int, int, object]] = []
    for start, end, kind in pieces:
        if found and found[-1][1:] == (start, kind):
            found[-1] = (found[-1][0], end, kind)
        else:
            found.append((start, end, kind))
    return found


def ranges(read: page_walk.Reader, root: int) -> list[Range]:
    """Pages and cookies, neighbours alike put together."""
    pieces = [(found.address, found.end, (rights(found.entry) if found.entry.is_page else "cookies", found.keeper))
              for found in entries(read, root) if found.entry.is_page or found.entry.cookie]
    return [Range(start, end, what, keeper) for start, end, (what, keeper) in merged(pieces)]
