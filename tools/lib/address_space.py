# SPDX-License-Identifier: BSD-2-Clause
"""The user half of an address space as its page tables show it: what is mapped, and which keeper is in force where. Pure."""
import dataclasses
from typing import Iterable, Iterator

import page_walk

USER_ENTRIES = 256  # of the PML4
TABLE_ENTRIES = 512
BLOCK = 1 << 21  # what one page table shows
COOKIES, EMPTY = "cookies", "empty"


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


def kind_of(entry: page_walk.Entry) -> str:
    """The `what` of a Range."""
    if entry.is_page:
        return rights(entry)
    return COOKIES if entry.cookie else EMPTY


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
    pieces = [(found.address, found.end, (kind_of(found.entry), found.keeper))
              for found in entries(read, root) if found.entry.is_page or found.entry.cookie]
    return [Range(start, end, what, keeper) for start, end, (what, keeper) in merged(pieces)]


@dataclasses.dataclass(frozen=True)
class Block:
    """2 MiB, or `count` such neighbours that are alike: what is where, without a gap. what: as of a Range, or "empty"."""
    start: int
    count: int
    ranges: tuple[Range, ...]

    @property
    def resident(self) -> int:
        """Pages that are there, of 4 KiB."""
        return self.count * sum(each.pages for each in self.ranges if each.what.startswith("r"))


def blocks(read: page_walk.Reader, root: int, addresses: Iterable[int] = ()) -> list[Block]:
    """Those that hold pages, cookies, or one of the addresses."""
    starts: dict[int, int] = {address & ~(BLOCK - 1): 1 for address in addresses if address < 1 << page_walk.CANONICAL_BITS}
    for found in entries(read, root):
        if found.entry.is_page or found.entry.cookie:
            starts[found.address & ~(BLOCK - 1)] = max(1, (found.end - found.address) // BLOCK)
    return [Block(start, count, _block_ranges(read, root, start)) for start, count in sorted(starts.items())]


def _block_ranges(read: page_walk.Reader, root: int, start: int) -> tuple[Range, ...]:
    way = page_walk.walk(read, root, start)
    if way.last.level != 1:
        keeper = way.keeper.keeper if way.keeper else 0
        return (Range(start, start + BLOCK, kind_of(way.last), keeper),)
    above = next((entry.keeper for entry in reversed(way.entries[:-1]) if entry.keeper), 0)
    table = way.last.at & ~0xFFF
    raw, pieces = read(table, 8 * TABLE_ENTRIES), []
    for index in range(TABLE_ENTRIES):
        entry = page_walk.Entry(1, index, table + 8 * index, int.from_bytes(raw[8 * index:8 * index + 8], "little"))
        at = start + (index << 12)
        pieces.append((at, at + (1 << 12), (kind_of(entry), entry.keeper or above)))
    return tuple(Range(first, end, what, keeper) for first, end, (what, keeper) in merged(pieces))
