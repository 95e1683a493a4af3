# SPDX-License-Identifier: BSD-2-Clause
"""tools/bench: instructions per operation under QEMU's deterministic clock, and the events that they hide."""
import argparse
import dataclasses
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import archive
import build as building
import image
import packages
import plot
import qemu
import sources
import verdict

TIMEOUT_SECONDS = 300.0
BENCH_LINE = re.compile(r"^BENCH (\S+) (\d+)$", re.MULTILINE)
VALUE_LINE = re.compile(r"^VALUE (\S+) (\d+)$", re.MULTILINE)
COUNT_LINE = re.compile(r"^COUNT (\S+) (\d+) (\d+) (\d+) (\d+)$", re.MULTILINE)
FAILED_LINE = re.compile(r"^BENCH FAILED (.*)$", re.MULTILINE)
DOWN, UP, RESTART = "server.down", "server.up", "server.restart"  # clock readings, and what lies between
# The service that tools/bench adds to a boot to see it die and come back.
RESTART_UNIT = """[Unit]
Description=Faults once
[Service]
Type=notify
ExecStart=/sbin/bench-restart
Restart=always
RestartSec=0
[Install]
WantedBy=multi-user.target
"""
ENTRY, BOOT = "boot.entry", "boot.pid1"  # the first is the clock at the kernel's entry, from which the second counts
COUNTS = ("entries", "cr3_loads", "invalidations", "fpu_saves")
KERNEL_CODE = (".cpp", ".hpp", ".S", ".ld")


@dataclasses.dataclass(frozen=True)
class Peer:
    """seL4's figure for the same operation in the same emulator, what ours must stay below, and what it aims at."""
    sel4: int | None
    limit: int
    aim: int | None = None


# What must be measured; None: there is no limit to it.
PEERS: dict[str, Peer | None] = {
    "ipc.call.0": Peer(188, 188, 130),
    "ipc.reply_recv.0": Peer(215, 215, 150),
    "ipc.call.10": Peer(828, 400, 250),
    "ipc.reply_recv.10": Peer(795, 400, 270),
    "send.slow": Peer(730, 500, 300),
    "fault.to_handler": Peer(627, 400, 200),
    "fault.reply": Peer(727, 400, 200),
    "signal.wake": Peer(533, 400, 250),
    "signal.idle": Peer(373, 250, 120),
    "irq.user": Peer(358, 358, 250),
    "yield": Peer(266, 266, 180),
    "retype.4k": Peer(988, 700, 400),
    "map.1": Peer(775, 400, 250),
    "map.512": Peer(759, 100, 50),
    "protect.512": Peer(None, 100, 50),
    "unmap.512": Peer(None, 100, 50),
    "page_fault.warm": Peer(2028, 1000, 600),
    "protocol.call": Peer(None, 1000, 500),
    "server.restart": Peer(None, 30_000_000),
    "ring.throughput": None,
    "server.smallest": Peer(None, 24 * 1024),
    "boot.pid1": Peer(219_000_000, 30_000_000),
    "kernel.lines": Peer(12_400, 9_000),
    "kernel.text_bytes": Peer(None, 96 * 1024),
}


class BenchError(Exception):
    """A figure could not be taken."""


def instructions(log: str) -> dict[str, int]:
    """The figures of a log; the way to PID 1 counts from the kernel's entry."""
    found = {name: int(value) for name, value in BENCH_LINE.findall(log)}
    entry = found.pop(ENTRY, None)
    if BOOT in found and entry is None:
        raise BenchError("the log has no clock reading at the kernel's entry")
    if BOOT in found:
        found[BOOT] -= entry
    down, up = found.pop(DOWN, None), found.pop(UP, None)
    if down is not None and up is not None:
        found[RESTART] = up - down
    return found


def plain_values(log: str) -> dict[str, int]:
    """Figures that are no instructions."""
    return {name: int(value) for name, value in VALUE_LINE.findall(log)}


def counts(log: str) -> dict[str, dict[str, int]]:
    return {name: dict(zip(COUNTS, map(int, values))) for name, *values in COUNT_LINE.findall(log)}


def combine(figures: dict[str, int], events: dict[str, dict[str, int]], values: dict[str, int]) -> list[dict]:
    """The objects of the JSON file: measured operations first, then plain values. What was not counted is null."""
    nothing = dict.fromkeys(COUNTS)
    unmeasured = sorted(set(events) - set(figures))
    if unmeasured:
        raise BenchError(f"counted but not measured: {', '.join(unmeasured)}")
    measured = [{"name": name, "instructions": value, **(events.get(name) or nothing)}
                for name, value in figures.items()]
    return measured + [{"name": name, "value": value} for name, value in values.items()]


def without_comments(text: str) -> str:
    """Source text without // and /* */ comments; strings stay whole."""
    pattern = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
    return pattern.sub(lambda match: match.group(0) if match.group(0).startswith('"') else
                       "\n" * match.group(0).count("\n"), text)


def kernel_lines(root: pathlib.Path = building.REPOSITORY) -> int:
    """Lines of microkernel/ that are neither blank nor only comment, without the debug kernel's own checks."""
    return sum(bool(line.strip()) for path in sources.tracked(root)
               if sources.relative(path, root).startswith("microkernel/") and path.suffix in KERNEL_CODE
               and not sources.relative(path, root).startswith("microkernel/check/")
               for line in without_comments(path.read_text()).splitlines())


def text_bytes(kernel: pathlib.Path) -> int:
    """Bytes of the executable sections of the kernel, without what fills their last pages."""
    listing = subprocess.run(["readelf", "-SW", str(kernel)], capture_output=True, text=True, check=True).stdout
    sections = re.findall(r"\sPROGBITS\s+(\w+)\s+\w+\s+(\w+)\s+\w+\s+AX", listing)
    symbols = subprocess.run(["nm", str(kernel)], capture_output=True, text=True, check=True).stdout
    code_ends = [int(address, 16) for address in re.findall(r"^(\w+) \w (?:entry_)?code_end$", symbols, re.MULTILINE)]
    total = 0
    for address, size in sections:
        start, end = int(address, 16), int(address, 16) + int(size, 16)
        total += min([code_end for code_end in code_ends if start < code_end <= end], default=end) - start
    return total


def restart_archive(build: building.Build, scratch: pathlib.Path) -> pathlib.Path:
    """The boot archive with the service that faults once, and nothing besides that would have to be waited for."""
    root = archive.Archive.from_bytes(build.archive.read_bytes())
    root.add_file("sbin/bench-restart", archive.stripped(build.folder / "tests/bench/bench-restart.elf"), executable=True)
    root.add_file(f"{archive.UNITS}/bench-restart.service", RESTART_UNIT.encode())
    out = scratch / "restart.cpio"
    out.write_bytes(root.to_bytes())
    return out


def boot(build: building.Build, root: bool, restart: bool = False) -> str:
    """Boots the benchmark root task, or the whole system until PID 1 is ready; answers the log. `restart`: with the service
    that faults once."""
    bench_elf = build.folder / "tests" / "bench" / "bench.elf"
    options = argparse.Namespace(append=["bench"], root=bench_elf if root else None, module=[], archive=None,
                                 kernel_image=None)
    with tempfile.TemporaryDirectory(prefix="umbra-") as name:
        scratch = pathlib.Path(name)
        with building.locked(build):
            if restart:
                options.archive = restart_archive(build, scratch)
            image.make(image.choose(build, options, scratch), scratch / "umbra.iso")
        run = qemu.Run(qemu.Machine(scratch / "umbra.iso", icount=True), scratch, interactive=False)

        def enough(text: str) -> bool:
            whole = text[:text.rfind("\n") + 1]
            wanted = "BENCH FAILED" if root else verdict.READY_LINE
            return wanted in whole or verdict.failure_line(whole) is not None

        ending = run.go(TIMEOUT_SECONDS, enough, quiet=True)
    outcome = verdict.judge(run.text, ending, until_ready=not root, root_task=root)
    failed = FAILED_LINE.search(run.text)
    if failed or outcome.status != verdict.PASSED:
        why = failed.group(1) if failed else outcome.reason
        raise BenchError(f"{run.text[-2000:]}\nthe {build.kernel} kernel: {why}")
    return run.text


def build_variant(compiler: str, kernel: str) -> building.Build:
    build = building.Build(compiler, kernel)
    with building.locked(build):
        building.compile_targets(build)
    return build


def measure(compiler: str) -> list[dict]:
    release = build_variant(compiler, "release")
    counting = build_variant(compiler, "counting")
    log = boot(release, root=True)
    figures = instructions(log + "\n" + boot(release, root=False))
    figures |= {RESTART: instructions(boot(release, root=False, restart=True))[RESTART]}
    events = counts(boot(counting, root=True) + "\n" + boot(counting, root=False))
    values = {**plain_values(log), "server.smallest": len(archive.stripped(release.folder / "tests/bench/bench-smallest.elf")),
              "kernel.lines": kernel_lines(), "kernel.text_bytes": text_bytes(release.kernel_elf)}
    return combine(figures, events, values)


def table(rows: list[dict]) -> str:
    """The figures beside the peer's; `!` marks what is not below its limit."""
    head = ["operation", "instructions", *(name.replace("_", " ") for name in COUNTS), "seL4", "below", "aim"]
    lines = [head]
    for row in rows:
        value = row.get("instructions", row.get("value"))
        peer = PEERS.get(row["name"])
        mark = " !" if peer and value >= peer.limit else ""
        shown = [row["name"], f"{value}{mark}", *(row.get(name) for name in COUNTS)]
        shown += [peer.sel4, peer.limit, peer.aim] if peer else [None] * 3
        lines.append(["" if item is None else str(item) for item in shown])
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join("  ".join([line[0].ljust(widths[0]), *(item.rjust(width) for item, width in
                                                            zip(line[1:], widths[1:]))]).rstrip() for line in lines)


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tools/bench", epilog="status: 0 measured, 1 failed, 2 wrong usage",
        description="Measures instructions of the release kernel, and kernel entries, CR3 loads, TLB invalidations and "
                    "FPU saves of the counting kernel, under QEMU's deterministic clock: two runs agree exactly.")
    parser.add_argument("--compiler", choices=building.COMPILERS, default="gcc", help="default: gcc")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write the figures to FILE as well")
    parser.add_argument("--plot", type=pathlib.Path, metavar="FILE.svg",
                        help="instead: draw what address spaces and pages cost as their numbers grow")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    try:
        packages.ensure(packages.BUILD + packages.IMAGE + packages.QEMU)
        if options.plot:
            print(plot.draw(build_variant(options.compiler, "release"), options.plot))
            return 0
        rows = measure(options.compiler)
    except (BenchError, plot.PlotError, building.BuildError, image.ImageError, packages.PackageError, qemu.QemuError) as error:
        print(f"tools/bench: {error}")
        return 1
    print(table(rows))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")
    missing = sorted(set(PEERS) - {row["name"] for row in rows})
    if missing:  # the others are worth seeing, but this is no success
        print(f"tools/bench: not measured: {', '.join(missing)}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
