"""The two forms in which Dukascopy serves an hour of ticks, and their bars.

`bi5`: the data feed of many years, `<INSTRUMENT>/<year>/<month from 00>/<day>/<hour>h_ticks.bi5`,
LZMA of 20-byte big-endian records (milliseconds of the hour, ask, bid, ask and bid volume).
`json`: the web service behind Dukascopy's charts, `ticks/<CODE>/<year>/<month>/<day>/<hour>`, with
the first prices and then differences in units of `multiplier`.
"""

import json
import lzma
from datetime import datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import polars as pl

from mlplatform.adapters.bars.network.port import TransientError
from mlplatform.domain.errors import InputError
from mlplatform.domain.tables import RAW_BARS

_UNITS_PER_POINT = 1000
_VOLUME_UNIT = 1_000_000
"""The json form counts volume in units, bi5 in millions of them."""
_RECORD = np.dtype(
    [("ms", ">u4"), ("ask", ">u4"), ("bid", ">u4"), ("ask_volume", ">f4"), ("bid_volume", ">f4")]
)
_HOUR_MS = 3_600_000
_LARGEST_BYTES = 64 * 2**20


class Ticks(NamedTuple):
    """Ticks of one hour, in the vendor's order."""

    ms: np.ndarray
    """Milliseconds since the hour's start."""
    mid: np.ndarray
    """Middle of ask and bid, points."""
    liquidity: np.ndarray
    """Volume quoted on both sides, millions of units of the CFD."""


def read_bi5(body: bytes) -> Ticks:
    """The ticks of a .bi5 file; TransientError where it is cut or damaged."""
    if not body:
        return _ticks([], [], [])
    reader = lzma.LZMADecompressor()
    try:
        raw = reader.decompress(body, max_length=_LARGEST_BYTES)
    except (lzma.LZMAError, EOFError):
        raise TransientError("a tick file that cannot be read") from None
    if not reader.eof and len(raw) >= _LARGEST_BYTES:
        raise InputError("Dukascopy's tick file is too large for one hour: check its address.")
    if not reader.eof or len(raw) % _RECORD.itemsize:
        raise TransientError("a tick file that is cut off")
    table = np.frombuffer(raw, _RECORD)
    ask, bid = table["ask"].astype(np.float64), table["bid"].astype(np.float64)
    volume = table["ask_volume"].astype(np.float64) + table["bid_volume"].astype(np.float64)
    return _ticks(table["ms"], (ask + bid) / (2 * _UNITS_PER_POINT), volume)


def read_json(body: bytes, hour: datetime) -> Ticks:
    """The ticks of a json answer; TransientError where it is cut or of another form."""
    if not body:
        return _ticks([], [], [])
    try:
        answer = json.loads(body)
        if not answer["times"]:
            return _ticks([], [], [])
        unit = float(answer["multiplier"])
        base_ms = round(answer["timestamp"] - hour.timestamp() * 1000)
        sums = {
            name: np.array(list(accumulate(answer[name])), np.float64)
            for name in ("times", "asks", "bids")
        }
        first = round(answer["ask"] / unit) + round(answer["bid"] / unit)
        mid = np.round((first + sums["asks"] + sums["bids"]) * unit / 2, 6)
        volume = np.array(answer["askVolumes"], np.float64) + np.array(answer["bidVolumes"])
        return _ticks(base_ms + sums["times"], mid, volume / _VOLUME_UNIT)
    except (ValueError, LookupError, TypeError, ArithmeticError):
        raise TransientError("an answer that is no tick data") from None


def _ticks(ms: object, mid: object, liquidity: object) -> Ticks:
    ticks = Ticks(np.asarray(ms, np.int64), np.asarray(mid, float), np.asarray(liquidity, float))
    if not ticks.ms.size == ticks.mid.size == ticks.liquidity.size:
        raise TransientError("an answer whose columns differ in length")
    if ((ticks.ms < 0) | (ticks.ms >= _HOUR_MS)).any():
        raise TransientError("ticks with times outside of their hour")
    return ticks


def aggregate(ticks: Ticks, hour: datetime, length: timedelta) -> pl.DataFrame:
    """Bars of mid prices, points; `volume` is the quoted liquidity.

    An interval without a tick has no bar.
    """
    step_ms = length // timedelta(milliseconds=1)
    frame = pl.DataFrame(
        {"ms": ticks.ms // step_ms * step_ms, "mid": ticks.mid, "liquidity": ticks.liquidity}
    )
    bars = frame.group_by("ms", maintain_order=True).agg(
        open=pl.col("mid").first(),
        high=pl.col("mid").max(),
        low=pl.col("mid").min(),
        close=pl.col("mid").last(),
        volume=pl.col("liquidity").sum(),
    )
    first = pl.lit(hour).cast(RAW_BARS.schema["ts"])
    return bars.with_columns(ts=first + pl.duration(milliseconds="ms"), contract=pl.lit(""))
