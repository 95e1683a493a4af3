# SPDX-License-Identifier: BSD-2-Clause
"""tools/bochs: boots the same ISO in Bochs, unattended, with a generated configuration."""
import argparse
import io
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
from typing import BinaryIO

import bochs_faults
import build as building
import image
import kernel_layout
import packages
import run
import verdict

POLL_SECONDS = 0.05
DEFAULT_TIMEOUT_SECONDS = 180.0
MAXIMUM_MEGABYTES = 2048  # more needs a backing file, which this command does not set up
BIOS = ["/usr/share/bochs/BIOS-bochs-latest"]
VGA_BIOS = ["/usr/share/bochs/VGABIOS-lgpl-latest", "/usr/share/bochs/VGABIOS-lgpl-latest.bin",
            "/usr/share/vgabios/vgabios.bin"]
NO_DISPLAY = 'rfb, options="timeout=0"'  # waits for no viewer
# Bochs' own log: what the CPU says, what of that is about exceptions, and how the machine ended.
CPU_MESSAGE = re.compile(r"^\d+d\[CPU")
EXCEPTION = re.compile(r"\] (?:page fault for address|exception\(0x)")
RESET_SIGNS = ("exception with no resolution",)  # a triple fault, which is told not to reset
RESET_LINE = "bx_pc_system_c::Reset("  # once is the start
POWER_OFF_SIGNS = ("ACPI control: soft power off",)


class BochsError(Exception):
    """Bochs cannot be run as asked."""


def megabytes(size: str) -> int:
    value = int(size[:-1]) * (1024 if size.endswith("G") else 1)
    if not 4 <= value <= MAXIMUM_MEGABYTES:
        raise BochsError(f"Bochs takes 4M to {MAXIMUM_MEGABYTES}M, not {size}")
    return value


def first_existing(paths: list[str], package: str) -> str:
    for path in paths:
        if os.path.exists(path):
            return path
    raise BochsError(f"none of {', '.join(paths)}: install the package {package}")


def configuration(iso: pathlib.Path, scratch: pathlib.Path, cpu: str, memory: str, display: str = NO_DISPLAY,
                  cpu_messages: str = "ignore") -> str:
    """A bochsrc. A triple fault and a panic of Bochs end it; nothing asks the user. cpu_messages: `report` has its log tell
    what the CPU does."""
    return f"""megs: {megabytes(memory)}
cpu: model={cpu}, count=1, ips=100000000, reset_on_triple_fault=0
romimage: file={first_existing(BIOS, "bochsbios")}
vgaromimage: file={first_existing(VGA_BIOS, "vgabios")}
ata0-master: type=cdrom, path="{iso}", status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev="{scratch / 'serial.log'}"
display_library: {display}
magic_break: enabled=0
log: "{scratch / 'bochs.log'}"
panic: action=fatal
error: action=report
info: action=report
debug: action=ignore, cpu0={cpu_messages}
"""


def write_configuration(iso: pathlib.Path, scratch: pathlib.Path, options: argparse.Namespace) -> None:
    (scratch / "bochsrc").write_text(configuration(iso, scratch, options.cpu, options.memory, options.display,
                                                   "report" if options.exception_log else "ignore"))


def ending_of(log: str, status: int | None) -> verdict.Ending:
    """How Bochs ended, by its own log, in the terms of QEMU's."""
    if any(sign in log for sign in POWER_OFF_SIGNS):
        return verdict.Ending(shutdown="guest-shutdown", status=0)
    if any(sign in log for sign in RESET_SIGNS) or log.count(RESET_LINE) > 1:
        return verdict.Ending(shutdown="guest-reset", status=status)
    return verdict.Ending(status=status)


class Watch:
    """Copies the serial log to the screen as it grows, and knows when it may end."""

    def __init__(self, scratch: pathlib.Path, until_ready: bool, screen: BinaryIO) -> None:
        self.serial = scratch / "serial.log"
        self.log = scratch / "bochs.log"
        self.raw = b""
        self.exceptions: list[str] = []  # the lines of Bochs' log about exceptions, if it has them
        self._log_read = 0               # bytes
        self._log_text = ""
        self._until_ready = until_ready
        self._screen = screen

    def look(self) -> None:
        if not self.serial.exists():
            return
        raw = self.serial.read_bytes()
        self._screen.write(raw[len(self.raw):])
        self._screen.flush()
        self.raw = raw

    def said_enough(self) -> bool:
        text = verdict.plain(self.raw)
        return self._until_ready and run.console_listens(text)

    def suite_ended(self) -> bool:
        """Bochs has no debug exit: a root task's agreed last line, or a panic, ends the run."""
        text = verdict.plain(self.raw)
        return any(line.startswith(("TESTS DONE ", "KERNEL PANIC: ")) for line in text[:text.rfind("\n") + 1].splitlines())

    def bochs_log(self) -> str:
        """What it has said so far, the CPU's messages aside: they may be millions."""
        if not self.log.exists():
            return ""
        with open(self.log, "rb") as file:
            file.seek(self._log_read)
            new = file.read()
        new = new[:new.rfind(b"\n") + 1]
        self._log_read += len(new)
        for line in new.decode(errors="replace").splitlines(keepends=True):
            if not CPU_MESSAGE.match(line):
                self._log_text += line
            elif EXCEPTION.search(line):
                self.exceptions.append(line)
        return self._log_text

    def keep_logs(self, options: argparse.Namespace) -> None:
        """Where they were asked for."""
        if options.log:
            options.log.write_bytes(self.raw)
        if options.exception_log:
            self.bochs_log()
            options.exception_log.write_text("".join(self.exceptions))


def suite_verdict(text: str) -> verdict.Verdict:
    """What a root task says by its last line where there is no debug exit."""
    failure = verdict.failure_line(text)
    if failure:
        return verdict.Verdict(verdict.FAILED, failure)
    line = next(line for line in text.splitlines() if line.startswith("TESTS DONE "))
    if line.endswith(" 0 failed"):
        return verdict.Verdict(verdict.PASSED, "the root task reports success")
    return verdict.Verdict(verdict.FAILED, f"the root task reports failure: {line}")


def boot(iso: pathlib.Path, scratch: pathlib.Path, options: argparse.Namespace) -> verdict.Verdict:
    write_configuration(iso, scratch, options)
    (scratch / "commands").write_text("c\nquit\n")
    watch = Watch(scratch, options.until_ready, sys.stdout.buffer)
    command = ["bochs", "-q", "-f", str(scratch / "bochsrc"), "-rc", str(scratch / "commands")]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, cwd=scratch)
    end = time.monotonic() + (options.timeout or DEFAULT_TIMEOUT_SECONDS)
    try:
        while True:
            ended = process.poll() is not None
            watch.look()
            if watch.suite_ended():
                return suite_verdict(verdict.plain(watch.raw))
            ending = ending_of(watch.bochs_log(), process.poll())
            if watch.said_enough():
                ending = verdict.Ending(ready_seen=True)
            elif ending.shutdown is None and not ended and time.monotonic() >= end:
                ending = verdict.Ending(timed_out=True)
            elif ending.shutdown is None and not ended:
                time.sleep(POLL_SECONDS)
                continue
            return verdict.judge(verdict.plain(watch.raw), ending, options.until_ready, options.root is not None)
    finally:
        process.kill()
        process.wait()
        if watch.raw and not watch.raw.endswith(b"\n"):
            print()
        watch.keep_logs(options)


def tell_faults(iso: pathlib.Path, scratch: pathlib.Path, build: building.Build,
                options: argparse.Namespace) -> verdict.Verdict:
    """The run with a stop at each page fault. A trace ends when the system is ready; the log is shown only then, and
    where somebody asked for it."""
    write_configuration(iso, scratch, options)
    watch = Watch(scratch, options.until_ready or options.trace is not None, io.BytesIO())

    def wanted() -> bool:
        watch.look()
        return not (watch.said_enough() or watch.suite_ended())

    try:
        told = bochs_faults.run(scratch / "bochsrc", image.programs(build, options), options,
                                options.timeout or DEFAULT_TIMEOUT_SECONDS, wanted)
        watch.look()
    finally:
        watch.keep_logs(options)
    return bochs_faults.outcome_of(options, told, verdict.failure_line(verdict.plain(watch.raw)))


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tools/bochs", epilog=run.EPILOG,
        description="Boots the ISO that tools/run boots in Bochs: an emulator with a strict CPU, PCID and x2APIC. "
                    f"The serial log is shown, but where page faults are; nothing can be typed into it. Ends after {DEFAULT_TIMEOUT_SECONDS:.0f} s.")
    run.add_machine_options(parser, "corei7_icelake_u")
    image.add_options(parser)
    parser.add_argument("--display", default=NO_DISPLAY, metavar="LIBRARY", help="a display library of Bochs, with its "
                        "package installed: x (bochs-x), sdl (bochs-sdl), ...; default: rfb, which waits for no viewer")
    parser.add_argument("--exception-log", type=pathlib.Path, metavar="FILE",
                        help="write what Bochs says of exceptions into FILE, for tools/faults")
    bochs_faults.add_options(parser)
    options = parser.parse_args(arguments)
    if wrong := bochs_faults.misuse(options):
        parser.error(wrong)
    return options


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    try:
        megabytes(options.memory)
    except BochsError as error:
        print(f"tools/bochs: {error}", file=sys.stderr)
        return verdict.USAGE
    try:
        packages.ensure(packages.BOCHS + (packages.GDB if bochs_faults.asked_for(options) else []))
        with tempfile.TemporaryDirectory(prefix="umbra-") as name:
            scratch = pathlib.Path(name)
            build = building.Build(options.compiler, options.kernel)
            iso = image.build_and_make(build, options, scratch)
            faults = bochs_faults.asked_for(options)
            outcome = tell_faults(iso, scratch, build, options) if faults else boot(iso, scratch, options)
    except (building.BuildError, image.ImageError, packages.PackageError, BochsError,
            kernel_layout.LayoutError) as error:
        outcome = verdict.Verdict(verdict.FAILED, str(error))
    except KeyboardInterrupt:
        outcome = verdict.Verdict(verdict.FAILED, "interrupted")
    return run.finish("tools/bochs", outcome)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
