# SPDX-License-Identifier: BSD-2-Clause
"""Timelines: a fault lasts from its trap to its end, on its thread's track; the files are well-formed and say what is drawn."""
import json
import unittest
import xml.etree.ElementTree

import timeline
from paging_events import Event

CLOCK, PAGER = 0x7000, 0x7800
SVG = "{http://www.w3.org/2000/svg}"


def event(number: int, time: float, kind: str, place: int = 0x1000, detail: int = 0, thread: int = CLOCK) -> Event:
    return Event(number, time, kind, thread, place, detail, {CLOCK: "clock <4>", PAGER: "pager"}[thread])


EVENTS = [event(0, 10, "trap", 0x1008, 0x400010 << 16 | 6), event(1, 10, "deliver", 0x1008, 1 << 14 | 1 << 8),
          event(2, 30, "map", 0x1003 | 1 << 8, 0x9001, PAGER), event(3, 30.5, "restart", 0x1008, 1),
          event(4, 40, "trap", 0), event(5, 50, "kill", 0, 8), event(6, 60, "trap", 0x2000)]


class TimelineTest(unittest.TestCase):
    def test_a_fault_lasts_until_its_thread_goes_on_or_stops(self) -> None:
        faults = [item for item in timeline.of_events(EVENTS).items if item.end is not None]
        self.assertEqual([(item.track, item.start, item.end, item.is_open, [number for number, _ in item.details])
                          for item in faults],
                         [("clock <4>", 10, 30.5, False, ["0", "1", "3"]), ("clock <4>", 40, 50, False, ["4", "5"]),
                          ("clock <4>", 60, 60, True, ["6"])])

    def test_what_others_do_meanwhile_has_its_own_track(self) -> None:
        others = [item for item in timeline.of_events(EVENTS).items if item.end is None]
        self.assertEqual([(item.track, item.name, item.start) for item in others],
                         [("pager", "maps 1 page at 0x1000 rw- (memory 0x9000)", 30)])

    def test_an_answer_that_maps_ends_the_fault(self) -> None:
        item, = timeline.of_events([EVENTS[0], event(1, 12, "map", 0x1003 | 1 << 8 | 1 << 11, 0x9001)]).items
        self.assertEqual((item.end, item.is_open), (12, False))

    def test_a_fault_whose_end_is_gone_is_open(self) -> None:
        first, second = timeline.of_events([event(0, 1, "trap"), event(1, 2, "deliver"), event(2, 9, "trap")]).items
        self.assertEqual((first.end, first.is_open, second.end), (2, True, 9))

    def test_a_trace_has_tracks_faults_and_instants(self) -> None:
        drawn = timeline.of_events(EVENTS)
        events = json.loads(timeline.trace(drawn))["traceEvents"]
        names = {each["tid"]: each["args"]["name"] for each in events if each["name"] == "thread_name"}
        self.assertEqual(list(names.values()), ["clock <4>", "pager"])
        shown = [(names[each["tid"]], each["name"], each["ts"], each["ts"] + each["dur"] if each["ph"] == "X" else None)
                 for each in events if each["ph"] in "Xi"]
        self.assertEqual(shown, [(item.track, item.name, item.start, item.end) for item in drawn.items])

    def test_a_picture_has_a_row_a_track_and_a_box_an_item(self) -> None:
        drawn = timeline.of_events(EVENTS)
        root = xml.etree.ElementTree.fromstring(timeline.picture(drawn))
        boxes = {box.find(f"{SVG}title").text: box for box in root.iter(f"{SVG}rect") if box.find(f"{SVG}title") is not None}
        self.assertEqual(sorted(boxes), sorted(timeline.title_of(item, drawn.unit) for item in drawn.items))
        first = next(box for title, box in boxes.items() if title.startswith("10.000: write 0x1008 at ip 0x400010"))
        self.assertAlmostEqual(float(first.get("width")), 20.5 / 50 * timeline.WIDTH, places=1)
        self.assertEqual(float(first.get("x")), timeline.LEFT)
        self.assertIn("clock <4>", [text.text for text in root.iter(f"{SVG}text")])

    def test_nothing_is_drawn_of_nothing(self) -> None:
        empty = timeline.of_events([])
        self.assertEqual(len(json.loads(timeline.trace(empty))["traceEvents"]), 1)
        xml.etree.ElementTree.fromstring(timeline.picture(empty))

    def test_the_ending_of_the_name_chooses(self) -> None:
        drawn = timeline.of_events(EVENTS)
        self.assertEqual(timeline.text_for("x.json", drawn), timeline.trace(drawn))
        self.assertEqual(timeline.text_for("x.svg", drawn), timeline.picture(drawn))
        with self.assertRaisesRegex(ValueError, "x.png"):
            timeline.text_for("x.png", drawn)


if __name__ == "__main__":
    unittest.main()
