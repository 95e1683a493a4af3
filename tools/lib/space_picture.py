# SPDX-License-Identifier: BSD-2-Clause
"""The map of an address space as an SVG: who pages what, what is resident with which rights, and where faults hit. Pure.

A row is what one page table shows, 2 MiB; blocks where nothing ever was are left out. What is pointed at says what it is."""
import collections
import dataclasses
from typing import Callable

import address_space
import page_walk
import svg

LEFT, CELL, ROW, TOP = 170, 2.0, 28, 110  # CELL: width of a page
PAGE = 4096
FILE = "of the program's file"  # where what is there is not known
OPACITY = {address_space.EMPTY: 0.15, address_space.COOKIES: 0.35, FILE: 0.35}  # what is not resident
WRITABLE, READ_ONLY, EXECUTABLE = 1.0, 0.75, 0.55


@dataclasses.dataclass(frozen=True)
class Fault:
    address: int
    what: str


def count_of(number: int, one: str) -> str:
    return f"{number} {one}{'' if number == 1 else 's'}"


def opacity(what: str) -> float:
    if what in OPACITY:
        return OPACITY[what]
    return WRITABLE if "w" in what else EXECUTABLE if "x" in what else READ_ONLY


def range_title(each: address_space.Range) -> str:
    who = f"keeper {each.keeper}" if each.keeper else "no keeper"
    return f"{each.start:#x}-{each.end:#x} {count_of(each.pages, 'page')} {each.what} {who}"


def keeper_lines(blocks: list[address_space.Block], faults: dict[int, int]) -> dict[int, str]:
    """By keeper: what it pages here. faults: how many hit where it is in force."""
    resident, cookies = collections.Counter(), collections.Counter()
    for block in blocks:
        for each in block.ranges:
            pages = each.pages * block.count
            resident[each.keeper] += pages if each.what not in OPACITY else 0
            cookies[each.keeper] += pages if each.what == address_space.COOKIES else 0
    keepers = {each.keeper for block in blocks for each in block.ranges}
    return {keeper: f"{f'keeper {keeper}' if keeper else 'no keeper'}: {count_of(resident[keeper], 'page')} resident, "
                    f"{count_of(cookies[keeper], 'cookie')}, {count_of(faults[keeper], 'fault')}"
            for keeper in sorted(keepers)}


def faults_by_keeper(faults: list[Fault], keeper_at: Callable[[int], int]) -> dict[int, int]:
    counted = collections.Counter(keeper_at(fault.address) for fault in faults)
    return {keeper: counted[keeper] for keeper in range(page_walk.Entry(4, 0, 0, 127 << 52).keeper + 1)}


def row(block: address_space.Block, y: float, faults: list[Fault]) -> list[str]:
    more = f" and {block.count - 1} alike" if block.count > 1 else ""
    body = [svg.text(LEFT - 8, y + ROW * 0.6, f"{block.start:#x}{more}", anchor="end"),
            svg.text(LEFT + 512 * CELL + 8, y + ROW * 0.6, count_of(block.resident, "page"))]
    for each in block.ranges:
        body.append(svg.box(LEFT + (each.start - block.start) // PAGE * CELL, y + 4, each.pages * CELL, ROW - 10,
                            svg.colour(each.keeper), range_title(each), opacity(each.what)))
    end = block.start + block.count * address_space.BLOCK
    pages = collections.defaultdict(list)
    for fault in faults:
        if block.start <= fault.address < end:
            pages[fault.address % address_space.BLOCK // PAGE].append(fault)
    for page, here in sorted(pages.items()):
        words = "\n".join([count_of(len(here), "fault"), *(fault.what for fault in here)])
        body.append(svg.dot(LEFT + (page + 0.5) * CELL, y + 4, 3 + min(len(here), 5) * 0.5, words))
    return body


def draw(title: str, blocks: list[address_space.Block], faults: list[Fault], keeper_at: Callable[[int], int]) -> str:
    """keeper_at: the keeper in force at an address, 0 = none. Faults outside the user half are not shown."""
    lines = keeper_lines(blocks, faults_by_keeper(faults, keeper_at))
    top = TOP + 16 * len(lines)
    resident = sum(block.resident for block in blocks)
    body = [svg.text(12, 22, title, 15),
            svg.text(12, 42, f"{count_of(resident, 'page')} resident, {resident * PAGE // 1024} KiB; "
                     f"{count_of(len(faults), 'fault')} in the record. A row is 2 MiB; dots are faults."),
            svg.text(12, 60, "full: writable, lighter: read-only, executable; faint: cookies, nothing there")]
    for index, (keeper, line) in enumerate(lines.items()):
        body += [svg.box(12, 72 + 16 * index, 10, 10, svg.colour(keeper), line), svg.text(28, 81 + 16 * index, line)]
    for index, block in enumerate(blocks):
        body += row(block, top + ROW * index, faults)
    return svg.document(LEFT + 512 * CELL + 110, top + ROW * len(blocks) + 20, body)
