# SPDX-License-Identifier: BSD-2-Clause
"""The faults that a log tells of: the serial log, what QEMU writes with `-d int`, Bochs' own log with its CPU's debug messages, and
the records that tools/bochs and GDB print. Pure."""
import dataclasses
import re

import fault_record

# Serial log: init/process_service.cpp, eclipse-systemd's line of a service that runs, and the kernel's panic.
SERIAL_FAULT = re.compile(r"^\[FAULT\] process (\d+): (.+?) at rip=0x([0-9a-f]+) address=0x([0-9a-f]+) "
                          r"error=0x([0-9a-f]+): (.*)$")
SERIAL_KEEPER = re.compile(r"^\[FAULT\] process (\d+) \((\S+)\): (.*)$")  # the line behind it: region, keeper, repeats
STARTED = re.compile(r"^ *\[OK\] (\S+) started with PID (\d+)$")
ENDED = re.compile(r"^\[TERMINATED\] Service (\S+) \(PID (\d+)\)")
PANIC = re.compile(r"^KERNEL PANIC: vector (\d+) \((.*?)\), error code ([0-9a-fx]+), at ([0-9a-fx]+), CR2 ([0-9a-fx]+)")
# QEMU: a line for the exception, the registers behind it; CR3 names the address space.
QEMU_FAULT = re.compile(r"^ *\d+: v=0e e=([0-9a-f]{4}) i=0 cpl=(\d) IP=[0-9a-f]{4}:([0-9a-f]+) .*SP=[0-9a-f]{4}:([0-9a-f]+) "
                        r"CR2=([0-9a-f]+)")
QEMU_CR3 = re.compile(r"^CR0=.* CR3=([0-9a-f]+)")
# Bochs: the number of the tick, the address and the IP; the line behind it has the vector and the error code.
BOCHS_FAULT = re.compile(r"^(\d+)d\[CPU0 *\] page fault for address ([0-9a-f]+) @ ([0-9a-f]+)$")
BOCHS_EXCEPTION = re.compile(r"^\d+d\[CPU0 *\] exception\(0x0e\): error_code=([0-9a-f]+)$")
# fault_record.py: three lines of a record.
RECORD_HEAD = re.compile(r"^(?:fault \d+: )?(?:read|write|execute) of 0x([0-9a-f]+) .*?from ring (\d) by (.+?), thread (.+)$")
RECORD_IP = re.compile(r"^  at 0x([0-9a-f]+) ")
RECORD_CODE = re.compile(r"^  error code 0x([0-9a-f]+) .*CR3 0x([0-9a-f]+)$")
LINES, TICKS = "lines of the log", "ticks of Bochs"


@dataclasses.dataclass(frozen=True)
class Fault:
    """space: what tells address spaces apart in the log. program: its name, where the log says it. tick: Bochs' clock.
    is_behind: the IP is where the instruction ends. keeper: what the log says of region, keeper and repeats."""
    line: int
    who: str
    space: str
    ip: int
    address: int
    error_code: int
    ring: int
    kind: str = "page fault"
    cause: str = ""
    program: str | None = None
    tick: int | None = None
    is_behind: bool = False
    keeper: str = ""


def hexadecimal(text: str) -> int:
    return int(text, 16)


def service_of(pid: str, before: list[str], behind: list[str]) -> str | None:
    """What ran as that process by the line that started it last, or else by the next one that says that it ended."""
    for pattern, lines in ((STARTED, reversed(before)), (ENDED, behind)):
        named = (pattern.match(line) for line in lines)
        if name := next((found.group(1) for found in named if found and found.group(2) == pid), None):
            return name
    return None


def serial_faults(lines: list[str]) -> list[Fault]:
    found = []
    for number, line in enumerate(lines, 1):
        if fault := SERIAL_FAULT.match(line):
            pid, kind, ip, address, error, cause = fault.groups()
            more = SERIAL_KEEPER.match(lines[number]) if number < len(lines) else None
            more = more if more and more.group(1) == pid else None
            program = more.group(2) if more else service_of(pid, lines[:number], lines[number:])
            who = f"process {pid}{f' ({program})' if program else ''}"
            found.append(Fault(number, who, f"process {pid}", *map(hexadecimal, (ip, address, error)), 3, kind, cause,
                               program, keeper=more.group(3) if more else ""))
        elif panic := PANIC.match(line):
            vector, name, error, ip, address = panic.groups()
            kind = "page fault" if int(vector) == fault_record.PAGE_FAULT else name
            found.append(Fault(number, "the kernel", "kernel", *map(hexadecimal, (ip, address, error)), 0, kind,
                               "the kernel panicked", "kernel"))
    return found


def qemu_faults(lines: list[str]) -> list[Fault]:
    found = []
    for number, line in enumerate(lines, 1):
        if fault := QEMU_FAULT.match(line):
            error, ring, ip, _, address = fault.groups()
            behind = (QEMU_CR3.match(each) for each in lines[number:number + 25])
            cr3 = next((each.group(1) for each in behind if each), "?")
            is_kernel = ring == "0"
            found.append(Fault(number, "the kernel" if is_kernel else f"address space {cr3.lstrip('0')}", cr3,
                               *map(hexadecimal, (ip, address, error)), int(ring),
                               program="kernel" if is_kernel else None))
    return found


def bochs_faults(lines: list[str]) -> list[Fault]:
    """Bochs does not say in which address space: each fault stands for itself. It has passed an instruction that it executes."""
    found = []
    for number, line in enumerate(lines, 1):
        fault = BOCHS_FAULT.match(line)
        code = fault and number < len(lines) and BOCHS_EXCEPTION.match(lines[number])
        if not code:
            continue
        tick, address, ip = fault.groups()
        error_code = hexadecimal(code.group(1))
        is_kernel = not error_code & fault_record.USER
        found.append(Fault(number, "the kernel" if is_kernel else "a program", f"line {number}", hexadecimal(ip),
                           hexadecimal(address), error_code, 0 if is_kernel else 3,
                           program="kernel" if is_kernel else None, tick=int(tick),
                           is_behind=not error_code & fault_record.FETCH))
    return found


def recorded_faults(lines: list[str]) -> list[Fault]:
    found = []
    for number, line in enumerate(lines, 1):
        head, behind = RECORD_HEAD.match(line), lines[number:number + 2]
        if not head or len(behind) < 2:
            continue
        ip, code = RECORD_IP.match(behind[0]), RECORD_CODE.match(behind[1])
        if not ip or not code:
            continue
        address, ring, program, thread = head.groups()
        is_known = program != "unknown program"
        found.append(Fault(number, f"{program}, thread {thread}", code.group(2), hexadecimal(ip.group(1)),
                           hexadecimal(address), hexadecimal(code.group(1)), int(ring), program=program if is_known else None))
    return found


def faults_in(text: str) -> list[Fault]:
    """Of whatever log it is."""
    lines = text.splitlines()
    return next(filter(None, (read(lines) for read in (qemu_faults, bochs_faults, recorded_faults))), None) or \
        serial_faults(lines)
