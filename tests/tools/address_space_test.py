# SPDX-License-Identifier: BSD-2-Clause
"""What an address space shows, and what the words of a capability say."""
import unittest

import address_space
from address_space import Range
from capability_words import Capability
from made_up_memory import DIRECTORY, LARGE, NX, PML4, PRESENT, TABLE, USER, WRITE, cookie, keeper, with_tables

TYPES = ("null", "untyped", "endpoint", "notification", "reply", "cnode", "tcb", "sched_context", "frame", "page_table",
         "page_directory", "pdpt", "pml4")


def capability(kind: str, a: int, b: int, detail: int = 0) -> str:
    return Capability(TYPES.index(kind) << 59 | detail << 47 | a, b, TYPES).describe()


class AddressSpaceTest(unittest.TestCase):
    def test_neighbours_alike_are_one_range(self) -> None:
        memory = with_tables()
        for index in (1, 2, 3):
            memory.put(TABLE, index, 0x1_0000 + 0x5000 * index | PRESENT | USER)
        memory.put(TABLE, 4, 0x2_0000 | PRESENT | USER | WRITE | NX)
        memory.put(TABLE, 5, 0x2_1000 | PRESENT | USER | WRITE | NX | keeper(5))
        memory.put(TABLE, 7, cookie(9))
        memory.put(TABLE, 8, keeper(3))
        memory.put(DIRECTORY, 1, 0x60_0000 | PRESENT | USER | LARGE)
        memory.put(PML4, 256, TABLE | PRESENT)  # the kernel's half is not looked at
        self.assertEqual(address_space.ranges(memory.read, PML4 | 3), [
            Range(0x1000, 0x4000, "r-x", 1), Range(0x4000, 0x5000, "rw-", 1), Range(0x5000, 0x6000, "rw-", 5),
            Range(0x7000, 0x8000, "cookies", 1), Range(0x20_0000, 0x40_0000, "r-x", 1)])
        self.assertEqual(Range(0x20_0000, 0x40_0000, "r-x", 1).pages, 512)

    def test_what_does_not_touch_stays_apart(self) -> None:
        self.assertEqual(address_space.merged([(0, 1, "a"), (1, 2, "a"), (3, 4, "a"), (4, 5, "b")]),
                         [(0, 2, "a"), (3, 4, "a"), (4, 5, "b")])

    def test_capabilities_describe_themselves(self) -> None:
        for expected, *words in (
                ("empty", "null", 0, 0), ("endpoint at 0x5000 badge 0x7", "endpoint", 0x500F, 7),
                ("cnode at 0x8000 256 slots, guard 0x0 of 56 bits", "cnode", 0x8000, 56, 8),
                ("untyped at 0x100000 2^20 bytes, 0x4000 used", "untyped", 0x10_0000, 0x400, 20),
                ("untyped at 0x100000 2^12 bytes, 0x0 used, device", "untyped", 0x10_0000, 0, 64 | 12),
                ("frame at 0x200000 2^21 bytes mapped at 0x400000 in ASID 6", "frame", 0x20_000F, 0x40_0009, 6),
                ("frame at 0x3000 2^12 bytes", "frame", 0x300F, 0),
                ("pml4 at 0x9000 ASID 5", "pml4", 0x9000, 0, 5), ("pml4 at 0x9000 without ASID", "pml4", 0x9000, 0)):
            self.assertEqual(capability(*words), expected)


if __name__ == "__main__":
    unittest.main()
