# SPDX-License-Identifier: BSD-2-Clause
"""Scenarios, each one boot of the whole system, judged by its serial log: tests/system/scenarios/*.toml, and in the folders
of servers tests/*.toml, whose files are named from the server's folder.

  [boot]      memory, cpu, uefi, icount, timeout, kernel, append, emulator = "bochs"; all optional;
              devices = ["edu"] (what QEMU's -device takes)
              compilers = ["gcc"] to run it with fewer than all; status = 1 if the system shall fail; reason = "regex";
              until_ready = false to go on to the end of the machine;
              root = "a.elf" (what the build made): this root task instead of init, and no archive
  [archive]   remove = ["sbin/init"]; text = {"etc/x" = "content"}; link = {"sbin/init" = "target"};
              program = {"sbin/a" = "tests/system/process/a.elf"} (what the build made, stripped);
              unit = {"a.service" = "tests/a.service"} (a unit file);
              truncate = {"sbin/a" = 100}; zero = {"sbin/a" = [offset, size]}; bytes = {"sbin/a" = [offset, "7f 45"]};
              zero_code = ["sbin/a"] (all its executable segments)
  [[type]]    after = "regex", keys = "ps\\n": typed once the log shows it
  [[case]]    name = "..."; lines = ["regex", ...] in this order; never = ["regex", ...];
              document = "README.md" (further lines: the boot log that it shows)
"""
import dataclasses
import pathlib
import re
import struct
import tempfile
import tomllib

import archive
import build as building
import cases
import documents
import image
import packages
import qemu
import run as command
import servers
import suites
import test_system
import verdict

GROUP = "scenario: "
FOLDER = suites.FOLDER / "scenarios"
TIMEOUT_SECONDS = 300.0
PF_X, PT_LOAD = 1, 1


def zero_code(data: bytes) -> bytes:
    """The ELF file with every byte of its executable segments zero."""
    out = bytearray(data)
    table, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    for header in range(table, table + size * count, size):
        kind, flags, offset = struct.unpack_from("<IIQ", data, header)
        length, = struct.unpack_from("<Q", data, header + 32)
        if kind == PT_LOAD and flags & PF_X:
            code = max(offset, table + size * count)  # the headers may lie in the same segment
            out[code:offset + length] = bytes(offset + length - code)
    return bytes(out)


def replace(data: bytes, offset: int, patch: bytes) -> bytes:
    return data[:offset] + patch + data[offset + len(patch):]


def edit(root: archive.Archive, changes: dict) -> None:
    """Applies the [archive] table of a scenario."""
    def change(path: str, function) -> None:
        mode, data = root.members[path]
        root.members[path] = (mode, function(data))

    for path in changes.get("remove", []):
        root.remove(path)
    for path, text in changes.get("text", {}).items():
        root.add_file(path, text.encode())
    for path, target in changes.get("link", {}).items():
        root.add_link(path, target)
    for path, size in changes.get("truncate", {}).items():
        change(path, lambda data, size=size: data[:size])
    for path, (offset, size) in changes.get("zero", {}).items():
        change(path, lambda data, offset=offset, size=size: replace(data, offset, bytes(size)))
    for path, (offset, text) in changes.get("bytes", {}).items():
        change(path, lambda data, offset=offset, text=text: replace(data, offset, bytes.fromhex(text)))
    for path in changes.get("zero_code", []):
        change(path, zero_code)


@dataclasses.dataclass(frozen=True)
class Place:
    """Where the files that a scenario names lie: its sources, and what was built of them."""
    sources: pathlib.Path
    built: pathlib.Path


def place_of(scenario: pathlib.Path, build: building.Build) -> Place:
    """A scenario in a server's folder names files of that folder, any other those of the repository."""
    if scenario.parent == FOLDER:
        return Place(building.REPOSITORY, build.folder)
    server = scenario.parent.parent
    return Place(server, build.folder / server.relative_to(building.REPOSITORY))


def edited_archive(original: pathlib.Path, changes: dict, place: Place, scratch: pathlib.Path) -> pathlib.Path:
    root = archive.Archive.from_bytes(original.read_bytes())
    edit(root, changes)
    for path, built in changes.get("program", {}).items():
        root.add_program(path, place.built / built)
    for name, unit in changes.get("unit", {}).items():
        root.add_file(f"{archive.UNITS}/{name}", (place.sources / unit).read_bytes())
    out = scratch / "rootfs.cpio"
    out.write_bytes(root.to_bytes())
    return out


def case_outcome(case: dict, text: str) -> cases.Outcome:
    """Whether the log shows what the case expects."""
    position, lines = 0, list(case.get("lines", []))
    if "document" in case:
        lines += documents.boot_log(building.REPOSITORY / case["document"])
    for pattern in lines:
        found = re.compile(pattern, re.MULTILINE).search(text, position)
        if not found:
            place = " after what was expected before it" if position else ""
            return cases.Outcome(False, f"the log does not show {pattern!r}{place}")
        position = found.end()
    for pattern in case.get("never", []):
        found = re.search(pattern, text, re.MULTILINE)
        if found:
            return cases.Outcome(False, f"the log shows {found.group(0)!r}")
    return cases.Outcome(True)


def ending_problem(boot: dict, outcome: verdict.Verdict) -> str | None:
    """Why the run did not end as the scenario wants; None if it did."""
    wanted = boot.get("status", verdict.PASSED)
    if outcome.status != wanted:
        return f"ended with status {outcome.status} ({outcome.reason}), not {wanted}"
    if not re.search(boot.get("reason", ""), outcome.reason):
        return f"the reason is {outcome.reason!r}"
    return None


class Typist:
    """Types each [[type]] entry once, in order, as soon as the log shows what it waits for."""

    def __init__(self, run: qemu.Run, entries: list[dict]) -> None:
        self._run = run
        self._entries = list(entries)
        self._position = 0

    def look(self, text: str) -> None:
        while self._entries:
            found = re.compile(self._entries[0]["after"], re.MULTILINE).search(text, self._position)
            if not found:
                return
            self._position = found.end()
            self._run.type(self._entries.pop(0)["keys"].encode())


def boot_in_qemu(scenario: dict, iso: pathlib.Path, scratch: pathlib.Path) -> tuple[str, verdict.Verdict]:
    boot = scenario.get("boot", {})
    machine = qemu.Machine(iso, boot.get("memory", "256M"), boot.get("cpu", "max"), boot.get("uefi", False),
                           boot.get("icount", False), devices=boot.get("devices", []))
    run = qemu.Run(machine, scratch, interactive=False)
    typist = Typist(run, scenario.get("type", []))
    until_ready = boot.get("until_ready", not scenario.get("type")) and "root" not in boot

    def on_text(text: str) -> bool:
        typist.look(text)
        return until_ready and command.console_listens(text)

    ending = run.go(float(boot.get("timeout", TIMEOUT_SECONDS)), on_text, quiet=True)
    return run.text, verdict.judge(run.text, ending, until_ready, "root" in boot)


def boot_in_bochs(scenario: dict, build: building.Build, rootfs: pathlib.Path) -> tuple[str, verdict.Verdict]:
    boot = scenario.get("boot", {})
    return test_system.run_bochs(build, [
        *(["--until-ready"] if boot.get("until_ready", True) else []), "--archive", str(rootfs), "--memory", boot.get("memory", "256M"),
        "--append", boot.get("append", ""), "--timeout", str(boot.get("timeout", 2 * TIMEOUT_SECONDS))])


def boot_scenario(scenario: dict, build: building.Build, place: Place) -> tuple[str, verdict.Verdict]:
    """build: of the user programs."""
    boot = scenario.get("boot", {})
    kernel = dataclasses.replace(build, kernel=boot.get("kernel", build.kernel))
    with tempfile.TemporaryDirectory(prefix="umbra-") as name:
        scratch = pathlib.Path(name)
        with building.locked(build):
            rootfs = edited_archive(build.archive, scenario.get("archive", {}), place, scratch)
            root = place.built / boot["root"] if "root" in boot else None
            options = test_system.no_options(archive=rootfs, append=[boot.get("append", "")], root=root)
            if boot.get("emulator", "qemu") == "qemu":
                content = image.choose(build, options, scratch)
                image.make(dataclasses.replace(content, kernel=kernel.kernel_elf), scratch / "umbra.iso")
        if boot.get("emulator", "qemu") == "bochs":
            return boot_in_bochs(scenario, build, rootfs)
        return boot_in_qemu(scenario, scratch / "umbra.iso", scratch)


def job_of(path: pathlib.Path, compiler: str) -> cases.Job | None:
    scenario = tomllib.loads(path.read_text())
    boot = scenario.get("boot", {})
    if compiler not in boot.get("compilers", building.COMPILERS):
        return None
    by_name = {f"{GROUP}{case['name']}{suites.compiler_suffix(compiler)}": case for case in scenario["case"]}
    build = building.Build(compiler)

    def run(report: cases.Report) -> None:
        text, outcome = boot_scenario(scenario, build, place_of(path, build))
        problem = ending_problem(boot, outcome)
        for name in job.names:
            result = cases.Outcome(False, problem) if problem else case_outcome(by_name[name], text)
            report.add(name, result.passed, result.detail + ("" if result.passed else f"\n{text[-4000:]}"))

    needed = packages.IMAGE + (packages.BOCHS if boot.get("emulator") == "bochs" else packages.QEMU)
    targets = [cases.Target(compiler, build.kernel), cases.kernel_target(compiler, boot.get("kernel", "debug"))]
    job = cases.Job(list(by_name), run, targets, needed)
    return job


def jobs(compilers: list[str]) -> list[cases.Job]:
    files = [*sorted(FOLDER.glob("*.toml")), *servers.scenarios()]
    found = [job_of(path, compiler) for compiler in compilers for path in files]
    return [job for job in found if job]
