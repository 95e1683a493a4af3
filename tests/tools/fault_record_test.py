# SPDX-License-Identifier: BSD-2-Clause
"""Fault records from made-up memory: each cause of a page fault is told as what it is."""
import dataclasses
import pathlib
import struct
import unittest

import elf_programs
import fault_record
import kernel_layout
from made_up_memory import NX, PML4, PRESENT, TABLE, USER, WRITE, Memory, cookie, keeper, with_tables

WINDOW = 0xFFFF_8000_0000_0000
CURRENT = 0xFFFF_FFFF_8000_0040
LAYOUT = kernel_layout.KernelLayout(CURRENT, WINDOW, name_offset=0x50, name_size=32, stubs=(0x100, 0x200))
CODE = bytes(range(256)) * 16
CODE_AT, IP = 0x5000, 0x5010
RING_3, RING_0 = 0x23, 0x8


def program(name: str, address: int, code: bytes, physical: int = 0) -> elf_programs.Program:
    made_up = elf_programs.Program(pathlib.Path("/dev/null"), name)
    made_up.segments = [elf_programs.Segment(address, physical or address, len(code), code, True),
                        elf_programs.Segment(0x8000, 0x8000, 0x1800, b"", False)]
    made_up.functions = [(address, f"{name}_start"), (address + 0x20, f"{name}_end")]
    return made_up


KERNEL = program("kernel", 0xFFFF_FFFF_8000_0000, CODE, physical=0x10_0000)
CLOCK = program("clock", CODE_AT, CODE)
CONSOLE = program("console", CODE_AT, CODE[::-1])


def machine() -> Memory:
    """The thread "ticker" runs the clock's code."""
    memory = with_tables()
    memory.put(TABLE, CODE_AT >> 12, 0xA000 | PRESENT | USER)
    memory.put_bytes(0xA000, CODE)
    memory.put_bytes(0x10_0040, (WINDOW + 0x7000).to_bytes(8, "little"))
    memory.put_bytes(0x7050, b"ticker\0\0")
    return memory


def trap(address: int, error_code: int, **changes: int) -> fault_record.Trap:
    return fault_record.Trap(**{"address": address, "error_code": error_code, "ip": IP, "cs": RING_3, "flags": 0x202,
                                "sp": 0x9_0000, "cr3": PML4 | 5} | changes)


def explain(memory: Memory, what: fault_record.Trap) -> fault_record.Record:
    return fault_record.Explainer(KERNEL, [CLOCK, CONSOLE], LAYOUT).record(what, memory.read)


class FaultRecordTest(unittest.TestCase):
    def check_reason(self, expected: str, what: fault_record.Trap, *entry: int) -> None:
        memory = machine()
        if entry:
            memory.put(*entry)
        self.assertIn(expected, explain(memory, what).text())

    def test_a_general_protection_names_the_registers_that_are_not_canonical(self) -> None:
        text = explain(machine(), trap(0, 0, vector=13, registers=(("rax", 5), ("rdi", 1 << 47)))).text()
        self.assertEqual(text.splitlines()[0], 'general protection from ring 3 by clock, thread "ticker"')
        self.assertEqual(text.splitlines()[2:], [f"  error code 0x0, CR3 {PML4 | 5:#x}", "  not canonical: rdi 0x800000000000"])
        self.assertIn("another cause than an address", explain(machine(), trap(0, 0x18, vector=13)).text())

    def told(self, handler: int, *slots: int) -> str:
        """The line about the keeper, which is 1. handler: what is in the TCB; slots: a keeper table's at 0xB000."""
        memory = machine()
        layout = dataclasses.replace(LAYOUT, handler_offset=0x80, slot_size=32, cap_types=("null", "endpoint", "cnode"))
        memory.put_bytes(0x7080, handler.to_bytes(8, "little"))
        for index, word in enumerate(slots):
            memory.put_bytes(0xB000 + 32 * index, word.to_bytes(8, "little"))
        record = fault_record.Explainer(KERNEL, [CLOCK], layout).record(trap(0x9008, USER), memory.read)
        return next(line.strip() for line in record.text().splitlines() if "in force" in line)

    def test_who_is_told_if_the_keeper_cannot_be(self) -> None:
        endpoint, table = 1 << 59, 2 << 59 | 1 << 47 | 0xB000
        usual = "keeper in force: 1, named by the PML4 entry"
        self.assertEqual(self.told(table, endpoint, endpoint), usual)
        self.assertEqual(self.told(endpoint), usual)
        self.assertEqual(self.told(table, endpoint, 0), usual + "; it cannot be told, the supervisor is")
        self.assertEqual(self.told(table, 0, 0), usual + "; nobody can be told")
        self.assertEqual(self.told(0), usual + "; nobody can be told")

    def test_a_tcb_that_has_become_another_threads_begins_anew(self) -> None:
        memory, explainer = machine(), fault_record.Explainer(KERNEL, [CLOCK], LAYOUT)
        self.assertEqual([explainer.record(trap(0, USER), memory.read).repeats for _ in range(2)], [0, 1])
        memory.put_bytes(0x7050, b"sleeper\0")
        self.assertEqual(explainer.record(trap(0, USER), memory.read).repeats, 0)

    def test_the_record_looks_like_this(self) -> None:
        memory = machine()
        memory.put(TABLE, 0x9, keeper(5) | cookie(0x77))
        self.assertEqual(explain(memory, trap(0x9123, 6)).text(), """\
write of 0x9123 (clock's data) from ring 3 by clock, thread "ticker"
  at 0x5010 clock_start+0x10
  error code 0x6 (write user), CR3 0x1005
  PML4[0]             0x0010000000002027  table 0x2000 rw user x A keeper 1
  PDPT[0]             0x0000000000003027  table 0x3000 rw user x A
  page directory[0]   0x0000000000004027  table 0x4000 rw user x A
  page table[9]       0x005ff80000003b80  not present, cookie 0x77 keeper 5
  stopped at level 1 (page table): its entry holds a cookie of the pager
  keeper in force: 5, named by the page table entry""")

    def test_each_level_that_is_not_present_is_named(self) -> None:
        for address, level in ((1 << 39, "4 (PML4)"), (1 << 30, "3 (PDPT)"), (1 << 21, "2 (page directory)"),
                               (1 << 12, "1 (page table)")):
            self.check_reason(f"stopped at level {level}: its entry is not present", trap(address, 4))

    def test_a_write_to_what_is_read_only(self) -> None:
        self.check_reason("stopped at level 1 (page table): the page is read-only", trap(CODE_AT, 7))

    def test_a_fetch_of_what_is_not_executable(self) -> None:
        self.check_reason("stopped at level 1 (page table): the page is not executable", trap(0x9000, 0x15),
                          TABLE, 9, 0xB000 | PRESENT | USER | NX)

    def test_a_reserved_bit(self) -> None:
        self.check_reason("a reserved bit is set", trap(0x9000, 0xC), TABLE, 9, 1 << 51 | PRESENT | USER)

    def test_what_is_the_kernels_alone(self) -> None:
        self.check_reason("stopped at level 1 (page table): the page is the kernel's alone", trap(0x9000, 5),
                          TABLE, 9, 0xB000 | PRESENT)

    def test_a_table_that_forbids_is_named(self) -> None:
        self.check_reason("stopped at level 4 (PML4): the table below is the kernel's alone", trap(CODE_AT, 5),
                          PML4, 0, 0x2000 | PRESENT | WRITE)

    def test_the_kernel_in_user_memory(self) -> None:
        self.check_reason("(SMAP)", trap(CODE_AT, 1, cs=RING_0))
        self.check_reason("(SMEP)", trap(CODE_AT, 0x11, cs=RING_0))

    def test_the_kernel_may_touch_user_memory_with_AC(self) -> None:
        self.check_reason("the tables permit it by now", trap(CODE_AT, 1, cs=RING_0, flags=1 << 18))

    def test_tables_that_permit_it(self) -> None:
        self.check_reason("the tables permit it by now", trap(CODE_AT, 4))

    def test_nobody_pages_without_a_keeper(self) -> None:
        memory = machine()
        memory.put(PML4, 0, memory.words[PML4] & ~keeper(127))
        record = explain(memory, trap(0, 4))
        self.assertEqual(record.keeper, 0)
        self.assertIn("no keeper is in force", record.text())
        self.assertIn("read of 0x0 (the null page)", record.text())

    def test_the_kernels_own_code_is_known(self) -> None:
        record = explain(machine(), trap(1 << 30, 0, cs=RING_0, ip=0xFFFF_FFFF_8000_0020))
        self.assertEqual((record.process, record.function), ("kernel", "kernel_end"))

    def test_the_program_is_known_where_the_ip_shows_no_code(self) -> None:
        self.assertEqual(explain(machine(), trap(0x1_0000, 0x14, ip=0x1_0000)).process, "clock")

    def test_without_any_code_the_program_is_unknown(self) -> None:
        memory = machine()
        memory.put(TABLE, CODE_AT >> 12, 0)
        self.assertEqual(explain(memory, trap(CODE_AT, 0x14)).process, "unknown program")

    def test_foreign_code_is_not_taken_for_a_program(self) -> None:
        memory = machine()
        memory.put(0xA800, 0, 0xDEAD)
        self.assertEqual(explain(memory, trap(0, 4)).process, "unknown program")

    def test_repeats_are_counted_and_a_livelock_is_named(self) -> None:
        explainer, memory = fault_record.Explainer(KERNEL, [CLOCK, CONSOLE], LAYOUT), machine()
        texts = [explainer.record(trap(0x9000 + count, 4), memory.read).text() for count in range(9)]
        self.assertNotIn("same fault", texts[0])
        self.assertTrue(texts[1].endswith("the same fault for the 2. time in a row"), texts[1])
        self.assertTrue(texts[8].endswith("the same fault for the 9. time in a row (livelock)"), texts[8])
        self.assertEqual(explainer.record(trap(0xF000, 4), memory.read).repeats, 0)

    def test_the_kernels_record_counts_and_tells_what_came_of_the_last_time(self) -> None:
        memory, layout = machine(), dataclasses.replace(LAYOUT, ring=CURRENT + 0xC0)
        events = (struct.pack("<4Q", 1, 0x7000 | 1, 0x9000, IP << 16 | USER), struct.pack("<4Q", 2, 0x7000 | 9, 0x9000, 1))
        memory.put_bytes(0x10_0100, struct.pack("<8sQIIQ", b"UMBRAPGE", 2, 32, 4, 0) + b"".join(events))
        explainer = fault_record.Explainer(KERNEL, [CLOCK], layout)
        for _ in range(2):  # seen twice: it has happened twice, not three times
            text = explainer.record(trap(0x9008, USER), memory.read).text()
        self.assertEqual(text.splitlines()[-2:], ["  the same fault for the 2. time in a row",
                                                  "  the last time: goes on after its fault at 0x9000: its handler answered"])
        self.assertEqual(explainer.record(trap(0xA008, USER), memory.read).repeats, 0)

    def test_what_came_of_a_fault_is_asked_later(self) -> None:
        memory, layout = machine(), dataclasses.replace(LAYOUT, ring=CURRENT + 0xC0)

        def put_ring(*events: tuple[int, int, int, int]) -> None:
            memory.put_bytes(0x10_0100, struct.pack("<8sQIIQ", b"UMBRAPGE", len(events), 32, 4, 0) +
                             b"".join(struct.pack("<4Q", *event) for event in events))

        old = (1, 0x7000 | 1, 0x9000, IP << 16 | USER), (2, 0x7000 | 9, 0x9000, 1)
        put_ring(*old)
        explainer = fault_record.Explainer(KERNEL, [CLOCK], layout)
        record = explainer.record(trap(0x9008, USER), memory.read)
        self.assertEqual(explainer.outcome(record, memory.read), "")  # the kernel has not seen this one
        put_ring(*old, (3, 0x7000 | 1, 0x9008, IP << 16 | USER), (3, 0x7000 | 10, 0x9008, 6))
        self.assertEqual(explainer.outcome(record, memory.read), "  then: stops with its fault at 0x9008: nobody can be told")

    def test_the_window_is_where_the_source_says(self) -> None:
        self.assertEqual(kernel_layout.window(), WINDOW)

    def test_an_idle_cpu_has_no_thread(self) -> None:
        memory = machine()
        memory.put_bytes(0x10_0040, bytes(8))
        self.assertEqual(explain(memory, trap(0, 4)).thread, "none")

    def test_the_frame_is_read_from_the_stack(self) -> None:
        memory = machine()
        memory.put(TABLE, 6, 0xC000 | PRESENT)
        words = (6, IP, RING_3, 0x202, 0x8_0000, 0x1B)
        memory.put_bytes(0xC800, b"".join(word.to_bytes(8, "little") for word in words))
        found = fault_record.trap_on_stack(memory.read, 0x9123, PML4, 0x6800)
        self.assertEqual(found, trap(0x9123, 6, sp=0x8_0000, cr3=PML4))
        self.assertIsNone(fault_record.trap_on_stack(memory.read, 0x9123, PML4, 0x7800))


if __name__ == "__main__":
    unittest.main()
