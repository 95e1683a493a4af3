# SPDX-License-Identifier: BSD-2-Clause
"""tools/run: builds, boots in QEMU, and tells by its status how it went."""
import argparse
import pathlib
import re
import shutil
import sys
import tempfile
import threading

import build as building
import gdb_session
import image
import packages
import qemu
import verdict

READY_TIMEOUT_SECONDS = 300.0
DESCRIPTION = """Builds what is needed and boots it in QEMU with the serial console in this terminal.
Ctrl-A X leaves, and so does `poweroff` on the console."""
EPILOG = """status: 0 ready or powered off (with --root: debug exit 0x10); 1 the system failed, the reason is on the last
line; 2 wrong usage; 124 time over"""


def memory_size(text: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]*[MG]", text):
        raise argparse.ArgumentTypeError(f"not a size like 64M or 4G: {text}")
    return text


def seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"not a number of seconds: {text}")
    return value


def add_machine_options(parser: argparse.ArgumentParser, cpu: str) -> None:
    """Options that every emulator has."""
    parser.add_argument("--until-ready", action="store_true", help="end as soon as the system says that it is ready")
    parser.add_argument("--memory", type=memory_size, default="256M", metavar="SIZE", help="64M, 4G, ...; default 256M")
    parser.add_argument("--cpu", default=cpu, metavar="MODEL", help=f"CPU model, default: {cpu}")
    parser.add_argument("--log", type=pathlib.Path, metavar="FILE", help="write the serial log to FILE as well")
    parser.add_argument("--timeout", type=seconds, metavar="SECONDS",
                        help=f"give up after that time; default: {READY_TIMEOUT_SECONDS:.0f} with --until-ready")


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/run", description=DESCRIPTION, epilog=EPILOG)
    add_machine_options(parser, "max")
    image.add_options(parser)
    parser.add_argument("--uefi", action="store_true", help="boot through UEFI firmware instead of the BIOS")
    parser.add_argument("--gdb", nargs="?", type=int, const=gdb_session.OWN, metavar="PORT",
                        help="start GDB too, which knows the objects of the system (`help umbra`; the serial log: "
                             "`umbra log`); with PORT: wait there for a debugger before the first instruction")
    parser.add_argument("--icount", action="store_true", help="deterministic clock: one instruction, one tick")
    parser.add_argument("--debug-console", type=pathlib.Path, metavar="FILE",
                        help="write what the kernel says on port 0xE9 into FILE: the same as on COM1, from the kernel only")
    parser.add_argument("--dump", type=pathlib.Path, metavar="FILE",
                        help="when the run ends, also by a panic, write registers and memory into FILE, for tools/faults")
    options = parser.parse_args(arguments)
    if options.dump and options.gdb is not None:
        parser.error("--dump goes without --gdb")
    return options


def console_listens(text: str) -> bool:
    """Whether somebody on target reads the console by now. A line counts once it is whole."""
    text = text[:text.rfind("\n") + 1]
    return verdict.READY_LINE in text or verdict.failure_line(text) is not None


def boot(machine: qemu.Machine, scratch: pathlib.Path, options: argparse.Namespace) -> verdict.Verdict:
    """Boots with the console in the terminal, or with standard input typed if that is none."""
    interactive = sys.stdin is not None and sys.stdin.isatty()
    run = qemu.Run(machine, scratch, interactive)
    may_type = threading.Event()
    if not interactive and sys.stdin is not None:
        qemu.forward_standard_input(run, may_type)

    def on_text(text: str) -> bool:
        foreign = options.root or options.kernel_image  # does not say when it listens
        if console_listens(text) or (foreign and verdict.boots(text) > 0):
            may_type.set()
        return options.until_ready and console_listens(text)

    timeout = options.timeout or (READY_TIMEOUT_SECONDS if options.until_ready else None)
    try:
        ending = run.go(timeout, on_text)
    finally:
        if options.log and run.log_file.exists():
            shutil.copyfile(run.log_file, options.log)
    if not run.raw.endswith(b"\n"):
        print()
    return verdict.judge(run.text, ending, options.until_ready, options.root is not None)


def execute(options: argparse.Namespace) -> verdict.Verdict:
    packages.ensure(packages.QEMU + (packages.GDB if options.gdb == gdb_session.OWN else []))
    with tempfile.TemporaryDirectory(prefix="umbra-") as name:
        scratch = pathlib.Path(name)
        iso = image.build_and_make(building.Build(options.compiler, options.kernel), options, scratch)
        if options.gdb == gdb_session.OWN:
            machine = qemu.Machine(iso, options.memory, options.cpu, options.uefi, options.icount)
            programs = image.programs(building.Build(options.compiler, options.kernel), options)
            return gdb_session.run(machine, scratch, programs, options.log, options.timeout)
        if options.gdb is not None:
            print(f"waiting for: gdb -ex 'target remote :{options.gdb}'", file=sys.stderr, flush=True)
        machine = qemu.Machine(iso, options.memory, options.cpu, options.uefi, options.icount, options.gdb,
                               dump=options.dump, debug_console=options.debug_console)
        return boot(machine, scratch, options)


def finish(program: str, outcome: verdict.Verdict) -> int:
    """Says how it went, on the last line."""
    print(f"{program}: {outcome.reason}", flush=True)
    return outcome.status


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    try:
        return finish("tools/run", execute(options))
    except (building.BuildError, image.ImageError, packages.PackageError, qemu.QemuError) as error:
        return finish("tools/run", verdict.Verdict(verdict.FAILED, str(error)))
    except KeyboardInterrupt:
        return finish("tools/run", verdict.Verdict(verdict.FAILED, "interrupted"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
