# SPDX-License-Identifier: BSD-2-Clause
"""The code blocks of documents, and what stands for each of them. The line before a block may say

  <!-- file: kv/main.cpp -->   in a session: the block is written to that file
  <!-- output -->              in a session: the commands before it have printed these lines, in this order
  <!-- compiled -->            the compiler takes it as a whole file
  <!-- code: FILE -->          lines of that file (documents.py)
  <!-- boot log -->            a scenario compares it (documents.py)
  <!-- not run: why -->        it cannot run unattended, or is no whole program

A page in SESSIONS is a session: its shell blocks are run, one after the other, in a home folder of their own.
"""
import dataclasses
import os
import pathlib
import re
import subprocess
import tempfile

import build as building
import sources

SESSIONS = ("docs/tutorial.md", "docs/how-to-driver.md")
CODE = ("sh", "cpp", "meson", "ini", "toml", "python", "asm")  # languages of what could be run
MOST_NOT_RUN = 9
BLOCK = re.compile(r"^(?:<!-- (?P<mark>[^\n]*?) -->\n+)?```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
TIMEOUT_SECONDS = 1500
COMPILER = ["g++", "-std=c++23", "-ffreestanding", "-fno-exceptions", "-fno-rtti", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
            "-Ilibsys/include", "-Imicrokernel/include", "-I.", "-x", "c++", "-"]


@dataclasses.dataclass(frozen=True)
class Block:
    language: str
    text: str
    mark: str
    line: int


def blocks(text: str) -> list[Block]:
    return [Block(found["language"], found["text"], found["mark"] or "", text.count("\n", 0, found.start("language")) + 1)
            for found in BLOCK.finditer(text)]


def block_problem(block: Block, in_session: bool) -> str | None:
    """Why nothing stands for a block; None if something does."""
    if block.mark == "compiled":
        done = subprocess.run(COMPILER, cwd=building.REPOSITORY, input=block.text, capture_output=True, text=True, check=False)
        return done.stderr[:1500] if done.returncode else None
    if block.language not in CODE or block.mark.startswith(("not run: ", "code: ")):
        return None
    if in_session and (block.language == "sh" or block.mark.startswith("file: ")):
        return None
    return "nothing runs this block: mark it (tools/lib/doc_blocks.py)"


def problems(root: pathlib.Path = building.REPOSITORY) -> list[str]:
    """What the documents show, and nothing tries; and too many blocks that are said not to be run."""
    found, not_run = [], []
    for path in sources.tracked(root):
        if path.suffix != ".md":
            continue
        name = sources.relative(path, root)
        for block in blocks(path.read_text()):
            problem = block_problem(block, name in SESSIONS)
            if problem:
                found.append(f"{name}:{block.line}: {problem}")
            if block.mark.startswith("not run: "):
                not_run.append(f"{name}:{block.line}")
    if len(not_run) > MOST_NOT_RUN:
        found.append(f"{len(not_run)} blocks are not run, allowed are {MOST_NOT_RUN}: {', '.join(not_run)}")
    return found


class SessionError(Exception):
    """What a page shows does not work; the text says where and how."""


def run_shell(block: Block, where: pathlib.Path, home: pathlib.Path) -> tuple[str, pathlib.Path]:
    """Runs a block in a folder; answers what it printed and the folder that it ended in."""
    ending = home / ".where"
    script = f"set -e\n{block.text}\npwd > {ending}\n"
    done = subprocess.run(["bash", "-c", script], cwd=where, env=os.environ | {"HOME": str(home)}, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, errors="replace",
                          timeout=TIMEOUT_SECONDS, check=False)
    if done.returncode != 0:
        raise SessionError(f"line {block.line}: status {done.returncode}\n{done.stdout[-6000:]}")
    return done.stdout, pathlib.Path(ending.read_text().rstrip("\n"))


def check_output(block: Block, output: str) -> None:
    position = 0
    for line in filter(None, block.text.splitlines()):
        place = output.find(line, position)
        if place < 0:
            raise SessionError(f"line {block.line}: the commands before do not print {line!r}:\n{output[-3000:]}")
        position = place + len(line)


def run_session(page: pathlib.Path) -> None:
    """Does what the page says, word by word, starting in the repository."""
    with tempfile.TemporaryDirectory(prefix="umbra-home-") as name:
        home = pathlib.Path(name).resolve()
        where, output = building.REPOSITORY, ""
        for block in blocks(page.read_text()):
            if block.mark.startswith("not run: "):
                continue
            if block.mark.startswith("file: "):
                target = where / block.mark.removeprefix("file: ")
                if not target.resolve().is_relative_to(home):
                    raise SessionError(f"line {block.line}: {target} is not below the session's home")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(block.text)
            elif block.mark == "output":
                check_output(block, output)
            elif block.language == "sh":
                output, where = run_shell(block, where, home)
