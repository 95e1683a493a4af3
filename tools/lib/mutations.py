# SPDX-License-Identifier: BSD-2-Clause
"""The bug zoo: small planted bugs (tests/mutations/*.toml), each with the tests that must notice it.

    [[bug]]
    name = "a changed page is not thrown out of the TLB"
    zoo = "drop INVLPG on leaf"          # an entry of the original list; optional
    file = "microkernel/space/mapping.cpp"
    find = "..."                         # occurs exactly once in the file; how it is laid out does not matter
    replace = "..."
    tests = ["host: ...", "system: ..."] # every one of them must fail
    objects = ["..."]                    # of a header: the sources that are compiled with it; default: the whole core

zoo.toml has the original list: what of it is not planted says why.
"""
import dataclasses
import pathlib
import re
import tomllib

import build as building

FOLDER = building.REPOSITORY / "tests" / "mutations"
ORIGINAL_LIST = FOLDER / "zoo.toml"
PAGE = building.REPOSITORY / "docs" / "bug-zoo.md"
HOST, SYSTEM, KERNEL = "host: ", "system: ", "kernel: "
KEYS = {"name", "zoo", "file", "find", "replace", "tests", "objects"}


class MutationError(Exception):
    """An entry of the zoo is not what it has to be."""


def tokens(source: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", source)


@dataclasses.dataclass(frozen=True)
class Bug:
    name: str
    file: str
    find: str
    replace: str
    tests: tuple[str, ...]
    zoo: str = ""
    objects: tuple[str, ...] = ()

    def host_tests(self) -> list[str]:
        return [name.removeprefix(HOST) for name in self.tests if name.startswith(HOST)]

    def system_tests(self) -> list[str]:
        return [name for name in self.tests if name.startswith(SYSTEM)]

    def kernel_checks(self) -> list[str]:
        return [name for name in self.tests if name.startswith(KERNEL)]

    def planted(self, root: pathlib.Path = building.REPOSITORY) -> str:
        """The file with the bug in it."""
        if not (root / self.file).is_file():
            raise MutationError(f"{self.name}: there is no {self.file}")
        text = (root / self.file).read_text()
        places = list(re.finditer(r"\s*".join(map(re.escape, tokens(self.find))), text))
        if len(places) != 1:
            raise MutationError(f"{self.name}: {len(places)} places in {self.file}, not one, for: {self.find.strip()}")
        if tokens(self.find) == tokens(self.replace):
            raise MutationError(f"{self.name}: changes nothing")
        return text[:places[0].start()] + self.replace + text[places[0].end():]


def parse(text: str) -> list[Bug]:
    found = []
    for entry in tomllib.loads(text).get("bug", []):
        if not set(entry) <= KEYS or not {"name", "file", "find", "replace", "tests"} <= set(entry) or not entry["tests"]:
            raise MutationError(f"{entry.get('name', '?')}: keys {', '.join(sorted(entry))}")
        found.append(Bug(entry["name"], entry["file"], entry["find"], entry["replace"], tuple(entry["tests"]),
                         entry.get("zoo", ""), tuple(entry.get("objects", ()))))
    return found


def all_bugs(folder: pathlib.Path = FOLDER) -> dict[str, list[Bug]]:
    """By topic: the name of the file that they are in."""
    topics = {path.stem: parse(path.read_text()) for path in sorted(folder.glob("*.toml")) if path != ORIGINAL_LIST}
    names = [bug.name for bugs in topics.values() for bug in bugs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise MutationError(f"two bugs have this name: {twice[0]}")
    return topics


def absent_bugs(topics: dict[str, list[Bug]], path: pathlib.Path = ORIGINAL_LIST) -> dict[str, str]:
    """What of the original list cannot be planted, and why; all else of it is planted."""
    original = tomllib.loads(path.read_text())
    planted = {bug.zoo for bugs in topics.values() for bug in bugs if bug.zoo}
    wrong = sorted(planted ^ set(original["bugs"])) + sorted(planted & set(original["absent"]))
    if wrong:
        raise MutationError(f"{path.name} and the bugs disagree about: {', '.join(wrong)}")
    return original["absent"]


def page(topics: dict[str, list[Bug]]) -> str:
    """docs/bug-zoo.md: which tests notice which bug."""
    count = sum(map(len, topics.values()))
    lines = ["<!-- Generated from tests/mutations/ by tools/mutate: change the entries, not this page. -->", "",
             "# Bug zoo", "",
             "Bugs that were planted, one at a time, and the tests that turned red: `tools/mutate` plants them all and ends "
             "with 0 only if each named test fails; with `--write` it writes this page then. A test that no bug turns red "
             "proves little; a bug that turns no test red is a gap.", "",
             f"{count} bugs. *zoo*: one of the list that the others were added to."]
    for topic, bugs in topics.items():
        lines += ["", f"## {topic}", "", "| bug | in | noticed by |", "|---|---|---|"]
        for bug in bugs:
            origin = f" (zoo: *{bug.zoo}*)" if bug.zoo else ""
            tests = ", ".join(f"`{name}`" for name in bug.tests)
            lines.append(f"| {bug.name}{origin} | `{bug.file.removeprefix('microkernel/')}` | {tests} |")
    lines += ["", "## Not planted", "", "| bug of the list | why |", "|---|---|"]
    lines += [f"| {bug} | {why} |" for bug, why in absent_bugs(topics).items()]
    return "\n".join(lines) + "\n"
