# SPDX-License-Identifier: BSD-2-Clause
"""Talks to Bochs' own debugger through its prompt: registers, physical memory, breakpoints, going on."""
import os
import pathlib
import re
import select
import subprocess
import time
from typing import Callable

PROMPT = re.compile(rb"<bochs:\d+> $")
REGISTER = re.compile(r"^(r\w+) *: ([0-9a-f]{8})_([0-9a-f]{8})$", re.MULTILINE)
CR2 = re.compile(r"^CR2=.*laddr=0x([0-9a-f]+)", re.MULTILINE)
CR3 = re.compile(r"^CR3=0x([0-9a-f]+)", re.MULTILINE)
WORDS = re.compile(r"^0x[0-9a-f]+ <.*?>:((?:[ \t]+0x[0-9a-f]+)+)", re.MULTILINE)
POLL_SECONDS = 0.1


class Ended(Exception):
    """Bochs is gone: the machine was switched off, or failed for good."""


class TimeOver(Exception):
    """There was no prompt in time."""


class Stopped(Exception):
    """The caller wants no more of this run."""


class Debugger:
    """One Bochs that waits at its prompt. `wanted` is asked now and then while the machine runs: False ends the run."""

    def __init__(self, configuration: pathlib.Path, wanted: Callable[[], bool] = lambda: True) -> None:
        self._wanted = wanted
        self._pending = b""
        nothing = configuration.with_name("no-commands")
        nothing.write_text("")
        self._process = subprocess.Popen(
            ["bochs", "-q", "-f", str(configuration), "-rc", str(nothing)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=configuration.parent)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            try:
                stream.close()
            except BrokenPipeError:
                pass

    def until_prompt(self, deadline: float) -> str:
        """What Bochs says up to its prompt. deadline: by time.monotonic()."""
        output = self._process.stdout.fileno()
        while not PROMPT.search(self._pending):
            if select.select([output], [], [], POLL_SECONDS)[0]:
                data = os.read(output, 1 << 16)
                if not data:
                    raise Ended
                self._pending += data
            elif time.monotonic() >= deadline:
                raise TimeOver
            elif not self._wanted():
                raise Stopped
        said, self._pending = self._pending, b""
        return PROMPT.sub(b"", said).decode(errors="replace")

    def ask(self, command: str, deadline: float = float("inf")) -> str:
        """Its answer to one command; `c` answers when a breakpoint is reached."""
        try:
            self._process.stdin.write(command.encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise Ended from None
        return self.until_prompt(deadline).removeprefix(command + "\n")

    def registers(self) -> dict[str, int]:
        """General registers, RIP, CR2 and CR3, in small letters."""
        found = {name: int(high + low, 16) for name, high, low in REGISTER.findall(self.ask("r"))}
        control = self.ask("creg")
        return found | {"cr2": int(CR2.search(control).group(1), 16), "cr3": int(CR3.search(control).group(1), 16)}

    def read(self, physical: int, size: int) -> bytes:
        """Physical memory; what is not there reads as ones, as on a PC's bus."""
        start = physical & ~7
        count = (physical + size - start + 7) // 8
        words = [int(word, 16) for line in WORDS.findall(self.ask(f"xp /{count}gx {start:#x}"))
                 for word in line.split()]
        words += [(1 << 64) - 1] * (count - len(words))
        return b"".join(word.to_bytes(8, "little") for word in words)[physical - start:physical - start + size]
