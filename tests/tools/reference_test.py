# SPDX-License-Identifier: BSD-2-Clause
"""docs/reference/ is what the kernel's headers say, and the headers say everything that they have to."""
import re
import unittest

import abi_doc
import abi_headers as abi

METHOD = """enum class Invocation : Word {{
{0}
    untyped_retype = 1,
}};
"""
GOOD = """    /// Untyped.Retype([root] type, count of them) -> done
    /// Makes objects.
    /// fails: RangeError 0..47: too (large; or not); twice
"""
SETS = "/// error set twice: DeleteFirst: taken; DeleteFirst: still\n"
FAULT_NAMESPACES = {"cap_fault": "cap_fault", "unknown_syscall": "unknown_syscall", "user_exception": "user_exception",
                    "timeout": "timeout_fault", "vm_fault": "vm_fault", "keeper_fault": "keeper_fault"}


def method(block: str, sets: str = SETS) -> abi.Call:
    return abi.methods(sets + METHOD.format(block.rstrip("\n")))[0]


class ReferenceTest(unittest.TestCase):
    def test_the_pages_are_what_the_headers_say(self) -> None:
        self.assertEqual(abi_doc.stale(), [], "run tools/abi_doc")

    def test_each_call_that_is_there_says_what_it_takes_gives_and_refuses(self) -> None:
        # Reading refuses what lacks a part; here: nothing is lost on the way.
        calls = abi.system_calls() + abi.methods()
        self.assertEqual(len(calls), len({call.name for call in calls}))
        for call in calls:
            self.assertTrue(not call.present or call.meaning, call.name)

    def test_a_method_is_read_whole(self) -> None:
        self.assertEqual(method(GOOD), abi.Call(
            "Untyped.Retype", "untyped_retype", 1, True, ["root"], ["type", "count of them"], ["done"], "Makes objects.",
            [abi.Failure("RangeError", "0..47", "too (large; or not)"), abi.Failure("DeleteFirst", "", "twice: taken"),
             abi.Failure("DeleteFirst", "", "twice: still")]))

    def test_a_method_that_lacks_a_part_is_refused(self) -> None:
        for line in GOOD.splitlines():
            with self.assertRaises(abi.ContractError, msg=line):
                method(GOOD.replace(line + "\n", ""))

    def test_a_method_without_a_word_on_what_it_gives_is_refused(self) -> None:
        self.assertRaises(abi.ContractError, method, GOOD.replace(" -> done", ""))

    def test_an_error_that_does_not_exist_is_refused(self) -> None:
        for wrong in ("RangError 0..47: too large", "twize", "RangeError"):
            self.assertRaises(abi.ContractError, method, GOOD.replace("twice", wrong))

    def test_too_few_words_and_capabilities_are_a_truncated_message(self) -> None:
        self.assertEqual([failure.when for failure in abi_doc.truncation(method(GOOD))],
                         ["fewer than 1 word or 1 capability"])

    def test_a_call_that_is_not_there_needs_a_name_only(self) -> None:
        self.assertFalse(method("    /// Untyped.Retype: not there yet.\n").present)

    def test_fault_words_have_the_numbers_of_their_constants(self) -> None:
        for fault in abi.faults():
            if not fault.words:
                continue
            constants, number = abi.indices("fault.hpp", FAULT_NAMESPACES[fault.enumerator]), 0
            named: set[str] = set()
            for word in fault.words:
                span = re.match(r"(r(\d+))\.\.r(\d+)$", word.name)
                for name in [span.group(1)] if span else word.name.split(" or "):
                    self.assertEqual(constants.get(name), number, f"{fault.name}: {name}")
                    named.add(name)
                number += int(span.group(3)) - int(span.group(2)) + 1 if span else 1
            self.assertEqual(constants["length"], number, fault.name)
            self.assertEqual(set(constants) - {"length", "reply_length"}, named, fault.name)

    def test_the_boot_information_page_has_the_size_that_it_has_for_the_compiler(self) -> None:
        last = abi.fields("boot_info.hpp", "BootInfo")[-1]
        size = last.offset + last.count * abi.FIELD_BYTES[last.type]
        self.assertIn(f"sizeof(BootInfo) == {size}", abi.source("boot_info.hpp"))

    def test_the_fields_of_a_word_fill_it(self) -> None:
        for header, name, bits in (("types.hpp", "MessageInfo", 64), ("types.hpp", "CNodeData", 64),
                                   ("rights.hpp", "Rights", 4)):
            self.assertEqual(sum(field.bits for field in abi.bit_fields(header, name)), bits, name)

    def test_every_object_has_a_size(self) -> None:
        self.assertEqual(set(abi.object_sizes()), {item.enumerator for item in abi.enumeration("object.hpp",
                                                                                              "ObjectType")})


if __name__ == "__main__":
    unittest.main()
