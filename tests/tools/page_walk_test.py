# SPDX-License-Identifier: BSD-2-Clause
"""Walks through page tables in made-up memory."""
import unittest

import page_walk
from made_up_memory import (ACCESSED, DIRECTORY, DIRTY, LARGE, NX, PRESENT, TABLE, USER, WRITE, Memory, cookie, keeper,
                            with_tables)


def sample() -> Memory:
    """Pages at 0, 0x1000 and 2 MiB."""
    memory = with_tables()
    memory.put(DIRECTORY, 1, 0x60_0000 | PRESENT | WRITE | USER | ACCESSED | DIRTY | LARGE | keeper(7))
    memory.put(TABLE, 0, 0x5000 | PRESENT | USER | NX | ACCESSED)
    memory.put(TABLE, 1, 0x6000 | PRESENT | WRITE | USER | NX | DIRTY | keeper(5))
    memory.put(TABLE, 2, cookie(0x123) | keeper(3))
    memory.put(TABLE, 3, keeper(127))
    memory.put(0x5000, 511, 0x1122334455667788)  # the end of page 0
    memory.put(0x6000, 0, 0x99AABBCCDDEEFF00)
    return memory


class PageWalkTest(unittest.TestCase):
    def walk(self, address: int) -> page_walk.Walk:
        return page_walk.walk(sample().read, 0x1000 | 0xFFF | 1 << 63, address)  # PCID and its flag do not count

    def test_a_walk_ends_at_the_page(self) -> None:
        found = self.walk(0x1234)
        self.assertEqual([entry.level for entry in found.entries], [4, 3, 2, 1])
        self.assertEqual(found.physical, 0x6234)
        self.assertEqual(found.last.describe(), "page 0x6000 rw user nx D keeper 5")

    def test_a_walk_ends_at_a_large_page(self) -> None:
        found = self.walk(0x212345)
        self.assertEqual(found.last.level, 2)
        self.assertEqual(found.physical, 0x612345)
        self.assertEqual(found.last.describe(), "page 0x600000 rw user x A D keeper 7")

    def test_the_deepest_keeper_is_in_force(self) -> None:
        for address, index, level in ((0, 1, 4), (0x1000, 5, 1), (0x2000, 3, 1), (0x200000, 7, 2), (1 << 30, 1, 4)):
            found = self.walk(address).keeper
            self.assertEqual((found.keeper, found.level), (index, level), hex(address))
        self.assertIsNone(self.walk(1 << 39).keeper)

    def test_a_cookie_is_told(self) -> None:
        found = self.walk(0x2000)
        self.assertIsNone(found.physical)
        self.assertEqual(found.last.describe(), "not present, cookie 0x123 keeper 3")
        self.assertEqual(self.walk(0x3000).last.describe(), "empty keeper 127")

    def test_the_walk_stops_where_there_is_no_way_on(self) -> None:
        for address, level in ((1 << 39, 4), (1 << 30, 3), (2 << 21, 2), (4 << 12, 1)):
            self.assertEqual(self.walk(address).last.level, level, hex(address))

    def test_an_address_that_is_not_canonical_has_no_walk(self) -> None:
        self.assertEqual(self.walk(1 << 47).entries, ())
        self.assertEqual(len(self.walk(0xFFFF_8000_0000_0000).entries), 1)

    def test_virtual_memory_is_read_across_pages(self) -> None:
        data = page_walk.read_virtual(sample().read, 0x1000, 0xFFC, 8)
        self.assertEqual(data, bytes.fromhex("44332211" "00ffeedd"))
        self.assertIsNone(page_walk.read_virtual(sample().read, 0x1000, 0x1FFF, 2))


if __name__ == "__main__":
    unittest.main()
