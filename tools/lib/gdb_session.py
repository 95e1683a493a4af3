# SPDX-License-Identifier: BSD-2-Clause
"""tools/run --gdb: QEMU without a terminal, and GDB in it, with the commands of tools/gdb/umbra.py."""
import dataclasses
import pathlib
import shutil
import signal
import socket
import subprocess
import threading

import build as building
import elf_programs
import qemu
import verdict

OWN = -1  # instead of a port: GDB is started here
COMMANDS = building.REPOSITORY / "tools" / "gdb" / "umbra.py"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def scripts(programs: list[elf_programs.Program], log: pathlib.Path, dump: pathlib.Path | None = None) -> list[str]:
    """GDB with our commands; without `dump` about the machine that it is connected to."""
    paths = [str(program.path) for program in programs]
    return ["gdb", "-nx", "-q", "-ex", "set pagination off", "-ex", "set width 0", "-ex",
            f"python umbra_programs, umbra_log, umbra_dump = {paths!r}, {str(log)!r}, {str(dump) if dump else None!r}",
            "-ex", f"source {COMMANDS}"]


def command_line(programs: list[elf_programs.Program], port: int, log: pathlib.Path) -> list[str]:
    return [*scripts(programs, log), "-ex", "set tcp connect-timeout 60", "-ex", f"target remote 127.0.0.1:{port}",
            str(programs[0].path)]


def run(machine: qemu.Machine, scratch: pathlib.Path, programs: list[elf_programs.Program],
        log: pathlib.Path | None, timeout: float | None) -> verdict.Verdict:
    """Until the user leaves GDB, or the time (seconds) is over. The commands come from standard input, also if that is no terminal."""
    port = free_port()
    emulator = qemu.Run(dataclasses.replace(machine, gdb=port), scratch, interactive=False)
    thread = threading.Thread(target=emulator.go, args=(None,), kwargs={"quiet": True})
    previous = signal.signal(signal.SIGINT, lambda number, frame: None)  # GDB gets it as well, and stops the machine
    thread.start()
    try:
        command = command_line(programs, port, emulator.log_file)
        status = subprocess.run(command, timeout=timeout, check=False).returncode
    except subprocess.TimeoutExpired:
        return verdict.Verdict(verdict.TIME_OVER, "time over")
    finally:
        emulator.stop()
        thread.join()
        signal.signal(signal.SIGINT, previous)
        if log and emulator.log_file.exists():
            shutil.copyfile(emulator.log_file, log)
    if status != 0:
        return verdict.Verdict(verdict.FAILED, f"gdb ended with status {status}")
    failure = verdict.failure_line(emulator.text)
    return verdict.Verdict(verdict.FAILED, failure) if failure else verdict.Verdict(verdict.PASSED, "left by the user")
