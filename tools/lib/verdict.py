# SPDX-License-Identifier: BSD-2-Clause
"""Judges a finished machine: from its serial log and the way it ended to an exit status and a reason. Pure."""
import dataclasses
import re

PASSED, FAILED, USAGE, TIME_OVER = 0, 1, 2, 124

READY_LINE = "[READY] Eclipse-SystemD is ready"
FIRST_LINE = re.compile(r"^Umbra \d+\.\d+\.\d+ \((?:debug|release|counting) kernel\)", re.MULTILINE)
FAILURE_LINE = re.compile(r"^.*?((?:KERNEL PANIC|SYSTEM FAILED): .*)$", re.MULTILINE)
ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[()][A-Z0-9]|[=>])")

# What the guest writes to the debug exit port, as QEMU's own status 2c+1.
DEBUG_EXIT_PASSED, DEBUG_EXIT_FAILED, DEBUG_EXIT_PANIC = 33, 35, 127


@dataclasses.dataclass(frozen=True)
class Ending:
    """How the machine ended. shutdown: QMP's reason, or None; status: the emulator's exit status, or None if killed."""
    shutdown: str | None = None
    status: int | None = None
    timed_out: bool = False
    ready_seen: bool = False


@dataclasses.dataclass(frozen=True)
class Verdict:
    status: int
    reason: str


def plain(raw: bytes) -> str:
    """The log as text without the escape sequences and carriage returns that firmware and terminals use."""
    return ESCAPE.sub("", raw.decode(errors="replace")).replace("\r", "")


def failure_line(text: str) -> str | None:
    """The first line that says that the system failed."""
    found = FAILURE_LINE.search(text)
    return found.group(1).rstrip() if found else None


def boots(text: str) -> int:
    """How often a kernel started in this log."""
    return len(FIRST_LINE.findall(text))


def _debug_exit(status: int, root_task: bool, failure: str | None) -> Verdict:
    if status == DEBUG_EXIT_PASSED and root_task:
        return Verdict(PASSED, "the root task reports success")
    if failure:
        return Verdict(FAILED, failure)
    if status == DEBUG_EXIT_PANIC:
        return Verdict(FAILED, "kernel panic (debug exit status 127) without a line that says why")
    if status == DEBUG_EXIT_FAILED:
        return Verdict(FAILED, "the root task reports failure (debug exit status 35)")
    return Verdict(FAILED, f"the emulator ended with status {status}")


def judge(text: str, ending: Ending, until_ready: bool = False, root_task: bool = False) -> Verdict:
    """text: the plain log. A failure that the system named comes before any other sign."""
    failure = failure_line(text)
    if ending.shutdown == "guest-reset":
        return Verdict(FAILED, f"the machine reset{' after ' + failure if failure else ''}")
    if boots(text) > 1:
        return Verdict(FAILED, f"the kernel started {boots(text)} times")
    if ending.status is not None and ending.status != 0:
        return _debug_exit(ending.status, root_task, failure)
    if failure:
        return Verdict(FAILED, failure)
    if ending.ready_seen and until_ready:
        return Verdict(PASSED, "ready")
    if ending.timed_out:
        return Verdict(TIME_OVER, "time over")
    if ending.shutdown == "guest-shutdown":
        if until_ready:
            return Verdict(FAILED, "powered off before it was ready")
        return Verdict(PASSED, "powered off")
    if ending.shutdown in ("host-qmp-quit", "host-signal", "host-ui"):
        return Verdict(FAILED if until_ready else PASSED, "left by the user")
    return Verdict(FAILED, f"the emulator ended for an unknown reason ({ending.shutdown or 'no event'})")
