"""Bars from Dukascopy's public ticks: the index CFD, not the future."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

import polars as pl

from mlplatform.adapters.bars.network.answers import complete_bars
from mlplatform.adapters.bars.network.download import utc_now
from mlplatform.adapters.bars.network.dukascopy_ticks import aggregate, read_bi5, read_json
from mlplatform.adapters.bars.network.http import Get, http_get
from mlplatform.adapters.bars.network.pacing import Clock
from mlplatform.adapters.bars.network.port import Pace, Request, Span
from mlplatform.adapters.bars.network.spans import fixed_cells
from mlplatform.domain.errors import InputError
from mlplatform.domain.series import Series

_INDEX = {"ES": "USA500.IDX", "MES": "USA500.IDX", "NQ": "USATECH.IDX", "MNQ": "USATECH.IDX"}
_HOUR = timedelta(hours=1)
_SATURDAY = 5
_ROOTS = {
    "bi5": "https://datafeed.dukascopy.com/datafeed",
    "json": "https://jetta.dukascopy.com/v1",
}


@dataclass(frozen=True)
class DukascopySettings:
    """Where to ask for ticks, empty for Dukascopy's own address, and in which form.

    In July 2026 users reported that the bi5 feed stopped answering; json is where they went.
    """

    url: str = field(default="", repr=False)
    form: Literal["bi5", "json"] = "bi5"

    @property
    def root(self) -> str:
        """The address below which the ticks lie."""
        return (self.url or _ROOTS[self.form]).rstrip("/")


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
            for cell in fixed_cells(wanted, _HOUR)
            if cell.first.weekday() != _SATURDAY
        ]

    def offered_from(self, now: datetime) -> datetime | None:  # noqa: ARG002
        """Not known: an hour without ticks is told as missing."""
        return None

    def fetch(self, request: Request) -> pl.DataFrame:
        """The bars of one hour; table `raw_bars`."""
        now, hour = self._clock(), request.first
        if self._settings.form == "json":
            ticks = read_json(self._get(self._json_address(hour, now)) or b"", hour)
        else:
            ticks = read_bi5(self._get(self._bi5_address(hour)) or b"")
        bars = aggregate(ticks, hour, self.series.timeframe.delta)
        return complete_bars(bars, request, self.series.timeframe, now)

    def close(self) -> None:
        """Nothing is held open."""

    def _bi5_address(self, hour: datetime) -> str:
        name = self._index.replace(".", "") + "USD"
        day = f"{hour.year}/{hour.month - 1:02d}/{hour.day:02d}"  # months from 00
        return f"{self._settings.root}/{name}/{day}/{hour.hour:02d}h_ticks.bi5"

    def _json_address(self, hour: datetime, now: datetime) -> str:
        root = f"{self._settings.root}/ticks/{self._index}-USD"
        if now < hour + _HOUR:
            return f"{root}?from={round(hour.timestamp() * 1000)}"
        return f"{root}/{hour.year}/{hour.month}/{hour.day}/{hour.hour}"
