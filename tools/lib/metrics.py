# SPDX-License-Identifier: BSD-2-Clause
"""Size limits as a ratchet: files of at most 400 lines, functions of at most 60; exceptions are listed and may only shrink.

The function finder is a reader of braces, not of C++: good enough for code that clang-format has laid out.
"""
import pathlib
import re
import sys

import build as building
import sources

FILE_LINES, FUNCTION_LINES = 400, 60
RATCHET = building.REPOSITORY / "tools" / "metrics.ratchet"
NOT_FUNCTIONS = re.compile(r"(?:template\s*<.*>\s*)?(?:inline\s+)?(?:namespace|class|struct|union|enum|concept)\b"
                           r'|extern ""\s*$', re.DOTALL)
LINE_COMMENT = re.compile(r"//.*")
STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')


def cleaned(text: str) -> list[str]:
    """The lines without comments, preprocessor lines and the insides of strings."""
    return ["" if raw.lstrip().startswith("#") else LINE_COMMENT.sub("", STRINGS.sub('""', raw))
            for raw in text.splitlines()]


def functions(text: str) -> list[tuple[str, int, int]]:
    """(head, line number, lines) of each function body that is not inside another one."""
    found: list[tuple[str, int, int]] = []
    stack: list[tuple[str, str, int]] = []
    head, head_line = "", 1
    for number, line in enumerate(cleaned(text), 1):
        for character in line + "\n":
            if character == "{":
                inside = any(kind == "function" for kind, *_ in stack)
                is_function = ")" in head and not inside and not NOT_FUNCTIONS.match(head)
                stack.append(("function" if is_function else "scope", " ".join(head.split()), head_line))
            elif character == "}" and stack:
                kind, name, start = stack.pop()
                if kind == "function":
                    found.append((name, start, number - start + 1))
            if character in "{};":
                head = ""
            elif head or not character.isspace():
                head_line = head_line if head else number
                head += character
    return found


def measure(root: pathlib.Path = building.REPOSITORY) -> dict[str, int]:
    """What is over a limit: "file" or "file: function" -> lines."""
    over: dict[str, int] = {}
    for path in sources.tracked(root):
        if path.suffix not in (".cpp", ".hpp", ".S", ".py", ".ld"):
            continue
        name, text = sources.relative(path, root), path.read_text()
        if text.count("\n") > FILE_LINES:
            over[name] = text.count("\n")
        if path.suffix in sources.CODE and not name.startswith("tests/"):
            for head, _, lines in functions(text):
                if lines > FUNCTION_LINES:
                    over[f"{name}: {head}"] = lines
    return over


def ratchet() -> dict[str, int]:
    """The allowed exceptions: lines of the form `number name`."""
    allowed = {}
    for line in RATCHET.read_text().splitlines() if RATCHET.exists() else []:
        if line and not line.startswith("#"):
            number, name = line.split(" ", 1)
            allowed[name] = int(number)
    return allowed


def problems(over: dict[str, int], allowed: dict[str, int]) -> list[str]:
    found = [f"{name}: {lines} lines, allowed are {allowed.get(name, FUNCTION_LINES if ': ' in name else FILE_LINES)}"
             for name, lines in over.items() if lines > allowed.get(name, 0)]
    stale = [f"tools/metrics.ratchet: {name} is down to {over.get(name, 'the limit')}: lower its entry"
             for name, lines in allowed.items() if over.get(name, 0) < lines]
    return found + stale


def main() -> int:
    found = problems(measure(), ratchet())
    print("\n".join(found) if found else f"no file over {FILE_LINES} lines, no function over {FUNCTION_LINES}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
