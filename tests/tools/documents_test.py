# SPDX-License-Identifier: BSD-2-Clause
"""The checks of documents notice what they are there for."""
import pathlib
import subprocess
import tempfile
import unittest
from typing import Callable

import doc_blocks
import documents
import test_scenarios


def lines_of(text: str) -> list[str]:
    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name) / "page.md"
        path.write_text(f"<!-- boot log -->\n\n```text\n{text}```\n")
        return documents.boot_log(path)


def problems_of(check: Callable[[pathlib.Path], list[str]], files: dict[str, str]) -> list[str]:
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        subprocess.run(["git", "init", "-q", name], check=True)
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        subprocess.run(["git", "-C", name, "add", "-A"], check=True)
        return check(root)


def links_of(files: dict[str, str]) -> list[str]:
    return problems_of(documents.link_problems, files)


class DocumentsTest(unittest.TestCase):
    def test_a_link_to_a_missing_file_is_reported(self):
        self.assertEqual(links_of({"docs/a.md": "see [b](b.md) and [c](../c.txt)", "docs/b.md": ""}),
                         ["docs/a.md: there is no ../c.txt"])

    def test_a_link_to_a_missing_heading_is_reported(self):
        text = "# How it *ends*, really\n[up](#how-it-ends-really) [away](#nowhere)\n"
        self.assertEqual(links_of({"a.md": text}), ["a.md: a.md has no heading for #nowhere"])

    def test_links_in_code_and_out_of_the_repository_are_left_alone(self):
        self.assertEqual(links_of({"a.md": "```\n[b](b.md)\n```\n[web](https://example.org/b.md)\n"}), [])

    def test_a_shown_boot_log_matches_with_other_numbers(self):
        shown = lines_of("Umbra 1.2.3\n...\nPML4 at 0x12ab, 7 pages\n")
        self.assertTrue(test_scenarios.case_outcome({"lines": shown}, "Umbra 0.1.0\nx\nPML4 at 0x9f, 12 pages\n").passed)

    def test_a_shown_boot_log_must_have_the_order_and_words_of_the_boot(self):
        shown = lines_of("first 1\nsecond 0x1\n")
        for log in ("second 0x1\nfirst 1\n", "first 1\nsecond 1\n", "first 1\nsecond 0x1 more\n"):
            self.assertFalse(test_scenarios.case_outcome({"lines": shown}, log).passed, log)

    def test_a_page_without_a_boot_log_is_an_error(self):
        self.assertRaises(ValueError, lines_of, "...\n")

    def test_code_that_a_document_shows_must_be_in_the_source(self):
        page = "<!-- code: a.cpp -->\n```cpp\n    one();\n    two();\n```\n"
        for source, problems in (("{\n    one();\n    two();\n}\n", []),
                                 ("{\n    one();\n    three();\n    two();\n}\n",
                                  ["a.md: a.cpp has no such lines: ['one();']"]),
                                 ("{\n  one();\n    two();\n}\n", ["a.md: a.cpp has no such lines: ['one();']"])):
            self.assertEqual(problems_of(documents.code_problems, {"a.md": page, "a.cpp": source}), problems)
        self.assertEqual(problems_of(documents.code_problems, {"a.md": page}), ["a.md: there is no a.cpp"])
        self.assertEqual(len(problems_of(documents.code_problems, {"a.md": page.replace("    one();\n    two();\n", ""),
                                                                   "a.cpp": ""})), 1)

class BlocksTest(unittest.TestCase):
    @staticmethod
    def session(text: str) -> None:
        with tempfile.TemporaryDirectory() as name:
            page = pathlib.Path(name) / "page.md"
            page.write_text(text)
            doc_blocks.run_session(page)

    def test_a_block_that_nothing_runs_is_found(self):
        block = doc_blocks.blocks("text\n\n```sh\nls\n```\n")[0]
        self.assertEqual(block.line, 3)
        self.assertIn("nothing runs", doc_blocks.block_problem(block, in_session=False))
        self.assertIsNone(doc_blocks.block_problem(block, in_session=True))

    def test_a_block_that_does_not_compile_is_found(self):
        good, bad = doc_blocks.blocks("<!-- compiled -->\n```cpp\nint f();\n```\n\n<!-- compiled -->\n```cpp\nint f(\n```\n")
        self.assertIsNone(doc_blocks.block_problem(good, False))
        self.assertIn("error", doc_blocks.block_problem(bad, False))

    def test_a_session_keeps_its_folder_and_writes_its_files(self):
        self.session("```sh\nmkdir ~/x\ncd ~/x\n```\n<!-- file: y/z -->\n```text\nhello\n```\n```sh\ncat y/z\n```\n"
                     "<!-- output -->\n```text\nhello\n```\n")

    def test_a_session_that_fails_or_prints_something_else_is_found(self):
        for text in ("```sh\nfalse\n```\n", "```sh\necho a\n```\n<!-- output -->\n```text\nb\n```\n",
                     "<!-- file: x -->\n```text\nin the repository\n```\n"):
            self.assertRaises(doc_blocks.SessionError, self.session, text)
