# SPDX-License-Identifier: BSD-2-Clause
"""libsys costs nothing: at -O2 its calls have no more instructions than the same written with registers by hand.

tests/codegen/wrappers.cpp holds pairs of functions, wrapped_x and raw_x; each pair is a case, for each compiler. And the pager's
code can be searched for its system calls (init/pager_steps.cpp)."""
import pathlib
import re
import subprocess
import tempfile

import build as building
import cases
import packages

GROUP = "codegen: "
SOURCE = building.REPOSITORY / "tests" / "codegen" / "wrappers.cpp"
PAGER = "pager/pager.elf"
PAIR = re.compile(r"^\w+ wrapped_(\w+)\(", re.MULTILINE)
FUNCTION = re.compile(r"^[0-9a-f]+ <(\w+)>:\n((?:.+\n)*)", re.MULTILINE)
FILLER = re.compile(r"(?:cs |data16 )*(?:nop|xchg +%ax,%ax)|$")
JUMP = re.compile(r"j\w+ +(?:0x)?([0-9a-f]+)")
COMPILERS = {"gcc": ["g++"], "clang": ["clang-19", "--driver-mode=g++"]}
FLAGS = ["-O2", "-std=c++23", "-ffreestanding", "-fno-exceptions", "-fno-rtti", "-fno-asynchronous-unwind-tables", "-fno-pic",
         "-fno-pie", "-fcf-protection=none", "-fno-stack-protector", "-ffunction-sections", "-Ilibsys/include", "-Imicrokernel/include"]


def pairs() -> list[str]:
    return PAIR.findall(SOURCE.read_text())


def instructions(listing: str) -> dict[str, list[tuple[int, str]]]:
    """Address and text of the instructions of each function in what objdump prints."""
    found = {}
    for name, body in FUNCTION.findall(listing):
        lines = [(int(line.split(":")[0], 16), line.split("\t")[-1].strip()) for line in body.splitlines()]
        found[name] = [(at, text) for at, text in lines if not FILLER.match(text)]
    return found


def longest_way(function: list[tuple[int, str]]) -> int:
    """Instructions on the longest way to a return; functions without loops only."""
    index = {at: place for place, (at, _) in enumerate(function)}
    longest = [0] * (len(function) + 1)
    for place in reversed(range(len(function))):
        text = function[place][1]
        jump = JUMP.match(text)
        ways = [] if text.startswith(("ret", "jmp")) else [longest[place + 1]]
        if jump:
            target = index.get(int(jump.group(1), 16))
            if target is None or target <= place:
                raise ValueError(f"a loop or a way out: {text}")
            ways.append(longest[target])
        longest[place] = 1 + max(ways, default=0)
    return longest[0]


def compiled(compiler: str) -> dict[str, list[str]]:
    with tempfile.NamedTemporaryFile(suffix=".o") as out:
        subprocess.run([*COMPILERS[compiler], *FLAGS, "-c", "-o", out.name, str(SOURCE)], cwd=building.REPOSITORY, check=True,
                       capture_output=True, text=True)
        done = subprocess.run(["objdump", "-d", "--no-show-raw-insn", out.name], check=True, capture_output=True, text=True)
    return instructions(done.stdout + "\n")


def problem(functions: dict[str, list[tuple[int, str]]], pair: str) -> str | None:
    wrapped, raw = functions.get(f"wrapped_{pair}"), functions.get(f"raw_{pair}")
    if not wrapped or not raw:
        return "the function is not in the object file"
    calls = [text for _, text in wrapped if text.startswith("call")]
    if calls:
        return f"it calls what should be inlined: {calls[0]}"
    ours, by_hand = longest_way(wrapped), longest_way(raw)
    if ours > by_hand:
        return "\n".join([f"{ours} instructions instead of {by_hand}:", *(text for _, text in wrapped)])
    return None


def job_of(compiler: str) -> cases.Job:
    suffix = "" if compiler == "gcc" else " (clang)"
    by_name = {f"{GROUP}{pair.replace('_', ' ')} costs what it costs by hand{suffix}": pair for pair in pairs()}
    job = cases.Job(list(by_name), lambda report: None, [],
                    packages.BUILD + (packages.CLANG if compiler == "clang" else []))

    def run(report: cases.Report) -> None:
        functions = compiled(compiler)
        for name in job.names:
            found = problem(functions, by_name[name])
            report.add(name, found is None, found or "")

    job.run = run
    return job


def lonely_bytes(program: pathlib.Path) -> str:
    """What is wrong if the two bytes of a SYSCALL are something else in the code."""
    with tempfile.NamedTemporaryFile(suffix=".bin") as out:
        subprocess.run(["objcopy", "-O", "binary", "--only-section=.text", str(program), out.name], check=True)
        places = pathlib.Path(out.name).read_bytes().count(b"\x0f\x05")
    listing = subprocess.run(["objdump", "-d", "--no-show-raw-insn", str(program)], check=True, capture_output=True, text=True)
    calls = len(re.findall(r"\tsyscall *$", listing.stdout, re.MULTILINE))
    return "" if calls == places and calls else f"{places} times 0f 05, but {calls} system calls: move the code a little"


def pager_job(compiler: str) -> cases.Job:
    name = GROUP + "the bytes of a system call are nothing else in the pager's code" + ("" if compiler == "gcc" else " (clang)")
    build = building.Build(compiler, "debug")

    def run(report: cases.Report) -> None:
        found = lonely_bytes(build.folder / PAGER)
        report.add(name, not found, found)

    return cases.Job([name], run, [cases.Target(compiler, "debug", (PAGER,), alone=True)],
                     packages.CLANG if compiler == "clang" else [])


def jobs(compilers: list[str]) -> list[cases.Job]:
    return [job(compiler) for compiler in compilers for job in (job_of, pager_job)]
