"""Small drawings inside tables, as SVG that needs no script: intervals and lines over windows.

Coordinates are per cent of the cell, so a drawing fits every width; colours are classes of the
page's style, so it follows the scheme. Everything drawn also stands as a number beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise


@dataclass(frozen=True)
class Bar:
    """A mean with its bounds, None where there are none; `kind` is its class, such as `ml`."""

    kind: str
    mean: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Scale:
    """What the left and the right edge of a drawing stand for."""

    low: float
    high: float

    def per_cent(self, value: float) -> float:
        """Where a value lies, held inside the drawing."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return round(3.0 + 94.0 * min(max(share, 0.0), 1.0), 2)


def interval_svg(bars: Sequence[Bar], scale: Scale, told: str) -> str:
    """Bars above each other with a line at zero; `told` is read to who cannot see it."""
    height = 7 * len(bars) + 5
    zero = scale.per_cent(0.0)
    parts = [f'<line class="zero" x1="{zero}%" x2="{zero}%" y1="0" y2="{height}"/>']
    for n, bar in enumerate(bars):
        y, x = 6 + 7 * n, scale.per_cent(bar.mean)
        if bar.low is not None and bar.high is not None:
            left, right = scale.per_cent(bar.low), scale.per_cent(bar.high)
            parts.append(f'<line class="{bar.kind}" x1="{left}%" x2="{right}%" y1="{y}" y2="{y}"/>')
        parts.append(f'<circle class="{bar.kind}" cx="{x}%" cy="{y}" r="2.8"/>')
    return _svg("range", height, parts, told)


def line_svg(values: Sequence[float | None], told: str) -> str:
    """A line over the windows between its lowest and highest value; gaps where there is none."""
    there = [value for value in values if value is not None]
    if not there:
        return ""
    low, high, n = min(there), max(there), len(values)
    scale = Scale(0.0, max(1.0, n - 1.0))
    at = [
        None
        if value is None
        else (
            scale.per_cent(float(i)) if n > 1 else 50.0,
            round(27 - 24 * ((value - low) / (high - low) if high > low else 0.5), 2),
        )
        for i, value in enumerate(values)
    ]
    parts = [
        f'<line x1="{a[0]}%" y1="{a[1]}" x2="{b[0]}%" y2="{b[1]}"/>'
        for a, b in pairwise(at)
        if a is not None and b is not None
    ]
    last = next(point for point in reversed(at) if point is not None)
    parts.append(f'<circle cx="{last[0]}%" cy="{last[1]}" r="2.8"/>')
    return _svg("spark", 30, parts, told)


def _svg(kind: str, height: int, parts: Sequence[str], told: str) -> str:
    body = "".join(parts)
    return (
        f'<svg class="{kind}" height="{height}" role="img" aria-label="{escape(told)}">{body}</svg>'
    )
