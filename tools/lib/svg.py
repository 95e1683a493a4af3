# SPDX-License-Identifier: BSD-2-Clause
"""The pieces of an SVG picture: rectangles that say what they are when one points at them, and text. Pure."""
from xml.sax.saxutils import escape

FONT = 11
COLOURS = ("#bbbbbb", "#4477aa", "#228833", "#aa3377", "#66ccee", "#997700", "#994455", "#004488")  # by keeper: 0 = none
FAULT = "#dd2222"


def colour(number: int) -> str:
    return COLOURS[0] if number == 0 else COLOURS[1 + (number - 1) % (len(COLOURS) - 1)]


def text(x: float, y: float, words: str, size: int = FONT, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}">{escape(words)}</text>'


def box(x: float, y: float, width: float, height: float, fill: str, title: str, opacity: float = 1.0) -> str:
    return (f'<rect x="{x:.2f}" y="{y:.1f}" width="{width:.2f}" height="{height:.1f}" fill="{fill}" '
            f'fill-opacity="{opacity:.2f}"><title>{escape(title)}</title></rect>')


def dot(x: float, y: float, radius: float, title: str) -> str:
    return f'<circle cx="{x:.2f}" cy="{y:.1f}" r="{radius:.1f}" fill="{FAULT}"><title>{escape(title)}</title></circle>'


def document(width: float, height: float, body: list[str]) -> str:
    size = f'width="{width:.0f}" height="{height:.0f}"'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="{FONT}">',
                      f'<rect {size} fill="white"/>', *body, "</svg>", ""])
