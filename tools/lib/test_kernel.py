# SPDX-License-Identifier: BSD-2-Clause
"""Checks of the linked kernel: both compilers, debug and release."""
from typing import Callable

import build as building
import cases
import kernel_elf
import packages
import stack_depth

GROUP = "kernel: "
VARIANTS = ("debug", "release")


def named(compiler: str, variant: str) -> dict[str, Callable[[kernel_elf.Kernel], list[str]]]:
    """The checks by the names of their cases."""
    checks = kernel_elf.CHECKS | (kernel_elf.RELEASE_CHECKS if variant == "release" else {})
    return {f"{GROUP}{name} ({compiler}, {variant})": check for name, check in checks.items()}


def job_of(compiler: str, variant: str) -> cases.Job:
    build = building.Build(compiler, variant)
    by_name = named(compiler, variant)
    job = cases.Job(list(by_name), lambda report: None, [cases.kernel_target(compiler, variant)],
                    packages.CLANG if compiler == "clang" else [])

    def run(report: cases.Report) -> None:
        try:
            kernel = kernel_elf.Kernel(build.kernel_elf)
            print("\n".join([f"kernel ({compiler}, {variant}):", *kernel_elf.figures(kernel)]), flush=True)
        except stack_depth.StackError as error:
            report.add_missing(job.names, str(error))
            return
        for name in job.names:
            problems = by_name[name](kernel)
            report.add(name, not problems, "\n".join(problems))

    job.run = run
    return job


def jobs(compilers: list[str]) -> list[cases.Job]:
    return [job_of(compiler, variant) for compiler in compilers for variant in VARIANTS]
