# SPDX-License-Identifier: BSD-2-Clause
"""tools/new-server: what it refuses, and that what it writes compiles. That it passes and boots: sdk_test.py."""
import pathlib
import subprocess
import tempfile
import unittest

import build as building
import new_server

TOOL = building.REPOSITORY / "tools" / "new-server"
SAMPLES = [path for path in sorted((new_server.TEMPLATES / "servers").iterdir()) if path.is_dir()]
BAD_NAMES = ("", "Greeter", "9lives", "a_b", "a--b", "-a", "a-", "a/b", "../x", "namespace", "int", "pager", "clock", "x-test",
             "sample-x", "a" * 19, "gr\u00fc\u00dfe", "a b", "a\nb", "all")


def tree(folder: pathlib.Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def command(*words: str, **changes: object) -> subprocess.CompletedProcess:
    return subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          stdin=subprocess.DEVNULL, check=False, **changes)


class RefusalTest(unittest.TestCase):
    def refused(self, folder: pathlib.Path, *words: str) -> str:
        before = tree(folder)
        done = command(TOOL, *words)
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertEqual(tree(folder), before)
        return done.stdout

    def test_a_bad_name_is_refused_and_nothing_written(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in BAD_NAMES:
                with self.subTest(name=name):
                    if name == "clock":  # taken in servers/ only
                        self.refused(building.REPOSITORY / "servers", name)
                    else:
                        self.refused(pathlib.Path(folder), "--dir", folder, "--", name)

    def test_an_existing_folder_or_link_is_refused_and_left_alone(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "mine").mkdir()
            (folder / "mine" / "notes").write_text("precious")
            (folder / "link").symlink_to("nowhere")
            for taken in ("mine", "link"):
                self.assertIn("exists already", self.refused(folder, taken, "--dir", name))
            self.assertEqual((folder / "mine" / "notes").read_text(), "precious")

    def test_what_is_no_sdk_is_refused_and_nothing_written(self):
        with tempfile.TemporaryDirectory() as name:
            self.assertIn("no Umbra SDK", self.refused(pathlib.Path(name), "greeter", "--dir", name, "--sdk", name))
            self.refused(pathlib.Path(name), "greeter", "--sdk", name)

    def test_a_file_in_the_place_of_the_folder_is_refused(self):
        with tempfile.TemporaryDirectory() as name:
            file = pathlib.Path(name) / "file"
            file.write_text("precious")
            self.refused(pathlib.Path(name), "greeter", "--dir", str(file))
            self.assertEqual(file.read_text(), "precious")

    def test_a_second_driver_of_the_same_ports_is_refused(self):
        with tempfile.TemporaryDirectory() as name:
            (pathlib.Path(name) / "first").mkdir()
            unit = new_server.TEMPLATES / "servers" / "sample-driver" / "sample-driver.service"
            (pathlib.Path(name) / "first" / "first.service").write_text(unit.read_text())
            self.assertIn("first.service has the ports", self.refused(pathlib.Path(name), "second", "--driver", "--dir", name))


class WrittenTest(unittest.TestCase):
    def test_every_sample_compiles_under_another_name(self):
        for sample in SAMPLES:
            with self.subTest(sample=sample.name), tempfile.TemporaryDirectory() as name:
                root = pathlib.Path(name)
                (root / "servers").mkdir()
                server = new_server.write(sample, "x2-y", root / "servers", outside=False)
                self.assertFalse([path for path in server.rglob("*") if "sample" in path.name])
                for path in sorted(server.rglob("*")):
                    self.assertNotIn("sample", path.read_text() if path.is_file() else "")
                    if path.suffix == ".cpp" and not path.name.endswith("_test.cpp"):
                        done = command("g++", "-std=c++23", "-ffreestanding", "-fno-exceptions", "-fno-rtti", "-Wall", "-Wextra",
                                       "-Werror", "-fsyntax-only", f"-I{name}", f"-I{building.REPOSITORY / 'libsys/include'}",
                                       f"-I{building.REPOSITORY / 'microkernel/include'}", str(path))
                        self.assertEqual(done.returncode, 0, done.stdout)

    def test_a_server_whose_tests_fail_is_kept_and_told(self):
        with tempfile.TemporaryDirectory() as name:
            done = command("python3", "-B", "-c", FAILING, name, cwd=building.REPOSITORY / "tools" / "lib")
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn("what was written is left as it is", done.stdout)
            self.assertTrue((pathlib.Path(name) / "greeter" / "service.cpp").is_file())


# As the command, with tests that do not pass.
FAILING = """
import sys, pathlib, new_server, sdk
new_server.sdk.test = lambda kit, server: False
new_server.chosen_sdk = lambda options: object()
sys.exit(new_server.main(["greeter", "--dir", sys.argv[1]]))
"""
