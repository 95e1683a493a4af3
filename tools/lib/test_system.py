# SPDX-License-Identifier: BSD-2-Clause
"""System tests: root tasks that QEMU boots; each boot reports many cases by PASS and FAIL lines on the serial log."""
import argparse
import pathlib
import re
import tempfile
import tomllib

import build as building
import cases
import image
import packages
import qemu
import verdict

GROUP = "system: "
TIMEOUT_SECONDS = 120.0
FOLDER = building.REPOSITORY / "tests" / "system"
DECLARATION = re.compile(r'^SYSTEM_TEST\(\s*"((?:[^"\\]|\\.)*)"', re.MULTILINE)
LAST_LINE = re.compile(r"^TESTS DONE (\d+) passed (\d+) failed$", re.MULTILINE)


def suffix(compiler: str) -> str:
    return "" if compiler == "gcc" else f" ({compiler})"


def declared(source: str) -> list[str]:
    return DECLARATION.findall(source)


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
    """Boots quietly; answers log and verdict. settings: memory, cpu, uefi, icount, timeout."""
    with tempfile.TemporaryDirectory(prefix="umbra-") as name:
        scratch = pathlib.Path(name)
        with building.locked(build):
            image.make(content, scratch / "umbra.iso")
        machine = qemu.Machine(scratch / "umbra.iso", str(settings.get("memory", "256M")),
                               str(settings.get("cpu", "max")), bool(settings.get("uefi", False)),
                               bool(settings.get("icount", False)))
        run = qemu.Run(machine, scratch, interactive=False)
        ending = run.go(float(settings.get("timeout", TIMEOUT_SECONDS)), quiet=True)
        return run.text, verdict.judge(run.text, ending, root_task=True)


def settings_of(source: pathlib.Path) -> dict[str, object]:
    """How the machine of a topic differs from the usual one: <topic>.toml beside <topic>.cpp, if it is there."""
    file = source.with_suffix(".toml")
    return tomllib.loads(file.read_text()) if file.exists() else {}


def job_of(source: pathlib.Path, compiler: str) -> cases.Job | None:
    plain_names = declared(source.read_text())
    if not plain_names:
        return None
    by_name = {f"{GROUP}{name}{suffix(compiler)}": name for name in plain_names}
    settings = settings_of(source)
    build = building.Build(compiler, str(settings.get("kernel", "debug")))
    program = f"tests/system/{source.stem}.elf"

    def run(report: cases.Report) -> None:
        options = no_options(root=build.folder / program, append=[str(settings.get("append", ""))])
        content = image.choose(build, options, build.folder)
        text, outcome = boot(build, content, settings)
        judged = judge_cases(plain_names, text, outcome)
        for name in job.names:
            result = judged[by_name[name]]
            report.add(name, result.passed, result.detail + ("" if result.passed else f"\n{text[-3000:]}"))

    job = cases.Job(list(by_name), run, [cases.Target(compiler, build.kernel, (program,))],
                    packages.IMAGE + packages.QEMU)
    return job


def jobs(compilers: list[str]) -> list[cases.Job]:
    found = [job_of(source, compiler) for compiler in compilers for source in sorted(FOLDER.glob("*.cpp"))]
    return [job for job in found if job]
