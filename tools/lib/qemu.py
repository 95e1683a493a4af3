# SPDX-License-Identifier: BSD-2-Clause
"""Runs one QEMU: its command line, its serial log as it grows, and how it ended (QMP tells a reset from a power-off)."""
import dataclasses
import json
import os
import pathlib
import socket
import subprocess
import sys
import termios
import threading
import time
from typing import Callable

import verdict

POLL_SECONDS = 0.02
PANIC_GRACE_SECONDS = 3.0  # from a failure line to the end that the guest is expected to bring about itself
ANSWER_SECONDS = 60.0
FIRMWARE = ["/usr/share/ovmf/OVMF.fd", "/usr/share/qemu/OVMF.fd", "/usr/share/edk2/x64/OVMF.fd"]
FIRMWARE_FLASH = ["/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_CODE.fd"]


class QemuError(Exception):
    """QEMU cannot be run as asked."""


@dataclasses.dataclass
class Machine:
    """What kind of machine. gdb: port on which it waits for a debugger, or None; devices and properties: what QEMU's
    -device and -global take; dump: the file that gets registers and memory as the run ends, before the machine is gone;
    debug_console: the file that gets what is written to port 0xE9."""
    iso: pathlib.Path
    memory: str = "256M"
    cpu: str = "max"
    uefi: bool = False
    icount: bool = False
    gdb: int | None = None
    devices: list[str] = dataclasses.field(default_factory=list)
    properties: list[str] = dataclasses.field(default_factory=list)
    dump: pathlib.Path | None = None
    debug_console: pathlib.Path | None = None


def firmware_arguments() -> list[str]:
    for path in FIRMWARE:
        if os.path.exists(path):
            return ["-bios", path]
    for path in FIRMWARE_FLASH:
        if os.path.exists(path):
            return ["-drive", f"if=pflash,format=raw,readonly=on,file={path}"]
    raise QemuError("no UEFI firmware found: install the package ovmf")


def command_line(machine: Machine, scratch: pathlib.Path) -> list[str]:
    """QEMU starts stopped, so that no event is lost before QMP listens."""
    command = ["qemu-system-x86_64", "-accel", "tcg", "-machine", "q35", "-cpu", machine.cpu, "-m", machine.memory,
               "-no-reboot", "-display", "none", "-nodefaults", "-S",
               "-chardev", f"stdio,id=console,mux=on,signal=off,logfile={scratch / 'serial.log'}",
               "-serial", "chardev:console", "-mon", "chardev=console",
               "-qmp", f"unix:{scratch / 'qmp'},server=on,wait=off",
               "-cdrom", str(machine.iso)]
    if machine.dump:
        command += ["-no-shutdown"]  # the kernel halts after a panic, and the machine stays
    else:
        command += ["-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
    if machine.debug_console:
        command += ["-debugcon", f"file:{machine.debug_console}"]
    for device in machine.devices:
        command += ["-device", device]
    for each in machine.properties:
        command += ["-global", each]
    if machine.uefi:
        command += firmware_arguments()
    if machine.icount:
        command += ["-icount", "shift=0,sleep=off", "-rtc", "base=2000-01-01,clock=vm"]
    if machine.gdb is not None:
        command += ["-gdb", f"tcp:127.0.0.1:{machine.gdb}"]
    return command


class Qmp:
    """A QMP connection: sends commands, and collects SHUTDOWN events and answers."""

    def __init__(self, path: pathlib.Path, alive: Callable[[], bool]) -> None:
        self.shutdown: str | None = None
        self.answers: list[dict] = []
        self._pending = b""
        self._socket = socket.socket(socket.AF_UNIX)
        while True:
            try:
                self._socket.connect(str(path))
                break
            except (FileNotFoundError, ConnectionRefusedError):
                if not alive():
                    raise QemuError("QEMU did not start") from None
                time.sleep(0.005)
        self._socket.setblocking(False)
        self.send("qmp_capabilities")

    def send(self, command: str, **arguments: object) -> None:
        try:
            self._socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
        except OSError:
            pass  # QEMU is gone: its status tells more

    def poll(self) -> None:
        """Takes in what has arrived."""
        try:
            while chunk := self._socket.recv(65536):
                self._pending += chunk
        except OSError:
            pass
        *lines, self._pending = self._pending.split(b"\n")
        for line in lines:
            message = json.loads(line) if line.strip() else {}
            if message.get("event") == "SHUTDOWN":
                self.shutdown = message["data"]["reason"]
            elif "return" in message or "error" in message:
                self.answers.append(message)

    def ask(self, command: str, **arguments: object) -> None:
        """Sends it and waits until it is done; QemuError if it fails."""
        self.poll()
        count = len(self.answers)
        self.send(command, **arguments)
        end = time.monotonic() + ANSWER_SECONDS
        while len(self.answers) == count:
            if time.monotonic() >= end:
                raise QemuError(f"QEMU does not answer to {command}")
            time.sleep(POLL_SECONDS)
            self.poll()
        if "error" in self.answers[-1]:
            raise QemuError(self.answers[-1]["error"]["desc"])


class Run:
    """One run of a machine. on_text is called with the plain log whenever it has grown; it answers True to end the run."""

    def __init__(self, machine: Machine, scratch: pathlib.Path, interactive: bool) -> None:
        self.machine = machine
        self.log_file = scratch / "serial.log"
        self._scratch = scratch
        self._interactive = interactive
        self._raw = b""
        self._offset = 0
        self._process: subprocess.Popen | None = None
        self._stopping = threading.Event()

    @property
    def raw(self) -> bytes:
        return self._raw

    @property
    def text(self) -> str:
        return verdict.plain(self._raw)

    def type(self, data: bytes) -> None:
        """Types on the console of a run that is not interactive."""
        try:
            self._process.stdin.write(data)
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError):
            pass

    def stop(self) -> None:
        """Ends a run that another thread is in."""
        self._stopping.set()

    def _grown(self) -> bool:
        try:
            with open(self.log_file, "rb") as log:
                log.seek(self._offset)
                more = log.read()
        except FileNotFoundError:
            return False
        self._offset += len(more)
        self._raw += more
        return bool(more)

    def go(self, timeout: float | None, on_text: Callable[[str], bool] = lambda text: False,
           quiet: bool = False) -> verdict.Ending:
        """Runs to the end: the guest's, the user's, on_text's, or that of the time (seconds)."""
        terminal = sys.stdin.fileno() if self._interactive else None
        saved = termios.tcgetattr(terminal) if terminal is not None else None
        self._process = subprocess.Popen(
            command_line(self.machine, self._scratch), stdin=None if self._interactive else subprocess.PIPE,
            stdout=subprocess.DEVNULL if quiet else None, stderr=subprocess.PIPE if quiet else None,
            start_new_session=quiet and self.machine.gdb is not None)  # Ctrl-C is the debugger's
        try:
            return self._watch(timeout, on_text)
        finally:
            if self._process.poll() is None:
                self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stderr):
                if stream:
                    try:
                        stream.close()
                    except BrokenPipeError:
                        pass
            if saved is not None:
                termios.tcsetattr(terminal, termios.TCSADRAIN, saved)
                os.set_blocking(terminal, True)

    def _watch(self, timeout: float | None, on_text: Callable[[str], bool]) -> verdict.Ending:
        process = self._process
        qmp = Qmp(self._scratch / "qmp", lambda: process.poll() is None)
        if self.machine.gdb is None:
            qmp.send("cont")
        end = None if timeout is None else time.monotonic() + timeout
        stop_at, stopped_by_us = None, False
        while True:
            ended = process.poll() is not None  # before the last look at log and events, which then is complete
            qmp.poll()
            if self._grown():
                stopped_by_us = stopped_by_us or on_text(self.text)
                if stop_at is None and "KERNEL PANIC:" in self.text:
                    stop_at = time.monotonic() + PANIC_GRACE_SECONDS
            now = time.monotonic()
            timed_out = end is not None and now >= end
            halted = (self.machine.dump and qmp.shutdown is not None) or (stop_at is not None and now >= stop_at)
            if ended or stopped_by_us or timed_out or halted or self._stopping.is_set():
                break
            time.sleep(POLL_SECONDS)
        if not ended and self.machine.dump:
            qmp.ask("stop")
            qmp.ask("dump-guest-memory", paging=True, protocol=f"file:{self.machine.dump.absolute()}")
        if timed_out and not stopped_by_us:
            return verdict.Ending(timed_out=True)
        if not ended:
            return verdict.Ending(shutdown=qmp.shutdown, ready_seen=stopped_by_us)
        return verdict.Ending(shutdown=qmp.shutdown, status=process.returncode, ready_seen=stopped_by_us)


def forward_standard_input(run: Run, may_type: threading.Event) -> None:
    """Types what comes from a pipe or file, once somebody listens: firmware and boot loader would eat it."""
    def forward() -> None:
        may_type.wait()
        while data := os.read(sys.stdin.fileno(), 4096):
            run.type(data)
    threading.Thread(target=forward, daemon=True).start()
