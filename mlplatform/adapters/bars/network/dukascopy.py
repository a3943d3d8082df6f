"""Bars from Dukascopy's public tick files: the index CFD, not the future.

Source of the format: `<INSTRUMENT>/<year>/<month from 00>/<day>/<hour>h_ticks.bi5`, LZMA of
20-byte big-endian records (milliseconds of the hour, ask, bid, ask volume, bid volume).
"""

import lzma
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from mlplatform.adapters.bars.network.answers import complete_bars
from mlplatform.adapters.bars.network.download import utc_now
from mlplatform.adapters.bars.network.http import Get, http_get
from mlplatform.adapters.bars.network.pacing import Clock
from mlplatform.adapters.bars.network.port import Pace, Request, Span, TransientError
from mlplatform.adapters.bars.network.spans import fixed_cells
from mlplatform.domain.errors import InputError
from mlplatform.domain.series import Series
from mlplatform.domain.tables import RAW_BARS

_INDEX = {"ES": "USA500.IDX", "MES": "USA500.IDX", "NQ": "USATECH.IDX", "MNQ": "USATECH.IDX"}
_UNITS_PER_POINT = 1000
_TICK = np.dtype(
    [("ms", ">u4"), ("ask", ">u4"), ("bid", ">u4"), ("ask_volume", ">f4"), ("bid_volume", ">f4")]
)
_HOUR = timedelta(hours=1)
_LARGEST_BYTES = 64 * 2**20
_SATURDAY = 5


@dataclass(frozen=True)
class DukascopySettings:
    """Where the tick files lie; a mirror of the same layout may be named."""

    url: str = field(default="https://datafeed.dukascopy.com/datafeed", repr=False)


class DukascopyBars:
    """Bars of mid prices, one request per hour of ticks."""

    kind = "dukascopy"
    vendor = "Dukascopy"
    pace = Pace(min_interval_s=0.2, max_per_window=600, window_s=300.0)
    settle = timedelta(hours=3)

    def __init__(
        self,
        series: Series,
        settings: DukascopySettings | None = None,
        clock: Clock = utc_now,
        get: Get = http_get,
    ) -> None:
        symbol, seconds = series.instrument.symbol, series.timeframe.seconds
        if symbol not in _INDEX:
            raise InputError(f"Dukascopy has no index of {symbol}: use one of {', '.join(_INDEX)}.")
        if seconds > 3600 or 3600 % seconds:
            raise InputError(
                f"Dukascopy's ticks come by the hour, {series.timeframe.name} does not divide it: "
                "take a timeframe such as 1m, 5m or 1h and resample."
            )
        self.series = series
        self._settings = settings or DukascopySettings()
        self._clock = clock
        self._get = get
        self._index = _INDEX[symbol]
        self.note: str | None = (
            f"Mid prices of the CFD {self._index} at Dukascopy, not of the future {symbol}: they "
            "differ by the basis, and volume is the CFD's quoted liquidity, not contracts."
        )

    def requests(self, wanted: Span) -> list[Request]:
        """One per hour; none for Saturdays (UTC), on which nothing trades."""
        return [
            Request(cell.first, cell.last)
            for cell in _hours(wanted)
            if cell.first.weekday() != _SATURDAY
        ]

    def offered_from(self, now: datetime) -> datetime | None:  # noqa: ARG002
        """Not known: an hour without a file is told as missing."""
        return None

    def fetch(self, request: Request) -> pl.DataFrame:
        """The bars of one hour; table `raw_bars`."""
        body = self._get(self._address(request.first))
        ticks = np.empty(0, _TICK) if not body else read_ticks(body)
        bars = aggregate(ticks, request.first, self.series.timeframe.delta)
        return complete_bars(bars, request, self.series.timeframe, self._clock())

    def close(self) -> None:
        """Nothing is held open."""

    def _address(self, hour: datetime) -> str:
        root, name = self._settings.url.rstrip("/"), self._index.replace(".", "") + "USD"
        day = f"{hour.year}/{hour.month - 1:02d}/{hour.day:02d}"
        return f"{root}/{name}/{day}/{hour.hour:02d}h_ticks.bi5"


def _hours(wanted: Span) -> Iterator[Span]:
    return fixed_cells(wanted, _HOUR)


def read_ticks(body: bytes) -> np.ndarray:
    """The records of a .bi5 file; TransientError where it is cut or damaged."""
    reader = lzma.LZMADecompressor()
    try:
        raw = reader.decompress(body, max_length=_LARGEST_BYTES)
    except (lzma.LZMAError, EOFError):
        raise TransientError("a tick file that cannot be read") from None
    if not reader.eof and len(raw) >= _LARGEST_BYTES:
        raise InputError("Dukascopy's tick file is too large for one hour: check its address.")
    if not reader.eof or len(raw) % _TICK.itemsize:
        raise TransientError("a tick file that is cut off")
    ticks = np.frombuffer(raw, _TICK)
    if (ticks["ms"] >= _HOUR.total_seconds() * 1000).any():
        raise TransientError("a tick file with times outside of its hour")
    return ticks


def aggregate(ticks: np.ndarray, hour: datetime, length: timedelta) -> pl.DataFrame:
    """Bars of mid prices, points; `volume` is the sum of both sides' quoted liquidity.

    An interval without a tick has no bar.
    """
    ask, bid = ticks["ask"].astype(np.float64), ticks["bid"].astype(np.float64)
    start = ticks["ms"].astype(np.int64) * 1000 // (length // timedelta(microseconds=1))
    frame = pl.DataFrame(
        {
            "ts": start * (length // timedelta(microseconds=1)),
            "mid": (ask + bid) / (2 * _UNITS_PER_POINT),
            "liquidity": ticks["ask_volume"].astype(np.float64)
            + ticks["bid_volume"].astype(np.float64),
        }
    )
    bars = frame.group_by("ts", maintain_order=True).agg(
        open=pl.col("mid").first(),
        high=pl.col("mid").max(),
        low=pl.col("mid").min(),
        close=pl.col("mid").last(),
        volume=pl.col("liquidity").sum(),
    )
    first = pl.lit(hour).cast(RAW_BARS.schema["ts"])
    return bars.with_columns(ts=first + pl.duration(microseconds="ts"), contract=pl.lit(""))
