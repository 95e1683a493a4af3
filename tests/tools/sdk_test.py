# SPDX-License-Identifier: BSD-2-Clause
"""Servers outside of the repository: tools/new-server, then nothing but the SDK that it has installed."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import build as building
import new_server
import sdk

TOOL = building.REPOSITORY / "tools" / "new-server"


def command(*words: object, **changes: object) -> subprocess.CompletedProcess:
    return subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          stdin=subprocess.DEVNULL, check=False, **changes)


class SdkTest(unittest.TestCase):
    def test_a_server_is_built_with_clang_if_the_sdk_is_of_clang(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            new_server.install_sdk(folder / "umbra-sdk", "clang")
            refused = command(TOOL, "greeter", "--dir", name, "--compiler", "gcc")
            self.assertEqual(refused.returncode, 2, refused.stdout)
            self.assertIn("is of clang, not of gcc", refused.stdout)
            kit = sdk.Sdk(folder / "umbra-sdk")
            server = new_server.write(new_server.TEMPLATES / "servers" / "sample-server", "greeter", folder, outside=True)
            sdk.build(kit, server, ("greeter.elf",))
            self.assertTrue((server / "build" / "greeter.elf").is_file())
            compiled = [entry["command"] for entry in json.loads((server / "build" / "compile_commands.json").read_text())
                        if entry["output"].startswith("greeter.elf.p")]
            self.assertTrue(compiled and all(words.startswith("clang-19 ") for words in compiled), compiled)
            producers = command("readelf", "-p", ".comment", kit.built / "libsys.a").stdout
            self.assertIn("clang version 19", producers)
            self.assertNotIn("GCC:", producers)

    def test_servers_outside_are_built_tested_and_booted_with_the_installed_sdk_alone(self):
        # As somebody has it who got the SDK and nothing else: no path of the repository is in what is run.
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            first = command(TOOL, "greeter", "--dir", name)
            self.assertEqual(first.returncode, 0, first.stdout)
            self.assertIn("greeter is there, and its tests pass", first.stdout)
            elsewhere = folder / "moved"
            os.rename(folder / "umbra-sdk", elsewhere)  # and it can be moved
            second = command(elsewhere / "bin" / "umbra-new-server", "ticker", "--driver", cwd=name)
            self.assertEqual(second.returncode, 0, second.stdout)
            third = command(elsewhere / "bin" / "umbra-new-server", "filler", "--pager", cwd=name)
            self.assertEqual(third.returncode, 0, third.stdout)
            run = command(elsewhere / "bin" / "umbra-run", "greeter", "--until-ready", cwd=name)
            self.assertEqual(run.returncode, 0, run.stdout)
            for line in ("[greeter] ready", "[ticker] ready", "umbra-run: ready"):
                self.assertIn(line, run.stdout)
            for path in (elsewhere / "lib").rglob("*.pc"):
                self.assertNotIn(str(building.REPOSITORY), path.read_text())
