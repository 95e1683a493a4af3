# SPDX-License-Identifier: BSD-2-Clause
"""tools/mutate: plants each bug of the zoo and sees whether the tests that are named for it fail.

Host tests: the file with the bug is compiled by itself and linked before the library of the core, whose own version of it
is then left out; nothing else is built again. System tests and checks of the kernel: a copy of the tree builds the kernel.
"""
import argparse
import concurrent.futures
import contextlib
import dataclasses
import fcntl
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from typing import Callable, Iterator

import build as building
import kernel_elf
import mutations
import packages
import sources
import suites
import test_host
import test_kernel
import test_system

SCRATCH = building.REPOSITORY / "build" / "mutations"
TEST_SECONDS = 120.0
CORE_OBJECT = "tests/libhost-core.a"
kernel_lock = threading.Lock()  # one copy of the tree


@dataclasses.dataclass
class Recipe:
    """How the host tests are built: the compiler's command and the object file for each source, and the linker's command."""
    compile: dict[str, list[str]]
    objects: dict[str, str]
    link: list[str]

    @classmethod
    def of(cls, build: building.Build) -> "Recipe":
        listing = subprocess.run(["ninja", "-C", str(build.folder), "-t", "commands", "tests/umbra-tests"], check=True,
                                 capture_output=True, text=True).stdout
        commands, objects, link = {}, {}, []
        for line in listing.splitlines():
            words = shlex.split(line)
            if "-c" in words and any(word.startswith(CORE_OBJECT) for word in words):
                source = (build.folder / words[words.index("-c") + 1]).resolve()
                commands[sources.relative(source)] = cls.bare(words)
                objects[sources.relative(source)] = words[words.index("-o") + 1]
            elif words[:1] != ["rm"] and "tests/umbra-tests" in words:
                link = words
        return cls(commands, objects, link)

    @staticmethod
    def bare(words: list[str]) -> list[str]:
        """Without names of files, and without warnings as errors: a bug may leave something unused."""
        kept, skip = [], False
        for word in words:
            if not skip and word not in ("-MD", "-Werror"):
                skip = word in ("-MQ", "-MF", "-o", "-c")
                if not skip:
                    kept.append(word)
            else:
                skip = False
        return kept


def run(command: list[str], folder: pathlib.Path) -> str | None:
    """None, or what the command said when it failed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    return None if done.returncode == 0 else (done.stdout + done.stderr)[-2000:]


def make_host_tests(build: building.Build, recipe: Recipe, bug: mutations.Bug, scratch: pathlib.Path) -> str | None:
    """Builds `scratch`/tests with the bug in it."""
    planted = scratch / bug.file
    planted.parent.mkdir(parents=True)
    planted.write_text(bug.planted())
    names = [bug.file] if bug.file in recipe.compile else list(bug.objects or recipe.compile)
    objects = []
    for name in names:
        source = planted if name == bug.file else building.REPOSITORY / name
        objects.append(str(scratch / (name.replace("/", "_") + ".o")))
        words = recipe.compile[name]
        first = next(index for index, word in enumerate(words) if word.startswith("-I"))
        search = [f"-I{scratch}/microkernel", f"-I{scratch}/microkernel/include"]
        said = run([*words[:first], *search, *words[first:], "-o", objects[-1], "-c", str(source)], build.folder)
        if said:
            return said
    replaced = {recipe.objects[name] for name in names}
    link = [word for word in recipe.link if word not in replaced]
    at = link.index("-o")
    return run([*link[:at], "-o", str(scratch / "tests"), *objects, *link[at + 2:]], build.folder)


def host_test_fails(binary: pathlib.Path, name: str) -> bool:
    """Fails, crashes or hangs: all of that is noticed."""
    command = [str(binary), test_host.specification([name])]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                              env=os.environ | test_host.ENVIRONMENT, timeout=TEST_SECONDS, text=True, errors="replace",
                              check=False)
    except subprocess.TimeoutExpired:
        return True
    if "No test cases matched" in done.stdout or "No tests ran" in done.stdout:
        raise mutations.MutationError(f"no test is named {name}")
    return done.returncode != 0


def whole_suite(binary: pathlib.Path) -> str:
    """What else notices it: the first case of all host tests that fails; for a bug that its own tests miss."""
    try:
        done = subprocess.run([str(binary), "--abort"], capture_output=True, text=True, errors="replace", check=False,
                              env=os.environ | test_host.ENVIRONMENT, timeout=10 * TEST_SECONDS)
    except subprocess.TimeoutExpired:
        return "hangs"
    lines = done.stdout.splitlines()
    rule = next((index for index, line in enumerate(lines) if line.startswith("-----")), None)
    return "nothing" if done.returncode == 0 else lines[rule + 1] if rule is not None else "crash: " + done.stderr[:200]


def copy_tree(target: pathlib.Path) -> None:
    """The tracked files; those that are the same keep their time, so that little is built again."""
    wanted = {sources.relative(path): path for path in sources.tracked()}
    for name, path in wanted.items():
        copy = target / name
        if not copy.exists() or copy.read_bytes() != path.read_bytes():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            shutil.copymode(path, copy)


def build_kernel(tree: pathlib.Path) -> str | None:
    """The kernel of the copied tree."""
    folder = tree / "build"
    if not (folder / "build.ninja").exists():
        said = run(["meson", "setup", str(folder), "--cross-file", "tools/cross/gcc.ini", "-Dkernel=debug"], tree)
        if said:
            return said
    return run(["ninja", "-C", str(folder), "microkernel/umbra.elf"], tree)


def failing_system_tests(build: building.Build, kernel: pathlib.Path, names: list[str]) -> list[str]:
    """Boots the suites that hold the cases where these run, with another kernel: all cases of these boots that fail."""
    failing = []
    for machine in suites.MACHINES:
        for suite in suites.all_suites() if machine.compiler == build.compiler else []:
            by_name = {suites.full_name(case, machine): case for case in suite.cases if suite.runs_on(machine)}
            if by_name.keys() & set(names):
                text, outcome = test_system.boot_on(machine, suite, build, kernel)
                judged = test_system.judge_cases(suite.cases, text, outcome)
                failing += [name for name, case in by_name.items() if not judged[case].passed]
    return failing


def survivors(build: building.Build, recipe: Recipe, bug: mutations.Bug,
              wider: Callable[[pathlib.Path], str] = whole_suite) -> str | None:
    """None if every test that is named for the bug fails; else what is wrong, and what `wider` says."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    if bug.host_tests():
        with tempfile.TemporaryDirectory(prefix="bug-", dir=SCRATCH) as name:
            scratch = pathlib.Path(name)
            said = make_host_tests(build, recipe, bug, scratch)
            if said:
                return f"does not build: {said}"
            passing = [test for test in bug.host_tests() if not host_test_fails(scratch / "tests", test)]
            if passing:
                return f"not noticed by {passing}; of all host tests: {wider(scratch / 'tests')}"
    if bug.system_tests() or bug.kernel_checks():
        with kernel_lock:
            return kernel_survivors(build, bug)
    return None


def failing_kernel_checks(elf: pathlib.Path, names: list[str]) -> list[str]:
    by_name = test_kernel.named("gcc", "debug")
    return [name for name in names if by_name[name](kernel_elf.Kernel(elf))]


def kernel_survivors(build: building.Build, bug: mutations.Bug) -> str | None:
    tree = SCRATCH / "tree"
    copy_tree(tree)
    try:
        (tree / bug.file).write_text(bug.planted())
        said = build_kernel(tree)
        if said:
            return f"does not build: {said}"
        kernel = tree / "build" / "microkernel" / "umbra.elf"
        failing = failing_kernel_checks(kernel, bug.kernel_checks()) + failing_system_tests(build, kernel, bug.system_tests())
        passing = [name for name in bug.kernel_checks() + bug.system_tests() if name not in failing]
        return f"not noticed by {passing}; noticed by {failing}" if passing else None
    finally:
        shutil.copyfile(building.REPOSITORY / bug.file, tree / bug.file)


def unsound(build: building.Build, bugs: list[mutations.Bug]) -> list[str]:
    """Named tests that fail although no bug is planted: they would notice everything."""
    hosts, systems, checks = (list(dict.fromkeys(name for bug in bugs for name in names_of(bug))) for names_of
                              in (mutations.Bug.host_tests, mutations.Bug.system_tests, mutations.Bug.kernel_checks))
    failing = [mutations.HOST + name for name in hosts if host_test_fails(build.host_tests, name)]
    failing += [name for name in failing_system_tests(build, build.kernel_elf, systems) if name in systems]
    return failing + (failing_kernel_checks(build.kernel_elf, checks) if checks else [])


def prepare(build: building.Build, bugs: list[mutations.Bug]) -> Recipe:
    packages.ensure(packages.BUILD + packages.HOST_TESTS)
    with_kernel = any(bug.system_tests() or bug.kernel_checks() for bug in bugs)
    if with_kernel:
        packages.ensure(packages.IMAGE + packages.QEMU + packages.BOCHS)
    with building.locked(build):
        targets = ["tests/umbra-tests"] + (["all", "system-tests"] if with_kernel else [])
        building.compile_targets(build, targets, again=True)
    return Recipe.of(build)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """One tools/mutate at a time: the copy of the tree is one."""
    SCRATCH.parent.mkdir(exist_ok=True)
    with open(SCRATCH.with_suffix(".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def plant(bugs: list[mutations.Bug], at_once: int) -> list[str]:
    """Plants them all; answers what is wrong, a line for each bug that is not noticed as its entry says."""
    build = building.Build()
    recipe = prepare(build, bugs)
    problems = [f"fails without any bug: {name}" for name in unsound(build, bugs)]
    if problems:
        return problems

    def one(bug: mutations.Bug) -> str | None:
        start = time.monotonic()
        try:
            problem = survivors(build, recipe, bug)
        except mutations.MutationError as error:  # the sources have moved on: the other bugs are still planted
            problem = str(error).removeprefix(f"{bug.name}: ")
        print(f"{'FAIL' if problem else 'ok  '} {bug.name} ({time.monotonic() - start:.0f} s)", flush=True)
        return f"{bug.name}: {problem}" if problem else None

    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        return [problem for problem in pool.map(one, bugs) if problem]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="tools/mutate", description="Plants each bug of the zoo, or those whose name has a part NAME, in a copy, and "
        "sees whether the tests that are named for it fail. docs/bug-zoo.md has them all.",
        epilog="status: 0 every bug was noticed, 1 one was not, 2 wrong usage")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--list", action="store_true", help="only say which bugs there are")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N", help="plant so many bugs at once")
    parser.add_argument("--write", action="store_true", help="write docs/bug-zoo.md, if all bugs were planted and noticed")
    options = parser.parse_args(arguments)
    try:
        topics = mutations.all_bugs()
        bugs = [bug for group in topics.values() for bug in group
                if not options.names or any(name in bug.name for name in options.names)]
        if options.list:
            print("\n".join(bug.name for bug in bugs))
            return 0
        if not bugs or (options.write and options.names):
            print(f"tools/mutate: {'--write takes no names' if bugs else 'no bug is named so'}", file=sys.stderr)
            return 2
        with alone():
            problems = plant(bugs, options.jobs)
    except (mutations.MutationError, building.BuildError, packages.PackageError) as error:
        print(f"tools/mutate: {error}", file=sys.stderr)
        return 1
    print("\n".join([*problems, f"{len(bugs) - len(problems)} noticed, {len(problems)} not"]))
    if options.write and not problems:
        mutations.PAGE.write_text(mutations.page(topics))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
