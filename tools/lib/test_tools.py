# SPDX-License-Identifier: BSD-2-Clause
"""The tests of the tools: methods of unittest classes in tests/tools/*_test.py. Run as a script it runs one file."""
import ast
import importlib.util
import pathlib
import re
import subprocess
import sys
import unittest

import build as building
import cases
import packages

GROUP = "tools: "
TIMEOUT_SECONDS = 900.0


def title(stem: str, method: str) -> str:
    """tests/tools/verdict_test.py, test_a_reset_fails -> "verdict: a reset fails"."""
    return f"{stem.removesuffix('_test')}: {method.removeprefix('test_').replace('_', ' ')}"


def methods(path: pathlib.Path) -> list[str]:
    tree = ast.parse(path.read_text())
    return [item.name for node in tree.body if isinstance(node, ast.ClassDef) for item in node.body
            if isinstance(item, ast.FunctionDef) and item.name.startswith("test_")]


def run_file(path: pathlib.Path, wanted: set[str]) -> None:
    """In a process of its own: prints PASS or FAIL for each wanted method as it ends."""
    sys.path.append(str(path.parent))  # what tests share
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for suite in unittest.defaultTestLoader.loadTestsFromModule(module):
        for test in suite:
            method = test.id().rpartition(".")[2]
            if method not in wanted:
                continue
            result = unittest.TestResult()
            test.run(result)
            problems = result.failures + result.errors + [(test, why) for _, why in result.skipped]
            last = problems[0][1].strip().replace("\n", "\\n") if problems else ""
            print(f"FAIL {method} {last}" if problems else f"PASS {method}", flush=True)


def job_of(path: pathlib.Path) -> cases.Job:
    by_name = {GROUP + title(path.stem, method): method for method in methods(path)}
    job = cases.Job(list(by_name), lambda report: None)
    text = path.read_text()
    # A file that boots tiny kernels names them, one that runs host tests names their program; BOOTS: the whole system.
    if "payload-" in text or "harness" in text:
        job.targets = [cases.Target("gcc", "debug", ("harness-payloads",))]
        job.packages = packages.IMAGE + packages.QEMU + packages.BOCHS
    elif "new-server" in text:  # it installs the SDK, builds against it and boots
        job.targets = [cases.Target("gcc", "debug")]
        job.packages = packages.HOST_TESTS + packages.IMAGE + packages.QEMU
    elif "\nBOOTS = " in text:
        job.targets = [cases.Target("gcc", "debug", tuple(re.findall(r'"(tests/system/\w+\.elf)"', text)))]
        job.packages = packages.IMAGE + packages.QEMU + packages.BOCHS + packages.GDB
    elif "umbra-tests" in text:
        job.targets = [cases.Target("gcc", "debug", ("tests/umbra-tests",))]
        job.packages = packages.HOST_TESTS

    def run(report: cases.Report) -> None:
        command = [sys.executable, "-B", __file__, str(path), *(by_name[name] for name in job.names)]
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  stdin=subprocess.DEVNULL, timeout=TIMEOUT_SECONDS, check=False)
            output, why = done.stdout, f"did not run: {done.stdout[-2000:]}"
        except subprocess.TimeoutExpired as expired:
            output, why = (expired.stdout or b"").decode(errors="replace"), "hangs"
        for line in output.splitlines():
            word, _, rest = line.partition(" ")
            method, _, detail = rest.partition(" ")
            for name, known in by_name.items():
                if known == method and word in ("PASS", "FAIL"):
                    report.add(name, word == "PASS", detail.replace("\\n", "\n"))
        report.add_missing(job.names, why)

    job.run = run
    return job


def jobs(compilers: list[str]) -> list[cases.Job]:
    del compilers
    return [job_of(path) for path in sorted((building.REPOSITORY / "tests" / "tools").glob("*_test.py"))]


if __name__ == "__main__":
    run_file(pathlib.Path(sys.argv[1]), set(sys.argv[2:]))
