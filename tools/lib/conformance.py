# SPDX-License-Identifier: BSD-2-Clause
"""docs/conformance.md: which rows the kernel's headers ask for, which there are, and which tests they name."""
import dataclasses
import re

import abi_headers as abi
import build as building

TABLE = building.REPOSITORY / "docs" / "conformance.md"
SECTION = re.compile(r"^## (.*)$")
ROW = re.compile(r"^\| (?!row \||-)([^|]+) \| (?:[^|]+ \| )?([^|]+) \|$")
CASE = re.compile(r"`([^`]+)`")
COUNT = re.compile(r"^(\d+) rows, (\d+) of them without a test", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Row:
    section: str
    name: str
    tests: tuple[str, ...]


def with_words(item: abi.Item) -> list[str]:
    return [item.name, *(f"{item.name}: {word.name}" for word in item.words)]


def derived_rows() -> dict[str, list[str]]:
    """By section, the rows that there must be because the headers declare something."""
    faults = [fault for fault in abi.faults() if fault.enumerator != "none"]
    errors = [error for error in abi.errors() + abi.lookup_failures() if error.enumerator != "none"]
    return {
        "System calls": [call.name for call in abi.system_calls()],
        "Methods": [call.name for call in abi.methods()],
        "Faults": [row for fault in faults for row in ([fault.name, f"{fault.name}: reply"] if fault.present
                                                       else [fault.name])],
        "Errors": [row for error in errors for row in with_words(error)],
        "Capabilities of the root task": [item.name for item in abi.constants("boot_info.hpp", "root_slot")],
        "Boot information": [field.name for field in abi.fields("boot_info.hpp", "BootInfo")],
        "Extra chunks": [item.name for item in abi.constants("boot_info.hpp", "boot_chunk")],
    }


def read(text: str) -> list[Row]:
    rows, section = [], ""
    for line in text.splitlines():
        heading, row = SECTION.match(line), ROW.match(line)
        if heading:
            section = heading.group(1)
        elif row:
            rows.append(Row(section, row.group(1), tuple(CASE.findall(row.group(2)))))
    return rows


def missing_and_unknown(rows: list[Row], wanted: dict[str, list[str]]) -> list[str]:
    """Rows of the headers that are not there, and rows in their sections that no header asks for."""
    problems = []
    for section, names in wanted.items():
        there = [row.name for row in rows if row.section == section]
        problems += [f"{section}: no row {name}" for name in names if name not in there]
        problems += [f"{section}: a row {name}, which the headers do not know" for name in there if name not in names]
    return problems


def doubled(rows: list[Row]) -> list[str]:
    names = [(row.section, row.name) for row in rows]
    return [f"{section}: two rows {name}" for section, name in sorted(set(names)) if names.count((section, name)) > 1]


def gaps(rows: list[Row], wanted: dict[str, list[str]]) -> list[str]:
    """Sentences are numbered in each section: none may be lost."""
    problems = []
    for section in dict.fromkeys(row.section for row in rows if row.section not in wanted):
        names = [row.name for row in rows if row.section == section]
        letter = names[0][0]
        if names != [f"{letter}{number}" for number in range(1, len(names) + 1)]:
            problems.append(f"{section}: rows are not {letter}1 to {letter}{len(names)}")
    return problems


def stale(rows: list[Row], cases: set[str]) -> list[str]:
    return [f"{row.name}: there is no case {name}" for row in rows for name in row.tests if name not in cases]


def miscounted(text: str, rows: list[Row]) -> list[str]:
    """The page says how many rows have no test: nobody loses one by accident."""
    said, without = COUNT.search(text), sum(not row.tests for row in rows)
    if said and (int(said.group(1)), int(said.group(2))) == (len(rows), without):
        return []
    return [f"there are {len(rows)} rows, {without} of them without a test: the page says something else"]
