# SPDX-License-Identifier: BSD-2-Clause
"""The kernel's record of paging events, from memory, from a panic and from the console: the same events, in the same words."""
import re
import struct
import unittest

import build as building
import paging_events
from made_up_memory import Memory

RING, SIZE, CLOCK = 0x8000, 4, 0x7000
HEADER = building.REPOSITORY / "microkernel" / "include" / "abi" / "paging_event.hpp"
TRAP = (2000, CLOCK | 1, 0x1008, 0x400010 << 16 | 6)
TOLD = (2000, CLOCK | 3, 0x1008, 1 << 14 | 1 << 11 | 1 << 8 | 6)
MAPPED = (5000, CLOCK | 4, 0x1000 | 3 | 1 << 8 | 1 << 11, 5 << 48 | 0x9000 | 1)
CONSOLE = """NUMBER  UPTIME(s)   PID NAME            WHAT
     7    1.000020    4 clock           write 0x1008 at ip 0x400010: nothing is there
     8    1.000020    4 clock           fault at 0x1008 told to keeper 1
     9    1.000050    4 clock           gets 1 page at 0x1000 rw- (memory 0x9000), and goes on
"""


def ring(*events: tuple[int, int, int, int], written: int | None = None, ticks: int = 100) -> Memory:
    memory = Memory()
    memory.put_bytes(RING, struct.pack("<8sQIIQ", b"UMBRAPGE", len(events) if written is None else written, 32, SIZE, ticks) +
                     b"".join(struct.pack("<4Q", *event) for event in events))
    return memory


def read(memory: Memory) -> list[paging_events.Event]:
    return paging_events.of_memory(memory.read, RING, {CLOCK: "clock"}.get)


class PagingEventsTest(unittest.TestCase):
    def test_memory_is_read_with_times_names_and_words(self) -> None:
        found = read(ring(TRAP, TOLD, MAPPED))
        self.assertEqual([(event.number, event.time, event.who, event.text()) for event in found], [
            (0, 20.0, "clock", "write 0x1008 at ip 0x400010: nothing is there"),
            (1, 20.0, "clock", "fault at 0x1008 told to keeper 1"),
            (2, 50.0, "clock", "gets 1 page at 0x1000 rw- (memory 0x9000), and goes on")])

    def test_a_ring_that_went_round_begins_with_its_oldest(self) -> None:
        found = read(ring(*((100 * place, CLOCK | 10, place, 6) for place in (4, 5, 2, 3)), written=6))
        self.assertEqual([(event.number, event.place) for event in found], [(2, 2), (3, 3), (4, 4), (5, 5)])

    def test_memory_without_a_ring_is_refused(self) -> None:
        with self.assertRaises(paging_events.NoRecord):
            read(Memory())

    def test_a_panic_and_the_console_tell_the_same_events(self) -> None:
        events = read(ring(TRAP, TOLD, MAPPED))
        panic = "".join(f"    {event.number} -{30 if event.number < 2 else 0} us {event.kind} TCB {event.thread:#x} at "
                        f"{event.place:#x} detail {event.detail:#x}\n" for event in events)
        for found in (paging_events.of_panic(panic), paging_events.of_console(CONSOLE)):
            self.assertEqual([(each.kind, each.address, each.text(), each.goes_on, each.time - found[0].time) for each in found],
                             [(each.kind, each.address, each.text(), each.goes_on, each.time - 20) for each in events])

    def test_a_listing_says_how_old_each_is(self) -> None:
        self.assertEqual(paging_events.listing(read(ring(TRAP, MAPPED))).splitlines(), [
            "     0        -30.0 us  clock                            write 0x1008 at ip 0x400010: nothing is there",
            "     1          0.0 us  clock                            gets 1 page at 0x1000 rw- (memory 0x9000), and goes on"])
        self.assertEqual(paging_events.listing([]), "no paging event yet")

    def test_the_console_may_show_an_event_twice(self) -> None:
        self.assertEqual([event.number for event in paging_events.of_console(CONSOLE + CONSOLE)], [7, 8, 9])

    def test_a_piece_of_the_ring_is_read_across_its_end(self) -> None:
        ring_of_six = ring(*((100 * place, CLOCK | 10, place, 6) for place in (4, 5, 2, 3)), written=6)
        for most in range(6):
            found = paging_events.of_memory(ring_of_six.read, RING, most=most)
            self.assertEqual([event.place for event in found], [2, 3, 4, 5][4 - min(most, 4):], most)

    def test_what_came_of_the_same_fault_before(self) -> None:
        restart, other = (5000, CLOCK | 9, 0x1008, 1), (4000, 0x7800 | 4, 0x1003 | 1 << 8, 0x9001)
        killed = (5000, CLOCK | 10, 0x1008, 8)
        mapped = (5000, *other[1:])
        for events, expected in (
                ((TRAP, TOLD, other, restart), (1, ["fault at 0x1008 told to keeper 1",
                                                    "goes on after its fault at 0x1008: its handler answered"])),
                ((TRAP, TOLD, mapped, restart), (1, ["fault at 0x1008 told to keeper 1", "maps 1 page at 0x1000 rw- (memory 0x9000)",
                                                     "goes on after its fault at 0x1008: its handler answered"])),
                ((TRAP, restart, TRAP, TOLD), (2, ["fault at 0x1008 told to keeper 1"])),
                ((TRAP, (*TOLD[:3], TOLD[3] | 7 << 32), restart), (8, ["fault at 0x1008 told to keeper 1, the same 7 times before",
                                                                       "goes on after its fault at 0x1008: its handler answered"])),
                ((TRAP, TOLD, killed), (0, [])), (((2000, CLOCK | 1, 0x3008, TRAP[3]), restart), (0, [])),
                (((*TRAP[:3], 0x400020 << 16), restart), (0, [])), ((), (0, []))):
            count, last = paging_events.earlier(read(ring(*events)), CLOCK, 0x400010, 0x1FF8)
            self.assertEqual((count, [event.text() for event in last]), expected)

    def test_each_kind_has_its_words(self) -> None:
        def said(kind: str, place: int, detail: int) -> str:
            return paging_events.Event(0, 0, kind, CLOCK, place, detail).text()

        ip = 0xFFFF_8000_0000_0010
        self.assertEqual(paging_events.Event(0, 0, "trap", CLOCK, 0, ip << 16 & (1 << 64) - 1).ip, ip)
        for expected, *event in (
                ("execute 0x5000 at ip 0x5000: what is there does not permit it", "trap", 0x5000, 0x5000 << 16 | 0x15),
                ("read 0x5000 at ip 0x1: a reserved bit is set in its page tables", "trap", 0x5000, 1 << 16 | 0xD),
                ("exception 13 at ip 0x1, error code 0x18", "exception", 13, 1 << 16 | 0x18),
                ("fault at 0x10 told to its fault handler", "deliver", 0x10, 4),
                ("fault at 0x10 told to the supervisor: no keeper is in force", "deliver", 0x10, 1 << 21 | 1 << 8),
                ("fault at 0x10 told to the supervisor: keeper 2 cannot be told", "deliver", 0x10, 2 << 21 | 2 << 14),
                ("fault at 0x10 told to the supervisor: keeper 1 refused, the stack has overflown into its guard page", "deliver",
                 0x10, 32 << 24 | 3 << 21 | 1 << 14),
                ("fault at 0x10 told to keeper 1, the same 9 times before: a livelock", "deliver", 0x10, 9 << 32 | 1 << 14 | 1 << 8),
                ("maps 2 pages at 0x3000 r-x", "map", 0x3006 | 1 << 8, 2), ("maps a page table at 0x0", "map", 2 << 8, 1),
                ("unmaps up to 3 pages from 0x3000", "unmap", 0x3000 | 1 << 8, 3),
                ("evicts 0x3000, leaves cookie 0x77", "evict", 0x3000 | 1 << 8, 5 << 48 | 0x77),
                ("leaves 4 pages from 0x3000 at most r--", "protect", 0x3002 | 1 << 8, 4),
                ("its answer is refused after 2 items: error 8", "refuse", 0, 8 << 8 | 2),
                ("stops with its fault at 0x10: its handler lets it stop", "kill", 0x10, 7)):
            self.assertEqual(said(*event), expected)

    def test_kinds_and_causes_are_those_of_the_interface(self) -> None:
        kinds, causes = re.findall(r"enum class \w+ : Word \{(.*?)\n\};", HEADER.read_text(), re.DOTALL)
        numbered = re.findall(r"^    (\w+) = (\d+),", kinds, re.MULTILINE)
        self.assertEqual(tuple(name for name, _ in numbered), paging_events.KINDS[1:])
        self.assertEqual([int(number) for _, number in numbered], list(range(1, len(paging_events.KINDS))))
        self.assertEqual(len(re.findall(r"^    \w+ = \d+,", causes, re.MULTILINE)), len(paging_events.CAUSES) - 1)


if __name__ == "__main__":
    unittest.main()
