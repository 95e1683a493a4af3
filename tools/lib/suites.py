# SPDX-License-Identifier: BSD-2-Clause
"""Suites of system tests: the folders of tests/system with a suite.toml. Each is one root task, one boot a machine.

A file of a suite is an area; its cases are what it declares as SYSTEM_TEST("..."). suite.toml says what the machine is:

  machines = ["qemu", "bochs"]   where the suite runs; default: ["qemu"]; "isolated" is QEMU with page-table isolation.
                                 Where it does not run its cases count as not applicable in the table by area
  modules                        files of the suite's folder that are boot modules behind the root task
  memory, cpu, uefi, icount, timeout, kernel, append; of QEMU: devices and properties (what -device and -global take)
"""
import dataclasses
import pathlib
import re
import tomllib

import build as building

GROUP = "system: "
FOLDER = building.REPOSITORY / "tests" / "system"
DECLARATION = re.compile(r'^SYSTEM_TEST\(\s*"((?:[^"\\]|\\.)*)"', re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Machine:
    """Where a suite runs: an emulator, the compiler of what it boots, and words for the kernel's command line."""
    name: str
    emulator: str
    compiler: str
    title: str
    suffix: str = ""  # behind the names of cases, to tell the machines apart
    append: str = ""


MACHINES = (Machine("qemu", "qemu", "gcc", "QEMU gcc"),
            Machine("qemu", "qemu", "clang", "QEMU clang", " (clang)"),
            Machine("isolated", "qemu", "gcc", "isolated", " (isolated)", "isolation=on"),
            Machine("bochs", "bochs", "gcc", "Bochs gcc", " (bochs)"))


@dataclasses.dataclass(frozen=True)
class Suite:
    name: str
    settings: dict
    areas: dict[str, list[str]]  # name of the area -> names of its cases

    @property
    def cases(self) -> list[str]:
        return [case for names in self.areas.values() for case in names]

    @property
    def program(self) -> str:
        return f"tests/system/{self.name}.elf"

    @property
    def modules(self) -> list[pathlib.Path]:
        return [FOLDER / self.name / file for file in self.settings.get("modules", [])]

    def runs_on(self, machine: Machine) -> bool:
        return machine.name in self.settings.get("machines", ["qemu"])

    def area_of(self, case: str) -> str:
        return next(area for area, names in self.areas.items() if case in names)


def compiler_suffix(compiler: str) -> str:
    return next(machine.suffix for machine in MACHINES if machine.name == "qemu" and machine.compiler == compiler)


def declared(source: str) -> list[str]:
    return DECLARATION.findall(source)


def read(folder: pathlib.Path) -> Suite:
    areas = {file.stem.replace("_", " "): declared(file.read_text()) for file in sorted(folder.glob("*.cpp"))}
    settings = tomllib.loads((folder / "suite.toml").read_text())
    return Suite(folder.name, settings, {area: names for area, names in areas.items() if names})


def all_suites() -> list[Suite]:
    return [read(file.parent) for file in sorted(FOLDER.glob("*/suite.toml"))]


def table(suites: list[Suite], passed: dict[str, bool]) -> str:
    """How many cases passed, by area and machine. `passed`: outcomes by name, group and suffix included."""
    rows = [["area", *(machine.title for machine in MACHINES)]]
    totals: dict[Machine, list[bool]] = {machine: [] for machine in MACHINES}
    absent = dict.fromkeys(MACHINES, 0)
    for suite in suites:
        for area, names in suite.areas.items():
            results = {machine: [passed[key] for name in names if (key := full_name(name, machine)) in passed]
                       for machine in MACHINES}
            if not any(results.values()):
                continue
            for machine in MACHINES:
                totals[machine] += results[machine]
                absent[machine] += 0 if suite.runs_on(machine) else len(names)
            rows.append([area, *(cell(results[machine], 0 if suite.runs_on(machine) else len(names))
                                 for machine in MACHINES)])
    if len(rows) == 1:
        return ""
    rows.append(["all", *(cell(totals[machine], absent[machine]) for machine in MACHINES)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() for row in rows)


def cell(results: list[bool], absent: int) -> str:
    parts = [f"{sum(results)} passed"] if results else []
    if not all(results):
        parts.append(f"{len(results) - sum(results)} FAILED")
    if absent:
        parts.append(f"{absent} not applicable")
    return ", ".join(parts) or "did not run"


def full_name(case: str, machine: Machine) -> str:
    return f"{GROUP}{case}{machine.suffix}"
