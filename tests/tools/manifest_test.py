# SPDX-License-Identifier: BSD-2-Clause
"""The boot manifest: every unit is in it, with what it may reach, and an image carries it."""
import pathlib
import re
import tempfile
import unittest

import archive
import build as building
import image
import manifest
import servers


def shipped() -> archive.Archive:
    """The units of the repository, and a program for each."""
    boot = archive.Archive()
    for unit in servers.units():
        boot.add_file(f"{archive.UNITS}/{unit.name}", unit.read_bytes())
        boot.add_file(f"sbin/{unit.stem}", b"", executable=True)
    return boot


class ManifestTest(unittest.TestCase):
    def test_every_unit_of_the_repository_is_in_it_with_what_it_may_reach(self):
        lines = {line.split()[0]: line for line in manifest.of_archive(shipped()).splitlines()}
        for unit in servers.units():
            _, _, capabilities = unit.read_text().partition("[Capabilities]")
            wanted = re.findall(r"^\w+=\S+$", capabilities.partition("\n[")[0], re.MULTILINE)
            for words in wanted or [manifest.NOTHING]:
                self.assertIn(words, lines[unit.stem])
        self.assertIn("IoPorts=0x70-0x71 Interrupt=8", lines["clock"])

    def test_adding_a_server_is_one_unit_file(self):
        boot = shipped()
        before = manifest.of_archive(boot).splitlines()
        boot.add_file(f"{archive.UNITS}/extra.service",
                      b"[Unit]\nDescription=x\n[Service]\nExecStart=/sbin/clock now\n[Capabilities]\n# no\nKeptPages=2\n")
        added = set(manifest.of_archive(boot).splitlines()) - set(before)
        self.assertEqual(len(added), 1)
        self.assertEqual(added.pop().split(), ["extra", "/sbin/clock", "who", "names", "it", "KeptPages=2"])

    def test_a_program_that_is_not_there_is_told(self):
        boot = shipped()
        boot.remove("sbin/clock")
        self.assertIn("/sbin/clock (missing)", manifest.of_archive(boot))

    def test_what_init_gives_the_console_is_what_its_source_says(self):
        source = (building.REPOSITORY / "init" / "system_manager.cpp").read_text()
        first, last, pin = (re.search(rf"\b{name} = (\w+)", source)[1] for name in ("com1_first", "com1_last", "com1_pin"))
        console = next(row for row in manifest.BY_INIT if row[0] == "console")
        self.assertEqual(console[3], f"IoPorts={first}-{last} Interrupt={pin}")

    def test_an_image_carries_it(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            rootfs, kernel = folder / "a.cpio", folder / "kernel"
            rootfs.write_bytes(shipped().to_bytes())
            kernel.write_bytes(b"")
            image.lay_out(image.Content(kernel, [("init", kernel), ("rootfs measure", rootfs)]), folder / "with")
            self.assertEqual((folder / "with/boot/manifest.txt").read_text(), manifest.of_archive(shipped()))
            image.lay_out(image.Content(kernel, [("root", kernel)]), folder / "without")
            self.assertFalse((folder / "without/boot/manifest.txt").exists())
