# SPDX-License-Identifier: BSD-2-Clause
"""The reference of libsys: Doxygen has nothing to complain about, and would if there were something."""
import pathlib
import tempfile
import unittest

import reference


class LibsysReferenceTest(unittest.TestCase):
    def test_every_public_class_of_libsys_has_a_comment_and_doxygen_does_not_warn(self):
        with tempfile.TemporaryDirectory() as name:
            self.assertEqual(reference.make(pathlib.Path(name) / "out"), [])
            page = (pathlib.Path(name) / "out" / "html" / "classsys_1_1Interrupt.html").read_text()
            self.assertIn("as a signal with a bit of its own", page)

    def test_a_class_without_a_comment_and_a_wrong_command_are_found(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            header = folder / "x.hpp"
            header.write_text("// SPDX-License-Identifier: BSD-2-Clause\n// What it is.\n\nstruct Bare {\n    int member;\n};\n"
                              "/// @nonsense\nstruct Told {\n    struct Reply {\n        int value;\n    };\n};\n")
            found = reference.make(folder / "out", extra=f'INPUT = "{header}"\n', tolerated=2)
            self.assertEqual(len(found), 2, found)
            self.assertTrue(any("Compound Bare is not documented" in line and ":4:" in line for line in found), found)
            self.assertTrue(any("nonsense" in line for line in found), found)

    def test_members_without_a_comment_may_become_fewer_and_not_more(self):
        output = "".join(f"x.hpp:{line}: warning: Member m{line} (variable) of class C is not documented.\n" for line in (1, 2, 2))
        self.assertEqual(reference.problems(output, 2), [])
        self.assertIn("2 members without a comment, 1 are tolerated", reference.problems(output, 1))
        self.assertIn("lower the number", " ".join(reference.problems(output, 3)))

    def test_the_head_of_a_header_is_the_files_comment_and_lines_stay_where_they_are(self):
        text = "// SPDX-License-Identifier: BSD-2-Clause\n// One.\n//\n// Two.\n#pragma once\n// Three.\n    struct Reply {\n"
        shown = reference.filtered(text).split("\n")
        self.assertEqual(shown[:6], ["/// @file", "/// One.", "///", "/// Two.", "#pragma once", "// Three."])
        self.assertEqual(shown[6], "    /** What the request is answered with. */ struct Reply {")
