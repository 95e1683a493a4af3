# SPDX-License-Identifier: BSD-2-Clause
"""The map of an address space: every range with its keeper, what is resident, and a dot where faults hit."""
import unittest
import xml.etree.ElementTree

import address_space
import page_walk
import space_picture
from made_up_memory import ACCESSED, DIRECTORY, LARGE, NX, PML4, PRESENT, TABLE, USER, WRITE, cookie, keeper, with_tables

SVG = "{http://www.w3.org/2000/svg}"


def space():
    """Two pages of code, one of keeper 5's data, a cookie; a large page at 4 MiB."""
    memory = with_tables()
    for page in (1, 2):
        memory.put(TABLE, page, 0x10000 + page * 4096 | PRESENT | USER)
    memory.put(TABLE, 3, 0x20000 | PRESENT | USER | WRITE | NX | keeper(5))
    memory.put(TABLE, 9, cookie(0x77))
    memory.put(DIRECTORY, 2, 0x400000 | PRESENT | USER | LARGE | NX | ACCESSED)
    return memory


def keeper_at(memory):
    def found(address: int) -> int:
        entry = page_walk.walk(memory.read, PML4, address).keeper
        return entry.keeper if entry else 0
    return found


def drawn(*faults: int) -> xml.etree.ElementTree.Element:
    memory = space()
    blocks = address_space.blocks(memory.read, PML4, faults)
    hits = [space_picture.Fault(address, f"read {address:#x}") for address in faults]
    return xml.etree.ElementTree.fromstring(space_picture.draw("clock & co", blocks, hits, keeper_at(memory)))


def titles(root: xml.etree.ElementTree.Element, kind: str) -> list[str]:
    return [each.find(f"{SVG}title").text for each in root.iter(SVG + kind) if each.find(f"{SVG}title") is not None]


class SpacePictureTest(unittest.TestCase):
    def test_blocks_hold_all_ranges_without_a_gap(self) -> None:
        first, second = address_space.blocks(space().read, PML4)
        self.assertEqual([(each.start, each.end, each.what, each.keeper) for each in first.ranges], [
            (0, 0x1000, "empty", 1), (0x1000, 0x3000, "r-x", 1), (0x3000, 0x4000, "rw-", 5), (0x4000, 0x9000, "empty", 1),
            (0x9000, 0xA000, "cookies", 1), (0xA000, 0x200000, "empty", 1)])
        self.assertEqual((second.start, second.ranges[0].what, first.resident, second.resident), (0x400000, "r--", 3, 512))

    def test_a_block_without_pages_is_there_if_a_fault_hit_it(self) -> None:
        found = address_space.blocks(space().read, PML4, [0x7000_0000_0123, 0xFFFF_8000_0000_0000])
        self.assertEqual([block.start for block in found], [0, 0x400000, 0x7000_0000_0000])
        self.assertEqual([(each.what, each.keeper) for each in found[2].ranges], [("empty", 0)])

    def test_the_picture_shows_every_range_that_the_tables_have(self) -> None:
        shown = titles(drawn(), "rect")
        for each in address_space.ranges(space().read, PML4):
            self.assertIn(space_picture.range_title(each), shown)
        self.assertIn("0x400000-0x600000 512 pages r-- keeper 1", shown)

    def test_it_says_who_pages_how_much(self) -> None:
        said = [text.text for text in drawn(0x3008, 0x3010, 0x7000_0000_0123).iter(f"{SVG}text")]
        for line in ("clock & co", "515 pages resident, 2060 KiB; 3 faults in the record. A row is 2 MiB; dots are faults.",
                     "keeper 1: 514 pages resident, 1 cookie, 0 faults",
                     "keeper 5: 1 page resident, 0 cookies, 2 faults",
                     "no keeper: 0 pages resident, 0 cookies, 1 fault"):
            self.assertIn(line, said)

    def test_a_dot_is_where_faults_hit(self) -> None:
        root = drawn(0x3008, 0x3010)
        self.assertEqual(titles(root, "circle"), ["2 faults\nread 0x3008\nread 0x3010"])
        self.assertEqual(float(next(root.iter(f"{SVG}circle")).get("cx")), space_picture.LEFT + 3.5 * space_picture.CELL)

    def test_pages_of_different_rights_and_keepers_look_different(self) -> None:
        looks = {(box.get("fill"), box.get("fill-opacity")) for box in drawn().iter(f"{SVG}rect")
                 if (title := box.find(f"{SVG}title")) is not None and title.text.startswith("0x")}
        self.assertEqual(len(looks), 5)


if __name__ == "__main__":
    unittest.main()
