# SPDX-License-Identifier: BSD-2-Clause
"""tools/bench --plot: what address spaces and pages cost as their numbers grow, drawn as two graphs in one SVG file.

The figures are those of tests/system/process/spaces.cpp: ticks of the deterministic clock, one an instruction."""
import pathlib
import re
import tempfile

import build as building
import image
import packages
import qemu
import test_scenarios
import test_system
import verdict

SPACES = 10_000
TIMEOUT_SECONDS = 3000.0
PROGRAMS = {"sbin/eclipse-systemd": "tests/system/process/spaces.elf"}
POINT = re.compile(r"^(SPACES|PAGES) (\d+) (\d+)$", re.MULTILINE)
DONE = re.compile(r"^TESTS DONE \d+ passed 0 failed$", re.MULTILINE)
WIDTH, HEIGHT, MARGIN = 420, 300, 70
Points = list[tuple[int, float]]


class PlotError(Exception):
    """There are no figures to draw."""


def figures(build: building.Build, spaces: int = SPACES) -> tuple[Points, Points]:
    """Ticks for one address space, by how many there have been; ticks for one page, by how many a space has."""
    packages.ensure(packages.QEMU + packages.IMAGE)
    with tempfile.TemporaryDirectory(prefix="umbra-") as name:
        scratch = pathlib.Path(name)
        with building.locked(build):
            rootfs = test_scenarios.edited_archive(build.archive, {"program": PROGRAMS},
                                                   test_scenarios.Place(building.REPOSITORY, build.folder), scratch)
            options = test_system.no_options(archive=rootfs, append=[f"spaces={spaces}"])
            image.make(image.choose(build, options, scratch), scratch / "umbra.iso")
        run = qemu.Run(qemu.Machine(scratch / "umbra.iso", "256M", "max", False, True), scratch, interactive=False)
        ending = run.go(TIMEOUT_SECONDS, lambda text: False, quiet=True)
    outcome = verdict.judge(run.text, ending, False)
    if outcome.status != verdict.PASSED or not DONE.search(run.text):
        raise PlotError(f"{run.text[-1500:]}\n{outcome.reason}")
    return points(run.text)


def points(log: str) -> tuple[Points, Points]:
    """Those of a log. A page's share is what it adds to a space that has fewer."""
    found = [(kind, int(number), int(ticks)) for kind, number, ticks in POINT.findall(log)]
    spaces: Points = [(number, float(ticks)) for kind, number, ticks in found if kind == "SPACES"]
    by_pages = [(number, ticks) for kind, number, ticks in found if kind == "PAGES"]
    if not spaces or len(by_pages) < 2:
        raise PlotError("the log has no figures")
    least, least_ticks = by_pages[0]
    pages: Points = [(number, (ticks - least_ticks) / (number - least)) for number, ticks in by_pages[1:]]
    return spaces, pages


def graph(data: Points, left: int, title: str, x_label: str) -> list[str]:
    """One graph, from 0 on both axes, so that flat looks flat."""
    most_x, most_y = max(x for x, _ in data), max(y for _, y in data) * 1.2
    place = [(left + MARGIN + x / most_x * WIDTH, MARGIN + HEIGHT - y / most_y * HEIGHT) for x, y in data]
    bottom, right = MARGIN + HEIGHT, left + MARGIN + WIDTH
    lines = [f'<path d="M{left + MARGIN} {MARGIN} V{bottom} H{right}" fill="none" stroke="black"/>',
             f'<text x="{left + MARGIN}" y="{MARGIN - 20}" font-size="15">{title}</text>',
             f'<text x="{right}" y="{bottom + 40}" text-anchor="end">{x_label}</text>']
    for part in (0, 0.5, 1):
        x, y = left + MARGIN + part * WIDTH, bottom - part * HEIGHT / 1.2
        lines.append(f'<text x="{x:.0f}" y="{bottom + 18}" text-anchor="middle">{most_x * part:,.0f}</text>')
        lines.append(f'<text x="{left + MARGIN - 6}" y="{y + 4:.0f}" text-anchor="end">{most_y / 1.2 * part:,.0f}</text>')
    lines.append('<polyline fill="none" stroke="#07c" stroke-width="2" points="' +
                 " ".join(f"{x:.1f},{y:.1f}" for x, y in place) + '"/>')
    return lines + [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#07c"/>' for x, y in place]


def svg(spaces: Points, pages: Points) -> str:
    step = WIDTH + 2 * MARGIN
    body = graph(spaces, 0, "instructions for an address space: cloned, four pages written, destroyed", "spaces so far") + \
        graph(pages, step, "instructions for one page more: cloned, written, copied, freed", "pages of the space")
    size = f'width="{2 * step}" height="{HEIGHT + 2 * MARGIN}"'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="11">',
                      f'<rect {size} fill="white"/>', *body, "</svg>", ""])


def draw(build: building.Build, file: pathlib.Path) -> str:
    """Measures and writes the file; a line that says what it shows."""
    spaces, pages = figures(build)
    file.write_text(svg(spaces, pages))
    costs = [ticks for _, ticks in spaces]
    return (f"{spaces[-1][0]:,} address spaces: {min(costs):,.0f} to {max(costs):,.0f} instructions each; "
            f"a page more: {min(t for _, t in pages):,.0f} to {max(t for _, t in pages):,.0f}")
