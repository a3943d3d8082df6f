"""Small pictures for places that keep every byte, such as an event log."""

from io import BytesIO

import numpy as np

from mlplatform.metrics.returns import Floats
from mlplatform.reports.figures import COLORS
from mlplatform.reports.wording import POLICY_LABELS, in_unit
from mlplatform.studies.result import StudyResult

WIDTH, HEIGHT = 480, 240
_SMOOTH = 3
"""Drawn so many times larger, then shrunk: Pillow's lines have no smooth edges of their own."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 8, 8, 26, 8
_GROUND, _LINE = "#ffffff", "#d9dde3"


def equity_thumbnail(study: StudyResult) -> bytes:
    """PNG, 480 x 240, below 20 kB: daily marks of baseline and ML, the capital as a grey line.

    Drawn with Pillow, which needs neither a browser nor matplotlib's start-up time.
    """
    from PIL import Image, ImageDraw, ImageFont

    marks = {
        name: np.concatenate(
            ([study.capital_usd], study.policies[name].daily["equity_usd"].to_numpy())
        )
        for name in ("baseline", "ml")
    }
    image = Image.new("RGB", (WIDTH * _SMOOTH, HEIGHT * _SMOOTH), _GROUND)
    draw = ImageDraw.Draw(image)
    low = min(float(np.min(line)) for line in marks.values())
    high = max(float(np.max(line)) for line in marks.values())
    start = _points(np.full(2, study.capital_usd), low, high)
    draw.line(start, fill=_LINE, width=_SMOOTH)
    for name, line in marks.items():
        draw.line(_points(line, low, high), fill=COLORS[name], width=2 * _SMOOTH, joint="curve")
    image = image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=13)
    left = float(_LEFT)
    for name, line in marks.items():
        text = f"{POLICY_LABELS[name]} {in_unit(line[-1] - study.capital_usd, 'usd')}"
        draw.text((left, 6), text, fill=COLORS[name], font=font)
        left += draw.textlength(text, font=font) + 18
    out = BytesIO()
    image.quantize(64).save(out, format="PNG", optimize=True)
    return out.getvalue()


def _points(line: Floats, low: float, high: float) -> list[tuple[float, float]]:
    """Where the marks lie on the enlarged picture; a flat line lies in the middle."""
    across = np.linspace(_LEFT, WIDTH - _RIGHT, line.size)
    share = (line - low) / (high - low) if high > low else np.full(line.size, 0.5)
    down = _TOP + (1.0 - share) * (HEIGHT - _TOP - _BOTTOM)
    return list(zip((across * _SMOOTH).tolist(), (down * _SMOOTH).tolist(), strict=True))
