# SPDX-License-Identifier: BSD-2-Clause
"""The timeline of a run: on a track for each thread how long its faults took, and what pagers did meanwhile. As a trace that
Perfetto and chrome://tracing show, or as an SVG. Pure."""
import dataclasses
import json
from typing import Iterable

import paging_events
import svg

LEFT, WIDTH, ROW, TOP = 220, 1000, 26, 60
LEAST_WIDTH = 2.0  # of what takes no time, in an SVG
ENDINGS = (".json", ".svg")
MICROSECONDS = "microseconds"
PROCESS = 1  # all tracks are threads of one process of the trace


@dataclasses.dataclass(frozen=True)
class Item:
    """end: None for what takes no time. is_open: it had not ended when the record did."""
    track: str
    name: str
    start: float
    end: float | None = None
    details: tuple[tuple[str, str], ...] = ()
    is_open: bool = False


@dataclasses.dataclass(frozen=True)
class Timeline:
    """unit: what times are: microseconds, or what else the log counts."""
    items: tuple[Item, ...]
    unit: str = MICROSECONDS

    @property
    def tracks(self) -> list[str]:
        """In the order in which they appear."""
        return list(dict.fromkeys(item.track for item in self.items))

    @property
    def span(self) -> tuple[float, float]:
        ends = [time for item in self.items for time in (item.start, item.end) if time is not None]
        return (min(ends), max(ends)) if ends else (0.0, 0.0)


def of_events(events: list[paging_events.Event]) -> Timeline:
    """A fault lasts from its trap until its thread goes on or stops for good."""
    items: list[tuple[int, Item]] = []
    open_faults: dict[str, list[paging_events.Event]] = {}

    def close(so_far: list[paging_events.Event], end: float, is_open: bool) -> None:
        first = so_far[0]
        details = tuple((str(event.number), event.text()) for event in so_far)
        items.append((first.number, Item(first.who, first.text().split(":")[0], first.time, end, details, is_open)))

    for event in events:
        mine = open_faults.get(event.who)
        if event.kind in paging_events.BEGIN:
            if mine:  # how it ended is not in the record
                close(open_faults.pop(event.who), mine[-1].time, True)
            open_faults[event.who] = [event]
        elif mine and (event.kind == "deliver" or event.ends_a_fault):
            mine.append(event)
            if event.ends_a_fault:
                close(open_faults.pop(event.who), event.time, False)
        else:
            items.append((event.number, Item(event.who, event.text(), event.time, None, ((str(event.number), event.kind),))))
    for so_far in open_faults.values():
        close(so_far, events[-1].time, True)
    return Timeline(tuple(item for _, item in sorted(items, key=lambda each: each[0])))


def of_instants(faults: Iterable[tuple[str, str, float]], unit: str) -> Timeline:
    """(track, what, when) of faults of which only the order, or another clock, is known."""
    return Timeline(tuple(Item(track, what, when) for track, what, when in faults), unit)


def trace(timeline: Timeline) -> str:
    """JSON of the Trace Event Format. Where the unit is no microsecond, it is shown as one, and the file says so."""
    numbers = {track: number for number, track in enumerate(timeline.tracks, 1)}
    found: list[dict] = [{"ph": "M", "name": "process_name", "pid": PROCESS, "args": {"name": "Umbra"}}]
    found += [{"ph": "M", "name": "thread_name", "pid": PROCESS, "tid": number, "args": {"name": track}}
              for track, number in numbers.items()]
    for item in timeline.items:
        event = {"name": item.name, "pid": PROCESS, "tid": numbers[item.track], "ts": round(item.start, 3),
                 "args": dict(item.details) | ({"ended": "not in the record"} if item.is_open else {})}
        found.append(event | ({"ph": "i", "s": "t"} if item.end is None else
                              {"ph": "X", "dur": round(item.end - item.start, 3)}))
    return json.dumps({"traceEvents": found, "displayTimeUnit": "ns", "otherData": {"unit of time": timeline.unit}},
                      indent=1) + "\n"


def title_of(item: Item, unit: str) -> str:
    took = "" if item.end is None else f"{', not ended' if item.is_open else ''}, {item.end - item.start:.3f} {unit}"
    return "\n".join([f"{item.start:.3f}: {item.name}{took}", *(f"{number} {said}" for number, said in item.details)])


def picture(timeline: Timeline) -> str:
    """An SVG with a row for each track; what is pointed at says what it is."""
    start, end = timeline.span
    scale = WIDTH / ((end - start) or 1)
    rows = {track: TOP + ROW * index for index, track in enumerate(timeline.tracks)}
    bottom = TOP + ROW * len(rows)
    body = [svg.text(LEFT, 20, f"{len(timeline.items)} faults and other paging events; time in {timeline.unit}", 14)]
    for part in (0, 0.25, 0.5, 0.75, 1):
        x = LEFT + part * WIDTH
        body.append(f'<path d="M{x:.1f} {TOP - 8} V{bottom}" stroke="#dddddd"/>')
        body.append(svg.text(x, TOP - 12, f"{start + part * (end - start):,.0f}", anchor="middle"))
    body += [svg.text(LEFT - 8, y + ROW * 0.6, track, anchor="end") for track, y in rows.items()]
    for item in timeline.items:
        x, y, words = LEFT + (item.start - start) * scale, rows[item.track], title_of(item, timeline.unit)
        if item.end is None:
            body.append(svg.box(x, y + 7, LEAST_WIDTH, ROW - 14, svg.colour(1), words))
        else:
            body.append(svg.box(x, y + 3, max((item.end - item.start) * scale, LEAST_WIDTH), ROW - 8, svg.FAULT, words, 0.7))
    return svg.document(LEFT + WIDTH + 40, bottom + 20, body)


def text_for(name: str, timeline: Timeline) -> str:
    """As the ending of a file's name asks for: .json or .svg; ValueError for another."""
    for ending, draw in zip(ENDINGS, (trace, picture)):
        if name.endswith(ending):
            return draw(timeline)
    raise ValueError(f"{name}: neither {' nor '.join(ENDINGS)}")
