# SPDX-License-Identifier: BSD-2-Clause
"""The sessions of docs/debugging.md go as they are shown."""
import re
import shlex
import subprocess
import unittest

import build as building
import documents

BOOTS = "the shipped system"  # test_tools.py builds it first
DOCUMENT = building.REPOSITORY / "docs" / "debugging.md"
SESSION = re.compile(r"<!-- session -->\n+```\n\$ ([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TYPED = re.compile(r"^\((?:gdb|faults)\) (.*)$", re.MULTILINE)
PROMPTS = re.compile(r"^(?:\(gdb\) )+", re.MULTILINE)  # GDB does not show what comes from a pipe


class DebuggingDocumentTest(unittest.TestCase):
    def replay(self, tool: str) -> None:
        command, text = next(found for found in SESSION.findall(DOCUMENT.read_text()) if found[0].startswith(tool))
        done = subprocess.run([*shlex.split(command), "--no-build", "--timeout", "200"], cwd=building.REPOSITORY,
                              input="\n".join(TYPED.findall(text)) + "\n", text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=300, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        said = iter([line.rstrip() for line in PROMPTS.sub("", done.stdout).splitlines()])
        shown = [line for line in TYPED.sub("", text).splitlines() if line.strip() not in ("", documents.OMISSION)]
        self.assertGreater(len(shown), 5)
        for line in shown:
            pattern = documents.line_pattern(line)
            self.assertTrue(any(re.match(pattern, each) for each in said), f"not said: {line}\n{done.stdout}")

    def test_the_session_of_gdb_goes_as_shown(self) -> None:
        self.replay("tools/run --gdb")

    def test_the_session_of_bochs_goes_as_shown(self) -> None:
        self.replay("tools/bochs --faults")


if __name__ == "__main__":
    unittest.main()
