# SPDX-License-Identifier: BSD-2-Clause
"""Boots that must not succeed: each ends in one named line and a halt, never in a reset. Needs the harness's kernels."""
import pathlib
import struct
import tempfile
import unittest

import build as building
import image
import test_system
import verdict

BUILD = building.Build()


def elf64(**changes: int) -> bytes:
    """A sound root task of one page of code at 0x400000, with some header fields changed."""
    field = {"class": 2, "data": 1, "type": 2, "machine": 62, "entry": 0x400080, "table": 64, "header_size": 56,
             "count": 1, "offset": 0, "address": 0x400000, "filesz": 4096, "memsz": 4096} | changes
    head = struct.pack("<4sBBBB8xHHIQQQIHHHHHH", b"\x7fELF", field["class"], field["data"], 1, 0, field["type"],
                       field["machine"], 1, field["entry"], field["table"], 0, 0, 64, field["header_size"],
                       field["count"], 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, field["offset"], field["address"], field["address"], field["filesz"],
                          field["memsz"], 4096)
    return (head + segment).ljust(0x80, b"\0").ljust(4096, b"\xcc")


MAGIC = 0x36D76289
MODULE, MEMORY_MAP = 3, 6


def tag(kind: int, body: bytes) -> bytes:
    """A multiboot2 tag, padded to the next."""
    return (struct.pack("<II", kind, 8 + len(body)) + body).ljust((15 + len(body)) // 8 * 8, b"\0")


def information(*tags: bytes, magic: int = MAGIC, size: int | None = None) -> bytes:
    """What payload-handover takes: EAX, then the information block, whose size may lie."""
    body = b"".join(tags) + tag(0, b"")
    return struct.pack("<QII", magic, size if size is not None else 8 + len(body), 0) + body


def memory_map(entry_size: int = 24, *entries: tuple[int, int, int]) -> bytes:
    return tag(MEMORY_MAP, struct.pack("<II", entry_size, 0) + b"".join(
        struct.pack("<QQII", base, length, kind, 0) for base, length, kind in entries))


SOUND_MAP = memory_map(24, (0, 0x9F000, 1), (0x100000, 63 << 20, 1))


def boot(modules: list[bytes], append: str = "", kernel: pathlib.Path | None = None) -> tuple[str, verdict.Verdict]:
    with tempfile.TemporaryDirectory(prefix="umbra-") as name:
        files = []
        for index, data in enumerate(modules):
            file = pathlib.Path(name) / f"m{index}"
            file.write_bytes(data)
            files.append((f"m{index}", file))
        content = image.Content(kernel or BUILD.kernel_elf, files, append)
        return test_system.boot(BUILD, content, {"timeout": 60, "memory": "64M"})


class RefusalTest(unittest.TestCase):
    def expect(self, reason: str, modules: list[bytes], append: str = "", kernel: pathlib.Path | None = None) -> str:
        text, outcome = boot(modules, append, kernel)
        self.assertEqual(outcome.status, verdict.FAILED, text)
        self.assertRegex(outcome.reason, reason, text)
        self.assertEqual(text.count("KERNEL PANIC:"), 1, text)
        self.assertEqual(verdict.boots(text), 1, text)
        return text

    def test_behaviour_20_a_fault_of_the_kernel_is_one_line_and_a_clean_halt(self) -> None:
        task = [elf64()]
        text = self.expect(r"^KERNEL PANIC: vector 14 \(page fault\).* at 0xffffffff8.*CR2 0x0", task, "bug=null")
        self.assertRegex(text, r"kernel::read_at \+ 0x0\n +backtrace:\n.*kernel_main")
        self.expect(r"^KERNEL PANIC: vector 14 .*error code 0x3.*CR2 0xffffffff801", task, "bug=text")
        self.expect(r"^KERNEL PANIC: vector 14 .*CR2 0x400000", task, "bug=user")
        self.expect(r"^KERNEL PANIC: vector 14 .*CR2 0xffff80000010", task, "bug=alias")
        self.expect(r"^KERNEL PANIC: .*broken invariant", task, "bug=assert")
        self.expect(r"^KERNEL PANIC: 7: every I/O port that has been issued", task, "bug=invariant")

    def test_behaviour_20_a_kernel_stack_that_overflows_has_another_one_to_say_so(self) -> None:
        self.expect(r"^KERNEL PANIC: vector 8 \(double fault\)", [elf64()], "bug=stack")

    def test_no_root_task_is_a_reason_of_its_own(self) -> None:
        self.expect("^KERNEL PANIC: there is no boot module", [])

    def test_behaviour_22_a_malformed_root_task_is_refused_by_name(self) -> None:
        seen = set()
        # A sample of what tests/host/microkernel/boot tries in full.
        for bad in (b"no program at all", elf64()[:100], elf64(**{"class": 1}), elf64(type=3), elf64(table=1 << 40),
                    elf64(entry=0x500000), elf64(address=0xFFFFFFFF80000000, entry=0xFFFFFFFF80000080),
                    elf64(filesz=8192)):
            text = self.expect("^KERNEL PANIC: ", [bad])
            seen.add(verdict.failure_line(text))
        self.assertGreaterEqual(len(seen), 7, seen)

    def test_malformed_multiboot2_information_is_refused_by_name(self) -> None:
        module = tag(MODULE, struct.pack("<II", 0x1000000, 0x1001000) + b"root\0")
        stub = BUILD.folder / "tests" / "system" / "harness" / "payload-handover.elf"
        seen = set()
        for bad in (information(SOUND_MAP, module, magic=0x2BADB002), information(SOUND_MAP, module, size=4),
                    information(SOUND_MAP, module, size=1 << 30), information(module), information(memory_map(), module),
                    information(memory_map(7, (0, 1 << 26, 1)), module),
                    information(SOUND_MAP, tag(MODULE, struct.pack("<II", 0x1001000, 0x1000000) + b"root\0"))):
            text = self.expect("^KERNEL PANIC: ", [BUILD.kernel_elf.read_bytes(), bad], kernel=stub)
            seen.add(verdict.failure_line(text))
        self.assertGreaterEqual(len(seen), 5, seen)


if __name__ == "__main__":
    unittest.main()
