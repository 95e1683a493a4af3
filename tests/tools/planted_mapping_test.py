# SPDX-License-Identifier: BSD-2-Clause
"""A wrong mapping, planted in a shipped server, is found from the first screen that the tools print."""
import functools
import pathlib
import re
import signal
import struct
import subprocess
import tempfile
import unittest

import archive
import build as building

BOOTS = "the shipped system"  # test_tools.py builds it first
SERVER = "sbin/clock"
SCREEN = 24  # lines
PT_LOAD, READ_WRITE, READ = 1, 6, 4


def with_read_only_data(program: bytes) -> bytes:
    """The ELF file asks for its data to be mapped without the right to write."""
    out, (table,), (size, count) = bytearray(program), struct.unpack_from("<Q", program, 32), struct.unpack_from(
        "<HH", program, 54)
    for header in range(table, table + size * count, size):
        if struct.unpack_from("<II", program, header) == (PT_LOAD, READ_WRITE):
            struct.pack_into("<I", out, header + 4, READ)
    return bytes(out)


def run(tool: str, *arguments: str) -> str:
    return subprocess.run([str(building.REPOSITORY / "tools" / tool), *arguments], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False).stdout


def run_until(line: str, *arguments: str) -> None:
    """tools/run, interrupted when the log shows what is waited for."""
    with subprocess.Popen([str(building.REPOSITORY / "tools" / "run"), *arguments], stdin=subprocess.DEVNULL, text=True,
                          errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        for said in process.stdout:
            if line in said:
                process.send_signal(signal.SIGINT)


@functools.cache
def screens() -> tuple[str, str, bool]:
    """The first screen of tools/faults about the log of such a boot, and that of the debugger of Bochs; whether port 0xE9 got the
    same about the fault as the serial line."""
    with tempfile.TemporaryDirectory() as name:
        rootfs, log, port = (pathlib.Path(name) / each for each in ("rootfs.cpio", "log", "port"))
        content = archive.Archive.from_bytes(building.Build().archive.read_bytes())
        mode, program = content.members[SERVER]
        content.members[SERVER] = (mode, with_read_only_data(program))
        rootfs.write_bytes(content.to_bytes())
        options = ["--no-build", "--archive", str(rootfs), "--timeout", "200"]
        run_until("[DEGRADED]", *options, "--log", str(log), "--debug-console", str(port))
        serial, on_port = ([line for line in file.read_text(errors="replace").splitlines() if line.startswith("[FAULT]")]
                           for file in (log, port))
        told = run("faults", "--archive", str(rootfs), str(log))
        page = re.search(r"wrote address (0x\w+)", told)
        debugged = run("bochs", *options, "--process", "clock", "--at", page.group(1), "--nth", "2", "--batch", "1") if page else ""
        first, second = ("\n".join(text.splitlines()[:SCREEN]) for text in (told, debugged))
        return first, second, bool(serial) and on_port == serial


class PlantedMappingTest(unittest.TestCase):
    def test_the_log_alone_tells_server_line_address_region_and_cause(self) -> None:
        said = screens()[0]
        for expected in (r"process \d+ \(clock\): wrote address (0x40\w+) in clock's data \(0x\w+-0x\w+\)",
                         r"in clock: \S+ \(\S+:\d+\)", "The system says: the page is not writable",
                         r"Who pages it: region 0x\w+-0x\w+ r-- \(image\); keeper 1 refused: the page is not writable"):
            self.assertRegex(said, expected)

    def test_bochs_tells_the_same_and_the_walk(self) -> None:
        said = screens()[1]
        for expected in (r"write of 0x40\w+ \(clock's data\) from ring 3 by clock", r"  at 0x\w+ \S+ \(\S+:\d+\)",
                         r"  page table\[4\] ", r"stopped at level 1 \(page table\): "):
            self.assertRegex(said, expected)

    def test_port_0xe9_gets_the_same_as_the_serial_line(self) -> None:
        self.assertTrue(screens()[2])


if __name__ == "__main__":
    unittest.main()
