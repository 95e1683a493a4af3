# SPDX-License-Identifier: BSD-2-Clause
"""What documents promise: their links lead somewhere, the code that they show is that of the sources, and the boot log what a boot
says."""
import pathlib
import re

import build as building
import sources

LINK = re.compile(r"\[[^\]\n]*\]\(([^()\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ +(.*?) *$", re.MULTILINE)
BOOT_LOG = re.compile(r"<!-- boot log -->\n+```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"<!-- code: (\S+) -->\n+```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"0x[0-9a-f]+|[0-9]+")
OMISSION = "..."


def anchor(heading: str) -> str:
    """The fragment by which a heading is found: lower case, hyphens for blanks, no punctuation."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def link_problem(path: pathlib.Path, target: str) -> str | None:
    """Why a link of the document at `path` leads nowhere; None if it leads somewhere, or out of the repository."""
    if re.match(r"[a-z]+:", target):
        return None
    name, _, fragment = target.partition("#")
    place = path.parent / name if name else path
    if not place.exists():
        return f"there is no {name}"
    if fragment and place.suffix == ".md":
        headings = HEADING.findall(FENCE.sub("", place.read_text()))
        if fragment not in map(anchor, headings):
            return f"{place.name} has no heading for #{fragment}"
    return None


def link_problems(root: pathlib.Path = building.REPOSITORY) -> list[str]:
    found = []
    for path in sources.tracked(root):
        if path.suffix != ".md":
            continue
        for target in LINK.findall(FENCE.sub("", path.read_text())):
            problem = link_problem(path, target)
            if problem:
                found.append(f"{sources.relative(path, root)}: {problem}")
    return found


def line_pattern(line: str) -> str:
    """Matches the line as a whole; a number stands for any number, in the same base."""
    position, parts = 0, []
    for number in NUMBER.finditer(line):
        parts += [re.escape(line[position:number.start()]),
                  "0x[0-9a-f]+" if number.group(0).startswith("0x") else "[0-9]+"]
        position = number.end()
    return "^" + "".join(parts) + re.escape(line[position:]) + "$"


def boot_log(path: pathlib.Path) -> list[str]:
    """Patterns of the log lines in the code block behind `<!-- boot log -->`, in order. `...` stands for left-out lines."""
    found = BOOT_LOG.search(path.read_text())
    lines = [line.rstrip() for line in found.group(1).splitlines()] if found else []
    patterns = [line_pattern(line) for line in lines if line.strip() not in ("", OMISSION)]
    if not patterns:
        raise ValueError(f"{path} shows no boot log")
    return patterns


def code_problems(root: pathlib.Path = building.REPOSITORY) -> list[str]:
    """Code behind `<!-- code: FILE -->` that is not in that file, line by line."""
    found = []
    for path in sources.tracked(root):
        if path.suffix != ".md":
            continue
        for name, block in CODE.findall(path.read_text()):
            source = root / name
            if not source.exists():
                found.append(f"{sources.relative(path, root)}: there is no {name}")
            elif not block.strip() or "\n" + block not in "\n" + source.read_text():
                found.append(f"{sources.relative(path, root)}: {name} has no such lines: {block.strip().splitlines()[:1]}")
    return found
