# SPDX-License-Identifier: BSD-2-Clause
"""The host tests: Catch2 cases listed from their sources, run natively, judged by Catch2's XML as it comes."""
import html
import os
import pathlib
import re
import subprocess
import threading

import build as building
import cases
import packages
import servers

GROUP = "host: "
STALL_SECONDS = 300.0  # without any output: the case that runs hangs
DECLARATION = re.compile(r'^\s*(TEST_CASE|SCENARIO|TEST_CASE_METHOD|TEMPLATE_TEST_CASE)\(\s*(?:\w+\s*,\s*)?'
                         r'((?:"(?:[^"\\]|\\.)*"\s*)+)', re.MULTILINE)
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')
CASE_START = re.compile(r'<TestCase name="([^"]*)"')
RESULT = re.compile(r'<OverallResult success="(true|false)"')
EXPRESSION = re.compile(r'<Expression success="false"[^>]*filename="([^"]*)" line="(\d+)"|<Failure filename="([^"]*)" '
                        r'line="(\d+)"|<Exception filename="([^"]*)" line="(\d+)"')
ENVIRONMENT = {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0", "UBSAN_OPTIONS": "print_stacktrace=1"}


def declared(source: str) -> list[str]:
    """Names of the cases that a source declares; a template's cases by their common start, ending in ' - '."""
    names = []
    for kind, literals in DECLARATION.findall(source):
        name = "".join(LITERAL.findall(literals)).replace('\\"', '"').replace("\\\\", "\\")
        names.append({"SCENARIO": "Scenario: " + name, "TEMPLATE_TEST_CASE": name + " - "}.get(kind, name))
    return names


def listed(files: list[pathlib.Path]) -> list[str]:
    return [name for path in files for name in declared(path.read_text())]


def specification(names: list[str]) -> str:
    """Catch2's way to name exactly these cases; a name ending in ' - ' stands for all its types."""
    quoted = []
    for name in names:
        escaped = name.replace("\\", "\\\\").replace('"', '\\"').replace(",", "\\,").replace("[", "\\[")
        quoted.append(escaped + "*" if name.endswith(" - ") else f'"{escaped}"')
    return ",".join(quoted)


class Reading:
    """Takes in Catch2's XML line by line."""

    def __init__(self, report: cases.Report, wanted: list[str]) -> None:
        self.current: str | None = None
        self.finished: set[str] = set()
        self._report = report
        self._wanted = wanted
        self._body: list[str] = []

    def listed_name(self, name: str) -> str:
        """The case as it was listed: a template's case counts for its template."""
        for candidate in self._wanted:
            if candidate.endswith(" - ") and name.startswith(candidate):
                return candidate
        return name

    def take(self, line: str) -> None:
        start = CASE_START.search(line)
        if start:
            self.current, self._body = self.listed_name(html.unescape(start.group(1))), []
        self._body.append(line)
        result = RESULT.search(line)
        if result and self.current is not None:
            passed = result.group(1) == "true"
            self._report.add(GROUP + self.current, passed, "" if passed else explain("\n".join(self._body)))
            self.finished.add(self.current)
            self.current = None


def explain(body: str) -> str:
    """Where and what, from the XML of a failed case."""
    place = EXPRESSION.search(body)
    where = ""
    if place:
        file, line = [part for part in place.groups() if part]
        where = f"{os.path.basename(file)}:{line}: "
    expanded = re.search(r"<Expanded>\s*(.*?)\s*</Expanded>", body[place.start():] if place else body, re.DOTALL)
    message = expanded or re.search(r"<(?:Failure|Exception)[^>]*>\s*(.*?)\s*</", body, re.DOTALL)
    return where + (" ".join(html.unescape(message.group(1)).split()) if message else "failed")


def run_once(binary: pathlib.Path, wanted: list[str], report: cases.Report) -> set[str]:
    """Runs the wanted cases in one process; answers those that are dealt with, at least one."""
    reading = Reading(report, wanted)
    process = subprocess.Popen([str(binary), "--reporter", "xml", specification(wanted)], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, errors="replace",
                               env=os.environ | ENVIRONMENT)
    errors: list[str] = []
    drain = threading.Thread(target=lambda: errors.append(process.stderr.read()))
    drain.start()
    hung = threading.Event()
    while True:
        timer = threading.Timer(STALL_SECONDS, lambda: (hung.set(), process.kill()))
        timer.start()
        line = process.stdout.readline()
        timer.cancel()
        if not line:
            break
        reading.take(line)
    process.wait()
    drain.join()
    left = [name for name in wanted if name not in reading.finished]
    victim = reading.current or (left[0] if left else None)
    if victim is not None:
        why = "hangs" if hung.is_set() else f"ended the test program (status {process.returncode})"
        report.add(GROUP + victim, False, why + "\n" + "".join(errors).strip()[:4000])
        reading.finished.add(victim)
    elif process.returncode != 0 and "".join(errors).strip():  # a leak is found when all is over
        report.add(GROUP + wanted[-1], False, "".join(errors).strip()[:4000])
    return reading.finished


def run_all(binary: pathlib.Path, wanted: list[str], report: cases.Report) -> None:
    left = list(wanted)
    while left:
        done = run_once(binary, left, report)
        left = [name for name in left if name not in done]


def job_of(binary: pathlib.Path, files: list[pathlib.Path]) -> cases.Job:
    """One job for all cases of a native program, which is built once, in the first compiler's folder."""
    job = cases.Job([GROUP + name for name in listed(files)], lambda report: None,
                    [cases.Target("gcc", "debug", (f"tests/{binary.name}",), alone=True)], packages.HOST_TESTS)
    job.run = lambda report: run_all(binary, [name[len(GROUP):] for name in job.names], report)
    return job


def jobs(compilers: list[str]) -> list[cases.Job]:
    del compilers  # the native compiler is the machine's own
    build = building.Build()
    found = [job_of(build.host_tests, sorted((building.REPOSITORY / "tests" / "host").rglob("*_test.cpp"))),
             job_of(build.shipped_pager_tests,
                    sorted((building.REPOSITORY / "tests" / "shipped_pager").glob("*_test.cpp"))),
             job_of(build.server_tests, servers.host_tests())]
    return [job for job in found if job.names]
