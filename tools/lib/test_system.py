# SPDX-License-Identifier: BSD-2-Clause
"""System tests: root tasks that an emulator boots; each boot reports many cases by PASS and FAIL lines on the serial log.

suites.py says which there are, and where they run."""
import argparse
import pathlib
import re
import subprocess
import tempfile

import build as building
import cases
import image
import packages
import qemu
import suites
import verdict

TIMEOUT_SECONDS = 300.0
LAST_LINE = re.compile(r"^TESTS DONE (\d+) passed (\d+) failed$", re.MULTILINE)


def no_options(**changes: object) -> argparse.Namespace:
    """The options of tools/run about the image, as if none was given, with changes."""
    options = {"append": [], "root": None, "module": [], "archive": None, "kernel_image": None, "no_build": True}
    return argparse.Namespace(**options | changes)


def judge_cases(names: list[str], text: str, outcome: verdict.Verdict) -> dict[str, cases.Outcome]:
    """Each listed case, from the log: passed only if it says so, the suite ended as agreed and the counts are right."""
    lines = text.splitlines()
    last = LAST_LINE.search(text)
    results: dict[str, cases.Outcome] = {}
    for name in names:
        failures = [line for line in lines if line.startswith(f"FAIL {name}:") or line == f"FAIL {name}"]
        passes = lines.count(f"PASS {name}")
        if failures:
            results[name] = cases.Outcome(False, failures[0].removeprefix(f"FAIL {name}").lstrip(": ") or "failed")
        elif passes != 1:
            results[name] = cases.Outcome(False, f"no PASS line; {outcome.reason}" if not passes else "ran twice")
        elif last is None:
            results[name] = cases.Outcome(False, f"no last line TESTS DONE; {outcome.reason}")
        else:
            results[name] = cases.Outcome(True)
    passed = sum(result.passed for result in results.values())
    failed_lines = sum(line.startswith("FAIL ") for line in lines)
    dishonest = last is not None and (int(last.group(1)), int(last.group(2))) != (
        sum(line.startswith("PASS ") for line in lines), failed_lines)
    status_wrong = (outcome.status == verdict.PASSED) != (failed_lines == 0)
    if results and passed == len(results) and (dishonest or status_wrong):
        why = f"the last line is not what happened: {last.group(0)}" if dishonest else outcome.reason
        results[names[-1]] = cases.Outcome(False, why)
    return results


def boot(build: building.Build, content: image.Content,
         settings: dict[str, object]) -> tuple[str, verdict.Verdict]:
    """Boots quietly; answers log and verdict. settings: as in suite.toml (suites.py)."""
    with tempfile.TemporaryDirectory(prefix="umbra-") as name:
        scratch = pathlib.Path(name)
        with building.locked(build):
            image.make(content, scratch / "umbra.iso")
        machine = qemu.Machine(scratch / "umbra.iso", str(settings.get("memory", "256M")),
                               str(settings.get("cpu", "max")), bool(settings.get("uefi", False)),
                               bool(settings.get("icount", False)), devices=list(settings.get("devices", [])),
                               properties=list(settings.get("properties", [])))
        run = qemu.Run(machine, scratch, interactive=False)
        ending = run.go(float(settings.get("timeout", TIMEOUT_SECONDS)), quiet=True)
        return run.text, verdict.judge(run.text, ending, root_task=True)


def run_bochs(build: building.Build, arguments: list[str]) -> tuple[str, verdict.Verdict]:
    """Through the command that users run, which says everything on standard output."""
    command = [str(building.REPOSITORY / "tools" / "bochs"), "--no-build", "--compiler", build.compiler,
               "--kernel", build.kernel, *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                          check=False)
    text = verdict.plain(done.stdout)
    return text, verdict.Verdict(done.returncode, text.strip().splitlines()[-1])


def boot_on(machine: suites.Machine, suite: suites.Suite, build: building.Build,
            kernel: pathlib.Path | None = None) -> tuple[str, verdict.Verdict]:
    """`kernel`: another one than the build's."""
    program = build.folder / suite.program
    if machine.emulator == "bochs":
        timeout = float(suite.settings.get("timeout", TIMEOUT_SECONDS))
        modules = [word for module in suite.modules for word in ("--module", str(module))]
        return run_bochs(build, ["--root", str(program), "--memory", str(suite.settings.get("memory", "256M")),
                                 "--append", str(suite.settings.get("append", "")),
                                 "--timeout", str(2 * timeout), *modules,
                                 *(["--kernel-image", str(kernel)] if kernel else [])])
    options = no_options(root=program, append=[str(suite.settings.get("append", "")), machine.append],
                         module=suite.modules, kernel_image=kernel)
    return boot(build, image.choose(build, options, build.folder), suite.settings)


def job_of(suite: suites.Suite, machine: suites.Machine) -> cases.Job:
    by_name = {suites.full_name(name, machine): name for name in suite.cases}
    build = building.Build(machine.compiler)
    kernel = building.Build(machine.compiler, str(suite.settings.get("kernel", "debug")))

    def run(report: cases.Report) -> None:
        text, outcome = boot_on(machine, suite, build, None if kernel == build else kernel.kernel_elf)
        judged = judge_cases(suite.cases, text, outcome)
        for name in job.names:
            result = judged[by_name[name]]
            report.add(name, result.passed, result.detail + ("" if result.passed else f"\n{text[-3000:]}"))

    needed = packages.IMAGE + (packages.BOCHS if machine.emulator == "bochs" else packages.QEMU)
    targets = [cases.Target(build.compiler, build.kernel, (suite.program,)),
               cases.kernel_target(kernel.compiler, kernel.kernel)]
    job = cases.Job(list(by_name), run, targets, needed)
    return job


def jobs(compilers: list[str]) -> list[cases.Job]:
    return [job_of(suite, machine) for machine in suites.MACHINES if machine.compiler in compilers
            for suite in suites.all_suites() if suite.cases and suite.runs_on(machine)]
