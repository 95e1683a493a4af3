# SPDX-License-Identifier: BSD-2-Clause
"""The sessions of docs/debugging.md go as they are shown."""
import re
import shlex
import subprocess
import tempfile
import unittest

import build as building
import documents

BOOTS = "the shipped system"  # test_tools.py builds it first
DOCUMENT = building.REPOSITORY / "docs" / "debugging.md"
SESSION = re.compile(r"<!-- session -->\n+```\n(\$ .*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.*)\n", re.MULTILINE)
TYPED = re.compile(r"^\((?:gdb|faults)\) (.*)$", re.MULTILINE)
PROMPTS = re.compile(r"^(?:\(gdb\) )+", re.MULTILINE)  # GDB does not show what comes from a pipe


class DebuggingDocumentTest(unittest.TestCase):
    def replay(self, first: str) -> None:
        """The session that begins with this command: each one in turn, in a folder of its own, and what it says."""
        text = next(found for found in SESSION.findall(DOCUMENT.read_text()) if found.startswith(f"$ {first}"))
        parts = COMMAND.split(text)
        self.assertGreater(len([line for line in text.splitlines() if line.strip()]), 5)
        with tempfile.TemporaryDirectory() as folder:
            for command, shown in zip(parts[1::2], parts[2::2]):
                self.check_command(command, shown, folder)

    def check_command(self, command: str, text: str, folder: str) -> None:
        tool, *words = shlex.split(command)
        options = [] if tool == "tools/faults" else ["--no-build", "--timeout", "200"]
        done = subprocess.run([str(building.REPOSITORY / tool), *words, *options], cwd=folder,
                              input="\n".join(TYPED.findall(text)) + "\n", text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=300, check=False)
        panics = "KERNEL PANIC" in text
        self.assertEqual(done.returncode, 1 if panics else 0, done.stdout)
        said = iter([line.rstrip() for line in PROMPTS.sub("", done.stdout).splitlines()])
        shown = [line for line in TYPED.sub("", text).splitlines() if line.strip() not in ("", documents.OMISSION)]
        self.assertGreater(len(shown), 0)
        for line in shown:
            pattern = re.sub(r"(?:\\ )+", " +", documents.line_pattern(line))  # columns are as wide as the numbers
            self.assertTrue(any(re.match(pattern, each) for each in said), f"not said: {line}\n{done.stdout}")

    def test_the_session_of_gdb_goes_as_shown(self) -> None:
        self.replay("tools/run --gdb")

    def test_the_session_of_bochs_goes_as_shown(self) -> None:
        self.replay("tools/bochs --faults")

    def test_the_session_of_a_dead_kernel_goes_as_shown(self) -> None:
        self.replay("tools/run --append bug=null")

    def test_the_session_with_pictures_goes_as_shown(self) -> None:
        self.replay("tools/run --until-ready --dump")


if __name__ == "__main__":
    unittest.main()
