# SPDX-License-Identifier: BSD-2-Clause
"""tools/chaos: what it promises of seeds. What it finds is the scenarios' business (pager-killed)."""
import re
import unittest

import chaos

BOOTS = ["tests/system/process/chaos.elf", "tests/system/process/load.elf"]


def figures(seed: int) -> str:
    """How much work got done in a short run: nearly any difference between two runs shows in it."""
    options = chaos.parse(["--kernel", "debug", "--kills", "40", "--clients", "4", "--pages", "32", "--seed", str(seed)])
    text, _ = chaos.boot(options)
    return re.search(r"^CHAOS .*$", text, re.MULTILINE).group()


class ChaosTest(unittest.TestCase):
    def test_the_same_seed_is_the_same_run_and_another_one_is_another(self):
        first = figures(9)
        self.assertEqual(figures(9), first)
        self.assertNotEqual(figures(10), first)
