"""The last bars before a decision as a picture: prices in ATR around the last close."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlplatform.models.arrays import BoolArray, FloatArray, IntArray

BARS = 20
CHANNELS = ("open", "high", "low", "close", "volume")
_CLIP = 10.0


@dataclass(frozen=True, eq=False)
class BarColumns:
    """Bars of one series in order of time, vectors (m,): prices and ATR in points.

    `volume` in contracts, NaN where unknown; `atr` is known at the bar's end, NaN in its warm-up;
    `contract` and `session_date` say what a window may not cross.
    """

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    atr: FloatArray
    contract: npt.NDArray[Any]
    session_date: npt.NDArray[Any]


def bar_windows(
    bars: BarColumns, last_bar: IntArray, side: IntArray, length: int = BARS
) -> tuple[FloatArray, BoolArray]:
    """Windows (n, length, 5) that end with bar `last_bar` (n,), and (n,) whether there is one.

    The last bar is the one on whose end the decision is made; no later bar is read. There is a
    window where all its bars are of one contract and one trading day and the last bar's ATR is
    known and positive; else it is all zeros. So the first `length - 1` bars of a trading day have
    none: the break before them is not a bar's move. Overnight and regular hours of one trading day
    follow each other without a break and may share a window.

    Prices are (price - last close) / last ATR, mirrored for a short (`side` -1): its window is a
    long's of the mirrored market. Volume is the log of its ratio to the window's mean, 0 where
    unknown. Raises ValueError where a position is no bar or a side is neither 1 nor -1.
    """
    last, sign = np.asarray(last_bar, np.int64), np.asarray(side, np.int64)
    if len(last) and (last.min() < 0 or last.max() >= len(bars.close)):
        raise ValueError("a window's last bar is not one of the bars")
    if not np.isin(sign, (-1, 1)).all():
        raise ValueError("a side is 1 (long) or -1 (short)")
    rows = last[:, None] + np.arange(1 - length, 1)
    first = np.maximum(rows[:, 0], 0)
    scale = bars.atr[last]
    complete = (
        (rows[:, 0] >= 0)
        & _unbroken(bars.contract, first, last)
        & _unbroken(bars.session_date, first, last)
        & (np.nan_to_num(scale) > 0.0)
    )
    rows = np.maximum(rows, 0)
    out = np.zeros((len(last), length, len(CHANNELS)))
    unit = np.where(complete, scale, 1.0)[:, None]
    anchor = bars.close[last][:, None]
    mirrored = (sign < 0)[:, None]
    high, low = bars.high[rows], bars.low[rows]
    top, bottom = np.where(mirrored, low, high), np.where(mirrored, high, low)
    for channel, price in enumerate((bars.open[rows], top, bottom, bars.close[rows])):
        out[:, :, channel] = (price - anchor) / unit * sign[:, None]
    out[:, :, 4] = _relative_volume(bars.volume[rows])
    out[~complete] = 0.0
    return np.clip(np.nan_to_num(out), -_CLIP, _CLIP), complete


def _unbroken(block: npt.NDArray[Any], first: IntArray, last: IntArray) -> BoolArray:
    """Whether no bar from `first` to `last` begins another block."""
    breaks = np.concatenate([[0], np.cumsum(block[1:] != block[:-1])])
    return np.asarray(breaks[first] == breaks[last])


def _relative_volume(volume: FloatArray) -> FloatArray:
    """log((1 + volume) / (1 + mean volume of the window)), 0 where unknown."""
    known = ~np.isnan(volume)
    filled = np.where(known, volume, 0.0)
    mean = filled.sum(axis=1, keepdims=True) / np.maximum(known.sum(axis=1, keepdims=True), 1)
    return np.where(known, np.log1p(filled) - np.log1p(mean), 0.0)
