"""Small plots for an asset's metadata: they land in the event log, so they stay a few kilobytes."""

import base64
import io
from functools import cache
from typing import Any

import dagster as dg
import numpy as np

from mlplatform.reports.own_style import own_style

_POINTS = 400
_WIDTH, _HEIGHT, _TOP = 320, 96, 16


def thumbnail(values: Any, label: str) -> dg.MetadataValue:
    """A line of the values, at most `_POINTS` of them, with lowest and highest, as inline PNG.

    Drawn with Pillow: a hundred periods with a dozen checks each are drawn in a few seconds.
    """
    from PIL import Image, ImageDraw

    line = np.asarray(values, dtype=np.float64)
    line = line[:: max(1, len(line) // _POINTS)]
    line = line[np.isfinite(line)]
    image = Image.new("RGB", (_WIDTH, _HEIGHT), "#ffffff")
    draw, font = ImageDraw.Draw(image), _font()
    draw.text((4, 1), label, fill="#4a5560", font=font)
    if line.size:
        low, high = float(line.min()), float(line.max())
        share = (line - low) / (high - low) if high > low else np.full(line.size, 0.5)
        across = np.linspace(4, _WIDTH - 4, max(2, line.size))[: line.size]
        down = _HEIGHT - 4 - share * (_HEIGHT - _TOP - 4)
        draw.line(list(zip(across.tolist(), down.tolist(), strict=True)), fill="#3b6fb6", width=1)
        told = f"{low:,.6g} to {high:,.6g}"
        draw.text((_WIDTH - 4 - draw.textlength(told, font=font), 1), told, "#8a94a0", font=font)
    buffer = io.BytesIO()
    image.quantize(16).save(buffer, format="PNG")
    return png(buffer.getvalue())


@cache
def _font() -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size=10)


def bars_of(counts: dict[str, int], label: str) -> dg.MetadataValue:
    """Horizontal bars of named counts as inline PNG."""
    from matplotlib.figure import Figure  # slow to import

    with own_style():
        figure = Figure(figsize=(3.2, 0.4 + 0.22 * max(1, len(counts))), dpi=75)
        axes = figure.add_subplot()
        axes.barh(list(counts), list(counts.values()), color="#3b6fb6")
        axes.set_title(label, fontsize=7, loc="left")
        axes.tick_params(labelsize=7, length=0)
        for side in ("top", "right", "bottom"):
            axes.spines[side].set_visible(False)
        figure.tight_layout()
        return png(_encode(figure))


def png(image: bytes) -> dg.MetadataValue:
    """A PNG as markdown that the UI draws."""
    text = base64.b64encode(image).decode()
    return dg.MetadataValue.md(f"![plot](data:image/png;base64,{text})")


def _encode(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
