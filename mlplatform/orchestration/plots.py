"""Small plots for an asset's metadata: they land in the event log, so they stay a few kilobytes."""

import base64
import io
from typing import Any

import dagster as dg
import numpy as np

_POINTS = 400


def thumbnail(values: Any, label: str) -> dg.MetadataValue:
    """A line of the values, at most `_POINTS` of them, as inline PNG."""
    from matplotlib.figure import Figure  # slow to import

    line = np.asarray(values, dtype=np.float64)
    line = line[:: max(1, len(line) // _POINTS)]
    figure = Figure(figsize=(3.2, 1.2), dpi=75)
    axes = figure.add_axes((0.02, 0.04, 0.96, 0.78))
    axes.plot(line, linewidth=0.8, color="#3b6fb6")
    axes.set_title(label, fontsize=7, loc="left")
    axes.set_axis_off()
    return png(_encode(figure))


def bars_of(counts: dict[str, int], label: str) -> dg.MetadataValue:
    """Horizontal bars of named counts as inline PNG."""
    from matplotlib.figure import Figure  # slow to import

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
