# SPDX-License-Identifier: BSD-2-Clause
"""Checks of the sources themselves: format, include rules, headers alone, sizes, licence lines, foreign paths."""
import concurrent.futures
import os
import re
import subprocess
import tempfile
from typing import Callable

import build as building
import cases
import doc_blocks
import documents
import layering
import metrics
import packages
import sources

GROUP = "check: "
LICENCE = "SPDX-License-Identifier: BSD-2-Clause"
LICENSED = (".cpp", ".hpp", ".S", ".inc", ".ld", ".py", ".sh", ".ini", ".toml")
COMPILER = ["g++", "-std=c++23", "-Wall", "-Wextra", "-Werror", "-Wno-invalid-offsetof", "-fsyntax-only", "-x", "c++",
            '-DUMBRA_VERSION="0"']
FREESTANDING = ["-ffreestanding", "-fno-exceptions", "-fno-rtti"]
# A path of somebody's machine; written so that this file does not hold one itself.
FOREIGN_PATH = re.compile("/(?:" + "|".join(("home", "Users", "work", "workspace")) + r")/[a-z]\w*/")
COMPLAINT = re.compile(r'\b(?:require\([^;"]*,\s*|panic\()"([^"]+)"')


def format_problems() -> list[str]:
    files = [str(path) for path in sources.code()]
    command = ["clang-format-19", "--dry-run", "-Werror", "--ferror-limit=1", *files]
    done = subprocess.run(command, cwd=building.REPOSITORY, capture_output=True, text=True, check=False)
    wrong = sorted({line.split(":")[0] for line in done.stderr.splitlines() if "-Wclang-format-violations" in line})
    return [f"{os.path.relpath(name, building.REPOSITORY)}: clang-format-19 -i would change it" for name in wrong] or (
        [done.stderr] if done.returncode else [])


def flags_of(name: str) -> list[str]:
    """Compiler flags for a header, by the part of the tree that it lies in."""
    if name.startswith("microkernel/"):
        return [*FREESTANDING, "-Imicrokernel", "-Imicrokernel/include", "-mgeneral-regs-only",
                "-DUMBRA_KERNEL_DEBUG=1"]
    if name.startswith("tests/spec/"):
        return ["-Itests"]
    if name.startswith("tests/lockstep/"):
        return ["-Itests/lockstep/shim", "-Itests/host/shim", "-Itests/host", "-Itests", "-Imicrokernel",
                "-Imicrokernel/include", "-DUMBRA_KERNEL_DEBUG=1"]
    return [*FREESTANDING, "-Ilibsys/include", "-Imicrokernel/include", "-I.", "-Itools/templates"]


def header_problem(name: str) -> str | None:
    """Includes the header twice, and nothing else."""
    with tempfile.NamedTemporaryFile("w", suffix=".cpp") as source:
        path = building.REPOSITORY / name
        source.write(f'#include "{path}"\n#include "{path}"\n')
        source.flush()
        done = subprocess.run([*COMPILER, *flags_of(name), source.name], cwd=building.REPOSITORY,
                              capture_output=True, text=True, check=False)
    return f"{name}: {done.stderr[:1500]}" if done.returncode else None


def header_problems() -> list[str]:
    names = [sources.relative(path) for path in sources.code() if path.suffix == ".hpp"]
    on_target = [name for name in names if not name.startswith("tests/host")]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [problem for problem in pool.map(header_problem, on_target) if problem]


def licence_problems() -> list[str]:
    """The licence is on the first line, or the second where the first has to be something else."""
    commands = [path for path in sources.tracked() if path.parent.name in ("tools", ".ci")
                and path.read_bytes().startswith(b"#!")]
    files = [path for path in sources.tracked() if path.suffix in LICENSED or path.name in ("meson.build",)]
    return [f"{sources.relative(path)}: no '{LICENCE}' in its first line" for path in sorted({*files, *commands})
            if not any(LICENCE in line for line in path.read_text().splitlines()[:2])]


def path_problems() -> list[str]:
    own = str(building.REPOSITORY)
    found = []
    for path in sources.tracked():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if FOREIGN_PATH.search(line) or (own.count("/") > 1 and own in line):
                found.append(f"{sources.relative(path)}:{number}: names a path of somebody's machine: {line.strip()}")
    return found


def pragma_problems() -> list[str]:
    """Headers are guarded by #pragma once; C++ on target knows no other #if than those of config.hpp."""
    found = []
    for path in sources.code():
        name, text = sources.relative(path), path.read_text()
        if path.suffix == ".hpp" and "#pragma once" not in text and "/pch/" not in name:
            found.append(f"{name}: no #pragma once")
        if not name.startswith("tests/host") and path.name != "config.hpp" and re.search(r"^\s*#\s*if", text, re.M):
            found.append(f"{name}: has an #if; variants are chosen in meson.build and config.hpp")
    return found


def complaint_problems() -> list[str]:
    """What stops the kernel while it starts is known by its sentence: no two causes share one."""
    places: dict[str, list[str]] = {}
    for path in sources.code():
        name = sources.relative(path)
        if name.startswith("microkernel/"):
            for sentence in COMPLAINT.findall(path.read_text()):
                places.setdefault(sentence, []).append(name)
    return [f"{' and '.join(names)}: two causes say '{sentence}'" for sentence, names in places.items()
            if len(names) > 1] or ([] if len(places) > 50 else ["the pattern finds no complaints any more"])


def foreign_problems() -> list[str]:
    """What stands for other people's programs includes their headers only: two of the compiler's, and its own."""
    folder = building.REPOSITORY / "tests" / "system" / "foreign"
    allowed = re.compile(r"#include <(?:stddef\.h|stdint\.h|tests/system/foreign/\w+\.hpp)>$")
    return [f"{sources.relative(path)}:{number}: includes what is not its own: {line}"
            for path in sorted(folder.iterdir()) for number, line in enumerate(path.read_text().splitlines(), 1)
            if line.lstrip().startswith("#include") and not allowed.match(line)]


# What only libsys does: system calls by register, messages word by word, the IPC buffer.
RAW_USE = re.compile(r"raw::(?!(?:read_time_stamp|ThreadBlock|memory)\b)\w+|\basm\b|\bMessageInfo\b|\babi::Syscall\b|\bipc_buffer\s*\(|\.mr[0-3]\b")


def raw_uses(text: str) -> list[str]:
    return RAW_USE.findall(re.sub(r"//.*", "", text))


SERVERS = ("servers/", "pager/", "init/", "tools/templates/servers/")
BELOW_LIBSYS = {  # and what they do there
    "servers/crasher/faults.cpp": "is bad on purpose",
    "init/fault_report.cpp": "reads the kernel's fault messages",
    "init/pager_guardian.cpp": "answers the kernel's fault messages",
    "init/pager_steps.cpp": "counts system calls by the registers of who makes them",
    "init/process_objects.cpp": "gives a copied thread the answer to its call",
}


def server_problems() -> list[str]:
    """Servers, and the samples that new ones start from, are written with libsys' types and nothing below them."""
    files = [path for path in sources.code() if sources.relative(path).startswith(SERVERS)
             and sources.relative(path) not in BELOW_LIBSYS]
    needless = [f"{name}: has no raw use that it would need an exception for" for name in BELOW_LIBSYS
                if not raw_uses((building.REPOSITORY / name).read_text())]
    found = [f"{sources.relative(path)}: uses {use}; libsys has a type for it" for path in files
             for use in raw_uses(path.read_text())]
    return needless + found or ([] if files else ["there are no servers any more"])


def layering_problems() -> list[str]:
    return layering.rule_problems(layering.Graph(building.REPOSITORY))


def cycle_problems() -> list[str]:
    return layering.cycles(layering.Graph(building.REPOSITORY))


def metrics_problems() -> list[str]:
    return metrics.problems(metrics.measure(), metrics.ratchet())


CHECKS: dict[str, tuple[Callable[[], list[str]], list[str]]] = {
    "sources are formatted": (format_problems, packages.CHECKS),
    "headers compile alone": (header_problems, ["g++"]),
    "includes point downwards": (layering_problems, []),
    "no header includes itself through others": (cycle_problems, []),
    "files and functions are small": (metrics_problems, []),
    "files name their licence": (licence_problems, []),
    "no file names somebody's machine": (path_problems, []),
    "variants are chosen in config.hpp": (pragma_problems, []),
    "complaints about boot data are each one of a kind": (complaint_problems, []),
    "servers make no raw system call and pack no message by hand": (server_problems, []),
    "the foreign root task is foreign": (foreign_problems, []),
    "code in documents is run, compiled or marked": (doc_blocks.problems, ["g++"]),
    "links in documents lead somewhere": (documents.link_problems, []),
    "code in documents is that of the sources": (documents.code_problems, []),
}


def job_of(name: str) -> cases.Job:
    check, needed = CHECKS[name]

    def run(report: cases.Report) -> None:
        problems = check()
        report.add(GROUP + name, not problems, "\n".join(problems))

    return cases.Job([GROUP + name], run, [], needed)


def jobs(compilers: list[str]) -> list[cases.Job]:
    del compilers
    return [job_of(name) for name in CHECKS]
