# SPDX-License-Identifier: BSD-2-Clause
"""Physical memory with page tables in it, for the tests of what reads them."""
import page_walk

PRESENT, WRITE, USER, ACCESSED, DIRTY, LARGE, NX = 1, 2, 4, 32, 64, 128, 1 << 63
PML4, PDPT, DIRECTORY, TABLE = 0x1000, 0x2000, 0x3000, 0x4000


class Memory:
    """Words of 8 bytes, zero where nothing was put."""

    def __init__(self) -> None:
        self.words: dict[int, int] = {}

    def put(self, table: int, index: int, raw: int) -> None:
        self.words[table + 8 * index] = raw

    def put_bytes(self, at: int, data: bytes) -> None:
        for offset in range(0, len(data), 8):
            self.words[at + offset] = int.from_bytes(data[offset:offset + 8], "little")

    def read(self, physical: int, size: int) -> bytes:
        start = physical & ~7
        data = b"".join(self.words.get(at, 0).to_bytes(8, "little") for at in range(start, physical + size, 8))
        return data[physical - start:physical - start + size]


def keeper(index: int) -> int:
    return index << 52


def cookie(value: int) -> int:
    return value << 7 | page_walk.ABOVE_COOKIE


def with_tables() -> Memory:
    """Tables on the way to the first 2 MiB, keeper 1 named by the PML4's entry; no page yet."""
    memory = Memory()
    table = PRESENT | WRITE | USER | ACCESSED
    memory.put(PML4, 0, PDPT | table | keeper(1))
    memory.put(PDPT, 0, DIRECTORY | table)
    memory.put(DIRECTORY, 0, TABLE | table)
    return memory
