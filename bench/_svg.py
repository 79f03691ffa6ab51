"""Owns the few shapes that a measurement's picture is drawn with: bars and lines, readable by day and night."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT, GAP = 460, 240, 24
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 40, 42

STYLE = """
text{font-family:system-ui,"Noto Sans",sans-serif;font-size:12px;fill:#1f2937}
.title{font-size:14px;font-weight:600}.faint{fill:#6b7280;font-size:11px}.end{text-anchor:end}.mid{text-anchor:middle}
.paper{fill:#ffffff}.axis{stroke:#9ca3af;fill:none}.grid{stroke:#e5e7eb}.bar{fill:#c08a0d}.other{fill:#6c7ff0}
.line{stroke:#c08a0d;stroke-width:2;fill:none}.line2{stroke:#6c7ff0;stroke-width:2;fill:none}
.mark{stroke:#6b7280;stroke-dasharray:4 3}
@media (prefers-color-scheme:dark){text{fill:#e5e7eb}.faint{fill:#9ca3af}.paper{fill:#111827}.axis{stroke:#6b7280}
.grid{stroke:#374151}.bar{fill:#e0aa2b}.other{fill:#8b9bff}.line{stroke:#e0aa2b}.line2{stroke:#8b9bff}.mark{stroke:#9ca3af}}
""".strip()

Point = tuple[float, float]


def document(label: str, panels: Sequence[str], *, across: int = 2) -> str:
    """Panels in rows of `across`; `label` says to who cannot see it what it shows."""
    rows = -(-len(panels) // across)
    width, height = across * (WIDTH + GAP) + GAP, rows * (HEIGHT + GAP) + GAP
    placed = [
        f'<g transform="translate({GAP + n % across * (WIDTH + GAP)} {GAP + n // across * (HEIGHT + GAP)})">{panel}</g>'
        for n, panel in enumerate(panels)
    ]
    box = f'viewBox="0 0 {width} {height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img" aria-label="{_text(label)}">'
    paper = f'<rect class="paper" width="{width}" height="{height}"/>'
    return "\n".join([head, f"<style>{STYLE}</style>", paper, *placed, "</svg>\n"])


class Panel:
    """One plot. `x` and `y` are the ends of its axes, in the data's own measure."""

    def __init__(self, title: str, *, x: Point, y: Point) -> None:
        self._x, self._y = x, y
        self._parts = [f'<text class="title" x="0" y="14">{_text(title)}</text>']

    def at(self, x: float, y: float) -> Point:
        across = (x - self._x[0]) / (self._x[1] - self._x[0])
        up = (y - self._y[0]) / (self._y[1] - self._y[0])
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    def axes(self, x_ticks: Sequence[tuple[float, str]], y_ticks: Sequence[tuple[float, str]], *, below: str) -> Panel:
        for value, name in y_ticks:
            left, at = self.at(self._x[0], value)
            self._parts.append(f'<path class="grid" d="M{left:.1f} {at:.1f}H{WIDTH - RIGHT}"/>')
            self._parts.append(f'<text class="faint end" x="{left - 6:.1f}" y="{at + 4:.1f}">{_text(name)}</text>')
        for value, name in x_ticks:
            at, bottom = self.at(value, self._y[0])
            self._parts.append(f'<text class="faint mid" x="{at:.1f}" y="{bottom + 16:.1f}">{_text(name)}</text>')
        left, bottom = self.at(self._x[0], self._y[0])
        self._parts.append(f'<path class="axis" d="M{left:.1f} {bottom:.1f}H{WIDTH - RIGHT}"/>')
        self._parts.append(
            f'<text class="faint mid" x="{(left + WIDTH - RIGHT) / 2:.1f}" y="{HEIGHT - 6}">{_text(below)}</text>'
        )
        return self

    def bar(self, x: float, wide: float, height: float, *, name: str = "", other: bool = False) -> Panel:
        left, top = self.at(x - wide / 2, height)
        right, bottom = self.at(x + wide / 2, self._y[0])
        kind = "other" if other else "bar"
        box = f'x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{bottom - top:.1f}"'
        self._parts.append(f'<rect class="{kind}" {box}/>')
        if name:
            self._parts.append(f'<text class="mid" x="{(left + right) / 2:.1f}" y="{top - 5:.1f}">{_text(name)}</text>')
        return self

    def line(self, points: Sequence[Point], *, name: str = "", other: bool = False) -> Panel:
        placed = [self.at(*point) for point in points]
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in placed)
        self._parts.append(f'<path class="{"line2" if other else "line"}" d="{path}"/>')
        if name:
            self._parts.append(f'<text x="{placed[-1][0] + 4:.1f}" y="{placed[-1][1] + 4:.1f}">{_text(name)}</text>')
        return self

    def mark(self, x: float, name: str) -> Panel:
        """A dashed line at x with its name at the top."""
        at, top = self.at(x, self._y[1])
        self._parts.append(f'<path class="mark" d="M{at:.1f} {top:.1f}V{HEIGHT - BOTTOM}"/>')
        self._parts.append(f'<text class="faint mid" x="{at:.1f}" y="{top - 4:.1f}">{_text(name)}</text>')
        return self

    def note(self, x: float, y: float, text: str) -> Panel:
        across, up = self.at(x, y)
        self._parts.append(f'<text x="{across:.1f}" y="{up:.1f}">{_text(text)}</text>')
        return self

    def __str__(self) -> str:
        return "".join(self._parts)


def _text(text: str) -> str:
    return escape(text, quote=True)
