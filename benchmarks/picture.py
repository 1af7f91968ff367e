"""A result as SVG: a row a contender, a dot a run, a line at the median."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WIDTH, LEFT, RIGHT = 760, 190, 110
ROW, TOP = 44, 56
STYLE = (
    "text{font:13px sans-serif;fill:#222}.title{font-weight:bold;font-size:15px}"
    ".small{font-size:11px;fill:#555}.run{fill:#1f77b4;fill-opacity:.45}"
    ".median{stroke:#d62728;stroke-width:2.5}.base{stroke:#ccc}.missed{fill:#d62728}"
)


def draw(
    title: str,
    runs: Mapping[str, Sequence[float]],
    unit: str,
    verdicts: Sequence[str],
    foot: str,
) -> str:
    """Return the whole document; the scale begins at zero, so that lengths compare."""
    longest = max((max(values) for values in runs.values() if values), default=1.0)
    scale = (WIDTH - LEFT - RIGHT) / (longest or 1.0)
    parts = [text(16, 28, title, "title")]
    for row, (who, values) in enumerate(runs.items()):
        y = TOP + row * ROW + ROW / 2
        parts.append(text(16, y + 4, who))
        parts.append(f'<path class="base" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>')
        parts += [
            f'<circle class="run" cx="{LEFT + value * scale:.1f}" cy="{y}" r="5"/>'
            for value in values
        ]
        if values:
            x = LEFT + median(values) * scale
            parts.append(f'<path class="median" d="M{x:.1f} {y - 13}v26"/>')
            parts.append(text(WIDTH - RIGHT + 14, y + 4, f"{median(values):.3g} {unit}"))
    y = TOP + len(runs) * ROW + 22
    for verdict in verdicts:
        parts.append(text(16, y, verdict, "missed" if verdict.startswith("MISSED") else ""))
        y += 20
    parts.append(text(16, y + 6, foot, "small"))
    height = y + 20
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}">\n<style>{STYLE}</style>\n'
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def text(x: float, y: float, words: str, style: str = "") -> str:
    """Return one line of words at a place."""
    kind = f' class="{style}"' if style else ""
    return f'<text x="{x}" y="{y}"{kind}>{escape(words)}</text>'
