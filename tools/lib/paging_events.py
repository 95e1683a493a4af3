# SPDX-License-Identifier: BSD-2-Clause
"""The kernel's record of paging events, read from memory, from a panic's last lines, or from what `faults` on the console shows.

The layout of ring and events: microkernel/include/abi/paging_event.hpp; the words: servers/console/event_text.cpp."""
import dataclasses
import functools
import re
import struct
from typing import Callable

import build as building
import page_walk

KINDS = ("?", "trap", "exception", "deliver", "map", "unmap", "evict", "protect", "refuse", "restart", "kill")
CAUSES = ("for an unknown reason", "its handler answered", "the tables permit it by now", "the reply object was taken away",
          "the endpoint is gone", "somebody resumed it", "nobody can be told", "its handler lets it stop", "it was ended")
BEGIN, END = ("trap", "exception"), ("restart", "kill")
REFUSALS = building.REPOSITORY / "libsys" / "include" / "sys" / "ipc" / "refusal.hpp"
MAGIC = b"UMBRAPGE"
HEADER = struct.Struct("<8sQIIQ")
EVENT = struct.Struct("<4Q")
LIVELOCK = 8  # more answers than any fault needs: there are four levels
TCB_ALIGNMENT = 2048
NO_KEEPER, NO_ENDPOINT, DENIED = 1, 2, 3  # abi::WhySupervisor
PANIC_LINE = re.compile(r"^    (\d+) -(\d+) us (\w+) TCB 0x([0-9a-f]+) at 0x([0-9a-f]+) detail 0x([0-9a-f]+)$", re.MULTILINE)
CONSOLE_LINE = re.compile(r"^ *(\d+) +(\d+)\.(\d{6}) +(\d+) (\S+) +(.*)$", re.MULTILINE)
# What a line of the console says -> its kind
CONSOLE_WORDS = (("trap", r"(?:read|write|execute) 0x(\w+) at ip "), ("exception", r"exception (\d+) at ip "),
                 ("deliver", r"fault at 0x(\w+) told to "), ("map", r"(?:maps|gets) .* at 0x(\w+)"),
                 ("unmap", r"unmaps .* from 0x(\w+)"), ("evict", r"evicts 0x(\w+)"), ("protect", r"leaves .* from 0x(\w+)"),
                 ("refuse", r"(?=its answer is refused)()"), ("restart", r"goes on after its fault at 0x(\w+)"),
                 ("kill", r"stops with its fault at 0x(\w+)"))


class NoRecord(ValueError):
    """There is no record of events here."""


@dataclasses.dataclass(frozen=True)
class Event:
    """time: microseconds of the time-stamp counter. thread: physical address of the TCB, 0 where only `who` is known."""
    number: int
    time: float
    kind: str
    thread: int
    place: int
    detail: int = 0
    who: str = ""
    said: str = ""  # where the words were read, and nothing else is known

    @property
    def address(self) -> int:
        """Of a fault, the address (of another exception, the vector); else the first page."""
        return self.place if self.kind in (*BEGIN, "deliver", *END) else self.place & ~0xFFF

    @property
    def ip(self) -> int:
        return (self.detail - ((self.detail >> 63) << 64) >> 16) & (1 << 64) - 1

    @property
    def goes_on(self) -> bool:
        """The thread executes its instruction again."""
        return self.kind == "restart" or self.kind == "map" and \
            (bool(self.place >> 11 & 1) if not self.said else self.said.endswith("and goes on"))

    @property
    def ends_a_fault(self) -> bool:
        return self.goes_on or self.kind == "kill"

    @property
    def repeats(self) -> int:
        """Of a delivery: as the kernel counts them, in abi::KeeperFaultInfo."""
        return self.detail >> 32 & 0xFFFF

    def text(self) -> str:
        return self.said or words(self)


def rights_text(place: int) -> str:
    return "".join(letter if place >> bit & 1 else "-" for letter, bit in (("r", 1), ("w", 0), ("x", 2)))


@functools.cache
def refusals() -> dict[int, str]:
    """What the codes of the shipped pager's refusals mean."""
    source, found, number = REFUSALS.read_text(), {}, -1
    sentences = dict(re.findall(r"case Refusal::(\w+): return \"(.*?)\";", source))
    for name, value in re.findall(r"^    (\w+)(?: = (\d+))?,", source, re.MULTILINE):
        number = int(value) if value else number + 1
        found[number] = sentences[name]
    return found


def delivery(event: Event) -> str:
    """Whom the fault was told, by abi::KeeperFaultInfo."""
    info = event.detail
    level, keeper, why, denial, repeats = info >> 8 & 7, info >> 14 & 127, info >> 21 & 7, info >> 24 & 255, event.repeats
    to = {NO_KEEPER: "the supervisor: no keeper is in force", NO_ENDPOINT: f"the supervisor: keeper {keeper} cannot be told",
          DENIED: f"the supervisor: keeper {keeper} refused, {refusals().get(denial, f'code {denial}')}"}.get(
              why, f"keeper {keeper}" if level else "its fault handler")
    again = f", the same {repeats} times before" if repeats else ""
    return f"fault at {event.place:#x} told to {to}{again}{': a livelock' if repeats >= LIVELOCK else ''}"


def mapping(event: Event) -> str:
    count, frame, rights = event.detail & 0xFFF, event.detail & 0xFFFF_FFFF_F000, rights_text(event.place)
    what = f"{count} page{'' if count == 1 else 's'} at {event.address:#x} {rights}" if event.place & 7 else \
        f"a page table at {event.address:#x}"
    return (f"{'gets' if event.goes_on else 'maps'} {what}{f' (memory {frame:#x})' if frame else ''}"
            f"{', and goes on' if event.goes_on else ''}")


def attempt(event: Event) -> str:
    if event.kind == "exception":
        return f"exception {event.place} at ip {event.ip:#x}, error code {event.detail & 0xFFFF:#x}"
    tried = "execute" if event.detail & 16 else "write" if event.detail & 2 else "read"
    why = "a reserved bit is set in its page tables" if event.detail & 8 else \
        "what is there does not permit it" if event.detail & 1 else "nothing is there"
    return f"{tried} {event.place:#x} at ip {event.ip:#x}: {why}"


def cause(event: Event) -> str:
    return CAUSES[event.detail if event.detail < len(CAUSES) else 0]


def words(event: Event) -> str:
    """As the console tells it."""
    count, at = event.detail & 0xFFF, f"{event.address:#x}"
    match event.kind:
        case "trap" | "exception":
            return attempt(event)
        case "deliver":
            return delivery(event)
        case "map":
            return mapping(event)
        case "unmap":
            return f"unmaps up to {count} pages from {at}"
        case "evict":
            return f"evicts {at}, leaves cookie {event.detail & page_walk.COOKIE_MASK:#x}"
        case "protect":
            return f"leaves {count} pages from {at} at most {rights_text(event.place)}"
        case "refuse":
            return f"its answer is refused after {event.detail & 255} items: error {event.detail >> 8}"
        case "restart":
            return f"goes on after its fault at {at}: {cause(event)}"
        case "kill":
            return f"stops with its fault at {at}: {cause(event)}"
    return f"event of kind {event.kind}"


def of_memory(read: page_walk.Reader, ring: int, name_of: Callable[[int], str] = lambda thread: "",
              most: int = 1 << 16) -> list[Event]:
    """The last `most`, oldest first. ring: the physical address of `paging_ring`; name_of: what a thread is called, by its TCB's
    address."""
    magic, written, size, count, ticks = HEADER.unpack(read(ring, HEADER.size))
    if magic != MAGIC or size != EVENT.size:
        raise NoRecord(f"no record of paging events at {ring:#x}")
    first, raw = max(0, written - min(count, most)), b""
    for start in filter(lambda number: number < written, (first, -(-first // count) * count or count)):
        end = min(written, start + count - start % count)  # the ring begins anew there
        raw += read(ring + HEADER.size + start % count * size, (end - start) * size)
        if end == written:
            break
    found = []
    for number in range(first, written):
        time, subject, place, detail = EVENT.unpack_from(raw, (number - first) * size)
        kind, thread = subject & 255, subject & ~(TCB_ALIGNMENT - 1)
        found.append(Event(number, time / (ticks or 1), KINDS[kind if kind < len(KINDS) else 0], thread, place, detail,
                           name_of(thread)))
    return found


def is_fault_at(event: Event, ip: int, address: int) -> bool:
    """By the page of the address."""
    return (event.kind, event.ip, event.place >> 12) == ("trap", ip, address >> 12)


def course(events: list[Event], fault: Event) -> list[Event]:
    """What came of a fault, as far as the record goes: whom it was told, what was mapped for it, how it ended."""
    found: list[Event] = []
    for event in events:
        if event.number <= fault.number or event.thread != fault.thread:
            continue
        if event.kind in BEGIN:
            break
        if event.kind == "deliver" or event.ends_a_fault:
            found.append(event)
        if event.ends_a_fault:
            found += [each for each in events if each.kind == "map" and each.thread != fault.thread and
                      each.time == event.time and fault.number < each.number < event.number]
            break
    return sorted(found, key=lambda event: event.number)


def earlier(events: list[Event], thread: int, ip: int, address: int) -> tuple[int, list[Event]]:
    """How often in a row the thread has had a fault at this IP and page just before, and what came of the last."""
    same: list[Event] = []
    for event in reversed(events):
        if event.thread != thread:
            continue
        if event.kind == "kill" or event.kind in BEGIN and not is_fault_at(event, ip, address):
            break
        same += [event] if event.kind in BEGIN else []
    last = course(events, same[0]) if same else []
    counted = max((event.repeats + 1 for event in last if event.kind == "deliver" and event.repeats), default=0)
    return max(len(same), counted), last


def listing(events: list[Event]) -> str:
    """A line each, with the time by which each is older than the last."""
    return "\n".join(f"{event.number:6} {event.time - events[-1].time:12.1f} us  {event.who:<32} {event.text()}"
                     for event in events) or "no paging event yet"


def of_panic(text: str) -> list[Event]:
    """A panic's last lines; the last event has the time 0."""
    return [Event(int(number), -float(age), kind, int(thread, 16), int(place, 16), int(detail, 16), f"TCB 0x{thread}")
            for number, age, kind, thread, place, detail in PANIC_LINE.findall(text)]


def of_console(text: str) -> list[Event]:
    """What `faults` showed on the console, each event once. The time is the system's uptime."""
    found = {}
    for number, seconds, fraction, pid, name, said in CONSOLE_LINE.findall(text):
        for kind, pattern in CONSOLE_WORDS:
            if place := re.match(pattern, said):
                base = 10 if kind == "exception" else 16
                found[int(number)] = Event(int(number), float(int(seconds) * 1_000_000 + int(fraction)), kind, 0,
                                           int(place.group(1) or "0", base), who=f"{name} (PID {pid})", said=said)
                break
    return [found[number] for number in sorted(found)]
