# SPDX-License-Identifier: BSD-2-Clause
"""tools/test --coverage: which lines and branches of the kernel's core the host tests execute, by g++'s own gcov.

A build of its own, without sanitizers and without inlining. Branches that only an exception takes do not count: the kernel
has none. tests/host/uncovered.toml names lines that no host test can reach, each with the reason.
"""
import collections
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import tomllib

import build as building
import packages

FOLDER = building.REPOSITORY / "build" / "coverage"
BINARY = FOLDER / "tests" / "umbra-tests"
REPORT = FOLDER / "report.txt"
EXPLAINED = building.REPOSITORY / "tests" / "host" / "uncovered.toml"
CORE = "microkernel/"
SANITIZED_ONLY = '~"host tests run under the address sanitizer"'  # this build has none


@dataclasses.dataclass
class Source:
    """What was executed of one file: counts by line, and by line and branch."""
    lines: dict[int, int] = dataclasses.field(default_factory=lambda: collections.defaultdict(int))
    branches: dict[int, dict[tuple[int, int], int]] = dataclasses.field(
        default_factory=lambda: collections.defaultdict(lambda: collections.defaultdict(int)))

    def add(self, line: dict) -> None:
        """Adds what one compiled function says about a line; a header's functions are compiled many times."""
        number = line["line_number"]
        self.lines[number] += line["count"]
        taken = [branch["count"] for branch in line["branches"] if not branch["throw"]]
        for index, count in enumerate(taken if len(taken) > 1 else []):
            self.branches[number][len(taken), index] += count

    def missed_lines(self) -> list[int]:
        return sorted(number for number, count in self.lines.items() if count == 0)

    def missed_branches(self) -> dict[int, tuple[int, int]]:
        """Of lines that are executed: branches not taken, and all."""
        found = {}
        for number, branches in sorted(self.branches.items()):
            missed = sum(count == 0 for count in branches.values())
            if missed and self.lines[number]:
                found[number] = missed, len(branches)
        return found

    def branch_total(self) -> tuple[int, int]:
        """Branches taken, and all."""
        counts = [count for branches in self.branches.values() for count in branches.values()]
        return sum(count > 0 for count in counts), len(counts)


@dataclasses.dataclass(frozen=True)
class Explanation:
    """Why `lines` lines of a file that hold this text are not executed."""
    file: str
    text: str
    reason: str
    lines: int = 1


def make_program() -> None:
    build = building.Build()
    packages.ensure(packages.BUILD + packages.HOST_TESTS)
    if not (FOLDER / "build.ninja").exists():
        setup = ["meson", "setup", str(FOLDER), "--cross-file", f"tools/cross/{build.compiler}.ini",
                 "-Dsanitize=false", "-Dcoverage=true"]
    else:
        setup = ["meson", "setup", "--reconfigure", str(FOLDER)]
    for command in (setup, ["ninja", "-C", str(FOLDER), "tests/umbra-tests"]):
        done = subprocess.run(command, cwd=building.REPOSITORY, capture_output=True, text=True, check=False)
        if done.returncode:
            raise building.BuildError(f"{done.stdout[-3000:]}\n{command[0]} failed")


def run_program() -> None:
    for old in FOLDER.rglob("*.gcda"):
        old.unlink()
    done = subprocess.run([str(BINARY), SANITIZED_ONLY], cwd=FOLDER, capture_output=True, text=True, check=False)
    if done.returncode:
        raise building.BuildError(f"{done.stdout[-3000:]}\nthe host tests failed")


def gcov(data: pathlib.Path) -> dict:
    done = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities", str(data)], cwd=FOLDER,
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def collect(readings: list[dict], root: pathlib.Path = building.REPOSITORY, part: str = CORE) -> dict[str, Source]:
    """Joins what gcov says about the files below `part`."""
    sources: dict[str, Source] = collections.defaultdict(Source)
    for reading in readings:
        for file in reading["files"]:
            path = (pathlib.Path(reading["current_working_directory"]) / file["file"]).resolve()
            if not path.is_relative_to(root) or not path.relative_to(root).as_posix().startswith(part):
                continue
            for line in file["lines"]:
                sources[path.relative_to(root).as_posix()].add(line)
    return dict(sorted(sources.items()))


def explanations() -> list[Explanation]:
    if not EXPLAINED.exists():
        return []
    return [Explanation(entry["file"], entry["text"], entry["reason"], entry.get("lines", 1))
            for entry in tomllib.loads(EXPLAINED.read_text()).get("line", [])]


def explained(item: Explanation, source: Source, text: list[str]) -> list[int]:
    """Lines that were not executed, and that an explanation holds the text of."""
    return [number for number in source.missed_lines() if item.text in text[number - 1]]


def unexplained(name: str, source: Source, text: list[str], known: list[Explanation]) -> list[int]:
    """Lines that were not executed, and that no explanation is for; one that has too many is for none of them."""
    covered: set[int] = set()
    for item in known:
        lines = explained(item, source, text) if item.file == name else []
        covered |= set(lines) if len(lines) <= item.lines else set()
    return [number for number in source.missed_lines() if number not in covered]


def stale(known: list[Explanation], sources: dict[str, Source], texts: dict[str, list[str]]) -> list[str]:
    """Explanations of lines that are executed, or not there any more."""
    return [f"{item.file}: not {item.lines} lines that are not executed: {item.text}" for item in known
            if item.file not in sources or len(explained(item, sources[item.file], texts[item.file])) != item.lines]


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:6.1f} %" if whole else "       -"


def table(sources: dict[str, Source]) -> list[str]:
    folders: dict[str, list[Source]] = collections.defaultdict(list)
    for name, source in sources.items():
        folders["/".join(name.removeprefix(CORE).split("/")[:-1]) or "."].append(source)
    folders["all"] = list(sources.values())
    lines = [f"{'folder':30} {'lines':>16} {'branches':>22}"]
    for folder, members in folders.items():
        total = sum(len(source.lines) for source in members)
        hit = total - sum(len(source.missed_lines()) for source in members)
        taken, branches = (sum(column) for column in zip(*(source.branch_total() for source in members)))
        lines.append(f"{folder:30} {hit:6}/{total:<6}{percent(hit, total)} {taken:6}/{branches:<6}"
                     f"{percent(taken, branches)}")
    return lines


def details(sources: dict[str, Source], texts: dict[str, list[str]], known: list[Explanation]) -> list[str]:
    lines = []
    for name, source in sources.items():
        open_lines = unexplained(name, source, texts[name], known)
        missed = [(number, "line" if number in open_lines else "explained", "") for number in source.missed_lines()]
        missed += [(number, "branch", f"{count[0]} of {count[1]} ") for number, count in source.missed_branches().items()]
        if missed:
            lines += ["", name]
            lines += [f"{number:6} {kind:9} {extra}{texts[name][number - 1].rstrip()}" for number, kind, extra
                      in sorted(missed)]
    return lines


def run() -> int:
    """Measures, prints the table and the lines, writes the report. 0: each line is executed or explained."""
    try:
        make_program()
        run_program()
    except (building.BuildError, packages.PackageError) as error:
        print(error, file=sys.stderr)
        return 1
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        sources = collect(list(pool.map(gcov, sorted(FOLDER.rglob("*.gcda")))))
    texts = {name: (building.REPOSITORY / name).read_text().splitlines() for name in sources}
    known = explanations()
    report = [*table(sources), *details(sources, texts, known)]
    REPORT.write_text("\n".join(report) + "\n")
    problems = stale(known, sources, texts)
    for name, source in sources.items():
        problems += [f"{name}:{number}: {texts[name][number - 1].strip()}"
                     for number in unexplained(name, source, texts[name], known)]
    print("\n".join([*table(sources), "", *problems]))
    print(f"{len(problems)} lines neither executed nor explained; branches, line by line: "
          f"{REPORT.relative_to(building.REPOSITORY)}")
    return 1 if problems else 0
