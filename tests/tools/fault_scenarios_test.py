# SPDX-License-Identifier: BSD-2-Clause
"""Every scenario of tests/system/faults is told as expected.txt has it, by QEMU with GDB and by Bochs."""
import unittest

import build as building
import fault_scenarios
import suites

BOOTS = "tests/system/faults.elf", "tests/system/kernel_faults.elf"  # test_tools.py builds them first
RECORD = """write of 0x500008 from ring 3 by unknown program, thread "write-read-only"
  at 0x400007 ?
  error code 0x7 (present write user), CR3 0x80000000006dd005
  PML4[0]             0x00100000006de027  table 0x6de000 rw user x A keeper 1
  page table[256]     0x8000000000123065  page 0x123000 r- user nx A D
  page table[257]     0xfffff80000091a00  not present, cookie 0x1234"""
PORTABLE = """write of 0x500008 from ring 3 by unknown program, thread "write-read-only"
  at 0x400007 ?
  error code 0x7 (present write user)
  PML4[0]             0x0010000000000007  table rw user x keeper 1
  page table[256]     0x8000000000000005  page r- user nx
  page table[257]     0xfffff80000091a00  not present, cookie 0x1234"""
AGAIN = "\n  the same fault for the {}. time in a row{}"


class FaultScenariosTest(unittest.TestCase):
    maxDiff = None

    def check_machine(self, machine: str) -> None:
        told = fault_scenarios.text_of(fault_scenarios.told(machine, building.Build()))
        self.assertEqual(fault_scenarios.difference(fault_scenarios.EXPECTED.read_text(), told, machine), "")

    def test_qemu_tells_every_scenario_as_expected(self) -> None:
        self.check_machine("QEMU")

    def test_bochs_tells_every_scenario_as_expected(self) -> None:
        self.check_machine("Bochs")

    def test_every_case_of_the_suite_has_its_records(self) -> None:
        expected = fault_scenarios.read_expected(fault_scenarios.EXPECTED.read_text())
        cases = [name.removeprefix("faults: ") for name in suites.read(fault_scenarios.SUITE).cases]
        self.assertGreaterEqual(len(cases), 40)
        pair = {"client-of-faulting-pager", "faulting-pager"}  # one case
        of_kernel = {f"kernel-{bug}" for bug in fault_scenarios.BUGS}
        self.assertEqual({*cases} - {"fault-in-a-pager"} | pair | of_kernel | {*fault_scenarios.PAGED_ADDRESSES.values()},
                         set(expected))

    def test_what_differs_from_build_to_build_is_left_out(self) -> None:
        self.assertEqual(fault_scenarios.portable(RECORD), PORTABLE)

    def test_a_reserved_bit_is_told_as_of_a_page_that_is_there(self) -> None:
        for code in ("0x8 (reserved)", "0x9 (present reserved)"):
            self.assertEqual(fault_scenarios.portable(f"  error code {code}, CR3 0x1000"), "  error code 0x9 (present reserved)")

    def test_of_the_kernel_function_and_file_are_told(self) -> None:
        self.assertEqual(fault_scenarios.portable("  at 0xffffffff80120000 kernel::recurse+0x6 (microkernel/check/a.cpp:25)"),
                         "  at kernel::recurse (microkernel/check/a.cpp)")

    def test_a_repetition_is_told_only_if_it_is_a_livelock(self) -> None:
        trace = "\n\n".join([f"fault 7: {RECORD}", *(RECORD + AGAIN.format(*each) for each in (
            (2, ""), (9, " (livelock)"), (10, " (livelock)")))])
        self.assertEqual(fault_scenarios.by_scenario(trace), {
            "write-read-only": [PORTABLE, PORTABLE + "\n  the same fault again and again (livelock)"]})

    def test_what_came_of_a_fault_is_told_without_its_memory(self) -> None:
        then = "\n  then: fault at 0x500008 told to keeper 1; maps 1 page at 0x500000 rw-{}; goes on after its fault"
        trace = "\n\n".join([RECORD, RECORD + then.format(" (memory 0x9000)")])  # the first was made once more
        self.assertEqual(fault_scenarios.by_scenario(trace), {"write-read-only": [PORTABLE + then.format("")]})

    def test_threads_without_a_scenarios_name_are_left_out(self) -> None:
        self.assertEqual(fault_scenarios.by_scenario(RECORD.replace('"write-read-only"', "without a name (TCB 0x1)")), {})

    def test_the_file_reads_as_it_was_written(self) -> None:
        text = fault_scenarios.text_of({"b": ["two", "three"], "a": ["one"]})
        self.assertEqual(fault_scenarios.read_expected(text), {"a": "one", "b": "two\nthree"})

    def test_a_difference_names_machine_and_line(self) -> None:
        self.assertEqual(fault_scenarios.difference("same\nold\n", "same\nold\n", "QEMU"), "")
        self.assertEqual(fault_scenarios.difference("same\nold\n", "same\nnew\n", "QEMU").splitlines()[1:],
                         ["+++ QEMU", "@@ -1,2 +1,2 @@", " same", "-old", "+new"])


if __name__ == "__main__":
    unittest.main()
