# SPDX-License-Identifier: BSD-2-Clause
"""tools/fuzz: long runs of the lockstep test (tests/lockstep), several at a time, their counts added up."""
import argparse
import pathlib
import re
import secrets
import subprocess
import sys
import threading

import build as building
import packages

FAST, SANITIZED = "tests/lockstep/lockstep", "tests/lockstep/lockstep-sanitized"
TARGET = building.Build()
SUMMARY = "successes by method and system call:"
COUNT_LINE = re.compile(r"^  (.+?)  +(\d+)$")
NUMBER = re.compile(r"\d+")


def binary(target: str) -> pathlib.Path:
    return TARGET.folder / target


def build(targets: list[str]) -> None:
    packages.ensure(packages.BUILD)
    with building.locked(TARGET):
        building.compile_targets(TARGET, targets, again=True)


class Totals:
    """Adds up what several runs have printed at their end: headings, lines that count, sentences with numbers."""

    def __init__(self) -> None:
        self._lines: dict[str, list[int]] = {}

    def add(self, summary: list[str]) -> None:
        heading = ""
        for line in summary:
            counted = COUNT_LINE.match(line)
            if counted:
                key, numbers = f"{heading}\n  {counted.group(1)}", [int(counted.group(2))]
            else:
                key, numbers = NUMBER.sub("{}", line), [int(number) for number in NUMBER.findall(line)]
                heading = line if line.endswith(":") else heading
            known = self._lines.setdefault(key, [0] * len(numbers))
            self._lines[key] = [old + new for old, new in zip(known, numbers)]

    def lines(self) -> list[str]:
        """Headings come with what they head, in the order in which they were first seen."""
        heads = [key for key, numbers in self._lines.items() if not numbers]
        text = []
        for head in heads:
            text.append(head)
            counts = [(key.split("\n  ", 1)[1], numbers[0]) for key, numbers in self._lines.items()
                      if key.startswith(head + "\n")]
            text += [f"  {name:<32} {count:12}" for name, count in counts]
        for key, numbers in self._lines.items():
            if numbers and "\n" not in key:
                text.append(key.format(*numbers))
        return text


def play(target: str, ops: int, seed: int, options: argparse.Namespace, label: str) -> tuple[int, list[str], list[str]]:
    """One run: its status, what it found, what it counted. What it says meanwhile is passed on."""
    command = [str(binary(target)), str(ops), str(seed), str(options.minutes), str(options.compare_each)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                               text=True, errors="replace")

    def pass_on() -> None:
        for line in process.stderr:
            print(label + line, end="", file=sys.stderr, flush=True)

    reader = threading.Thread(target=pass_on)
    reader.start()
    output = process.stdout.read().splitlines()
    reader.join()
    end = output.index(SUMMARY) if SUMMARY in output else len(output)
    return process.wait(), output[:end], output[end:]


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tools/fuzz", description="Random operations to the kernel's core and to the specification, side by side.",
        epilog="status: 0 they agree, 1 they part (a shrunk sequence is printed), 2 wrong usage")
    parser.add_argument("--ops", type=int, default=1_000_000, metavar="N", help="successful operations (1,000,000)")
    parser.add_argument("--seed", type=lambda text: int(text, 0), default=secrets.randbits(32), metavar="S",
                        help="the same seed, the same run; default: any")
    parser.add_argument("--jobs", type=int, default=1, metavar="J", help="runs at a time, with seeds S, S+1, ...")
    parser.add_argument("--minutes", type=int, default=60 * 24 * 365, metavar="M", help="no longer than this")
    parser.add_argument("--compare-each", type=int, default=1, metavar="K",
                        help="compare everything after every K-th operation only (1)")
    parser.add_argument("--sanitize", action="store_true", help="under ASan and UBSan, much slower")
    options = parser.parse_args(arguments)
    if min(options.ops, options.jobs, options.minutes, options.compare_each) < 1 or options.seed < 0:
        parser.error("counts begin at 1")
    return options


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    target = SANITIZED if options.sanitize else FAST
    try:
        build([target])
    except (building.BuildError, packages.PackageError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"seed {options.seed:#x}", flush=True)
    results: list[tuple[int, list[str], list[str]]] = [(1, [], [])] * options.jobs

    def run(index: int) -> None:
        label = f"{index}: " if options.jobs > 1 else ""
        share = -(-options.ops // options.jobs)
        results[index] = play(target, share, options.seed + index, options, label)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(options.jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    totals = Totals()
    for status, found, summary in results:
        totals.add(summary)
        if status != 0:
            print("\n".join(found))
    print("\n".join(totals.lines()))
    return 1 if any(status != 0 for status, *_ in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
