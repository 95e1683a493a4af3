# SPDX-License-Identifier: BSD-2-Clause
"""tools/test: lists, selects and runs all tests; the last line is `N passed, N failed`."""
import argparse
import concurrent.futures
import contextlib
import os
import sys
import time
import traceback
from typing import Iterator

import build as building
import cases
import coverage
import packages
import suites
import test_checks
import test_codegen
import test_documents
import test_host
import test_lockstep
import test_kernel
import test_scenarios
import test_system
import test_tables
import test_tools

# Long ones first, so that the short ones fill the gaps.
SUITES = (test_documents, test_host, test_lockstep, test_tools, test_system, test_scenarios, test_tables, test_kernel,
          test_codegen, test_checks)


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tools/test", description="Runs all tests, or those that the names select. One test is one named case.",
        epilog="status: 0 all passed, 1 some failed, 2 wrong usage")
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help="a case's name, a word of it (R7 does not select R70), or a part of it")
    parser.add_argument("--list", action="store_true", help="only say which cases there are")
    parser.add_argument("--compiler", choices=building.COMPILERS, action="append",
                        help="system tests of this compiler's build only; default: all; repeatable")
    parser.add_argument("--times", action="store_true", help="say at the end what took how long: each build and each job")
    parser.add_argument("--coverage", action="store_true",
                        help="only say what the host tests execute of the kernel's core; 1 if a line is left out")
    return parser.parse_args(arguments)


def narrow(jobs: list[cases.Job], selectors: list[str]) -> list[cases.Job]:
    """The jobs that hold selected cases, reduced to those."""
    chosen = set(cases.select([name for job in jobs for name in job.names], selectors))
    for job in jobs:
        job.names = [name for name in job.names if name in chosen]
    return [job for job in jobs if job.names]


def duplicates(jobs: list[cases.Job]) -> list[str]:
    names = [name for job in jobs for name in job.names]
    return sorted({name for name in names if names.count(name) > 1})


class Times:
    """How long each build and each job took."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def of(self, what: str) -> Iterator[None]:
        start = time.monotonic()
        try:
            yield
        finally:
            self._seconds[what] = self._seconds.get(what, 0.0) + time.monotonic() - start

    def table(self) -> str:
        longest = sorted(self._seconds.items(), key=lambda entry: -entry[1])
        return "\n".join(f"{seconds:7.1f} s  {what}" for what, seconds in longest)


def build_all(jobs: list[cases.Job], times: Times) -> dict[cases.Target, str]:
    """Builds what the jobs need, one compiler and kernel at a time; answers why, for what could not be built."""
    failures: dict[cases.Target, str] = {}
    targets = list(dict.fromkeys(target for job in jobs for target in job.targets))
    for compiler, kernel in dict.fromkeys((target.compiler, target.kernel) for target in targets):
        build = building.Build(compiler, kernel)
        mine = [target for target in targets if (target.compiler, target.kernel) == (compiler, kernel)]
        with building.locked(build), times.of(f"build ({compiler}, {kernel} kernel)"):
            names = list(dict.fromkeys(name for target in mine for name in target.names))
            default = [] if all(target.alone for target in mine) else ["all"]
            try:
                building.compile_targets(build, default + names, again=True)
                continue
            except building.BuildError as error:
                print(error, flush=True)
            for target in mine:  # one by one, to see what still can be run
                try:
                    building.compile_targets(build, list(target.names) or ["all"])
                except building.BuildError as error:
                    failures[target] = str(error)[-3000:]
    return failures


def say(name: str, outcome: cases.Outcome) -> None:
    print(f"{'ok  ' if outcome.passed else 'FAIL'} {name}", flush=True)
    if not outcome.passed:
        print("     " + outcome.detail.strip().replace("\n", "\n     "), flush=True)


def run_job(job: cases.Job, report: cases.Report, times: Times) -> None:
    """Whatever goes wrong, every case of the job is reported in the end."""
    try:
        with times.of(f"{len(job.names)} from {job.names[0]}"):
            job.run(report)
    except Exception:  # a fault of the harness must not lose a case
        report.add_missing(job.names, traceback.format_exc())
    report.add_missing(job.names, "did not run")


def run_all(jobs: list[cases.Job], report: cases.Report, times: Times) -> None:
    needed = list(dict.fromkeys(package for job in jobs for package in job.packages))
    packages.ensure(list(dict.fromkeys(packages.BUILD + needed)))
    failures = build_all(jobs, times)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for job in jobs:
            broken = next((failures[target] for target in job.targets if target in failures), None)
            if broken:
                report.add_missing(job.names, "the build failed: " + broken.splitlines()[-1])
            else:
                pool.submit(run_job, job, report, times)


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    if options.coverage:
        return coverage.run()
    compilers = options.compiler or list(building.COMPILERS)
    everything = [job for suite in SUITES for job in suite.jobs(compilers)]
    twice = duplicates(everything)
    jobs = narrow(everything, options.names)
    if options.list:
        for job in jobs:
            print("\n".join(job.names))
        return 0
    if not jobs:
        print(f"tools/test: no test is named {' or '.join(options.names)}", file=sys.stderr)
        return 2
    start, report, times = time.monotonic(), cases.Report(say), Times()
    for name in twice:
        report.add(name, False, "two cases have this name")
    try:
        run_all(jobs, report, times)
    except packages.PackageError as error:
        report.add_missing([name for job in jobs for name in job.names], str(error))
    outcomes = report.outcomes
    by_area = suites.table(suites.all_suites(), {name: outcome.passed for name, outcome in outcomes.items()})
    if by_area:
        print(f"\n{by_area}")
    if options.times:
        print(f"\n{times.table()}")
    failed = [name for name, outcome in outcomes.items() if not outcome.passed]
    print(f"\n{time.monotonic() - start:.0f} s" + "".join(f"\nfailed: {name}" for name in failed))
    print(f"{len(outcomes) - len(failed)} passed, {len(failed)} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
