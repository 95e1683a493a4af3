# SPDX-License-Identifier: BSD-2-Clause
"""The lockstep test, short and under sanitizers: the kernel's core against the executable specification. tools/fuzz makes it
long."""
import os
import subprocess

import cases
import fuzz
import packages

GROUP = "lockstep: "
SECONDS = 600.0
# The same operations each time; UMBRA_SEED sets another seed.
SEED = 0x756D627261
RUNS = {
    GROUP + "kernel and specification agree on 100,000 random operations": "100000",
    GROUP + "a changed bit of the kernel's memory is noticed, and the sequence shrunk to it": "self-test",
}
ENVIRONMENT = {"ASAN_OPTIONS": "detect_leaks=1", "UBSAN_OPTIONS": "print_stacktrace=1"}


def play(report: cases.Report, name: str) -> None:
    command = [str(fuzz.binary(fuzz.SANITIZED)), RUNS[name], os.environ.get("UMBRA_SEED", str(SEED))]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              stdin=subprocess.DEVNULL, timeout=SECONDS, env=os.environ | ENVIRONMENT, check=False)
    except subprocess.TimeoutExpired:
        report.add(name, False, "hangs")
        return
    report.add(name, done.returncode == 0, done.stdout.split(fuzz.SUMMARY)[0][-6000:])


def jobs(compilers: list[str]) -> list[cases.Job]:
    """A job for each run; all are native and need no further package."""
    del compilers

    def job(name: str) -> cases.Job:
        return cases.Job([name], lambda report: play(report, name),
                         [cases.Target("gcc", "debug", (fuzz.SANITIZED,))], packages.BUILD)

    return [job(name) for name in RUNS]
