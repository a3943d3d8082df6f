"""Bars from Interactive Brokers: per contract, front months by expiry, trades only."""

from datetime import UTC, datetime, timedelta

import polars as pl

from mlplatform.adapters.bars.network.answers import complete_bars
from mlplatform.adapters.bars.network.download import utc_now
from mlplatform.adapters.bars.network.ib_contracts import Quarterly, fronts_within
from mlplatform.adapters.bars.network.ib_gateway import (
    Connect,
    HistoryQuestion,
    IbGateway,
    IbSettings,
    connect_ib,
)
from mlplatform.adapters.bars.network.pacing import Clock
from mlplatform.adapters.bars.network.port import Pace, Request, Span, TransientError
from mlplatform.adapters.bars.network.spans import fixed_cells, trading_day_cells
from mlplatform.domain.errors import InputError
from mlplatform.domain.series import Series
from mlplatform.domain.tables import RAW_BARS
from mlplatform.market.sessions import session_calendar

_STEPS = {
    "1s": ("1 secs", "1800 S", 1800),
    "5s": ("5 secs", "3600 S", 3600),
    "10s": ("10 secs", "14400 S", 14400),
    "15s": ("15 secs", "14400 S", 14400),
    "30s": ("30 secs", "28800 S", 28800),
    "1m": ("1 min", "1 D", 1),
    "2m": ("2 mins", "1 D", 1),
    "3m": ("3 mins", "1 W", 7),
    "5m": ("5 mins", "1 W", 7),
    "10m": ("10 mins", "1 W", 7),
    "15m": ("15 mins", "1 W", 7),
    "20m": ("20 mins", "1 W", 7),
    "30m": ("30 mins", "1 M", 28),
    "1h": ("1 hour", "1 M", 28),
}
"""Timeframe: IB's bar size, the duration of one request, and the request's grid: seconds where
the duration is in seconds, else whole trading days. The longest steps that IB documents (TWS API,
"Historical Data Limitations", table of step sizes)."""
_ROOTS = ("ES", "MES", "NQ", "MNQ")
_RTH_OPEN, _RTH_CLOSE = timedelta(hours=8, minutes=30), timedelta(hours=16)
"""What IB calls liquid hours of these futures, Chicago."""


class IbBars:
    """Bars of each contract that may be the front month, as IB recorded its trades."""

    kind = "ib"
    vendor = "Interactive Brokers"
    # IB: fewer than six requests for a contract in 2 s, none identical within 15 s, at most 60 in
    # ten minutes. Two seconds are added, as IB counts when a request arrives.
    pace = Pace(min_interval_s=0.5, max_per_window=60, window_s=602.0, identical_s=16.0)
    settle = timedelta(minutes=30)

    def __init__(
        self,
        series: Series,
        settings: IbSettings | None = None,
        rth_only: bool = False,
        clock: Clock = utc_now,
        connect: Connect = connect_ib,
    ) -> None:
        if series.timeframe.name not in _STEPS:
            raise InputError(
                f"Interactive Brokers is not asked for bars of {series.timeframe.name}: use one of "
                f"{', '.join(_STEPS)}, and resample."
            )
        if series.instrument.symbol not in _ROOTS:
            raise InputError(
                f"The contracts of {series.instrument.symbol} are not known by rule: use one of "
                f"{', '.join(_ROOTS)}."
            )
        self.series = series
        self.note = "Regular trading hours only, as IB sets them." if rth_only else None
        self._rth_only = rth_only
        self._clock = clock
        self._gateway = IbGateway(settings or IbSettings(), connect)
        self._size, self._duration, self._step = _STEPS[series.timeframe.name]

    def requests(self, wanted: Span) -> list[Request]:
        """One per contract and cell of the grid; none where CME is closed all the time."""
        variant = "rth" if self._rth_only else ""
        planned = set()
        for contract in fronts_within(self.series.instrument.symbol, wanted):
            front = contract.front
            within = Span(max(wanted.first, front.first), min(wanted.last, front.last))
            for cell in _open_cells(self._cells(within), self._rth_only):
                planned.add(Request(cell.first, cell.last, contract.name, variant))
        return sorted(planned)

    def offered_from(self, now: datetime) -> datetime | None:  # noqa: ARG002
        """Not known without asking: it depends on the contract and on the login."""
        return None

    def fetch(self, request: Request) -> pl.DataFrame:
        """The bars of one contract in one cell; table `raw_bars`."""
        now = self._clock()
        # One second before the cell's end lies in the daily break: a duration in days then means
        # the sessions that ended, not the one that begins.
        end = "" if now < request.last else request.last - timedelta(seconds=1)
        question = HistoryQuestion(end, self._duration, self._size, self._rth_only)
        bars = self._gateway.bars(self._contract(request), question)
        if any(not isinstance(bar.date, datetime) or bar.date.tzinfo is None for bar in bars):
            raise TransientError("bars without a time")
        frame = pl.DataFrame(
            {
                "ts": pl.Series([bar.date.astimezone(UTC) for bar in bars], dtype=_TIME),
                "contract": pl.Series([request.contract] * len(bars), dtype=pl.String),
            }
            | {
                name: pl.Series([float(getattr(bar, name)) for bar in bars], dtype=pl.Float64)
                for name in ("open", "high", "low", "close", "volume")
            }
        ).with_columns(volume=pl.when(pl.col("volume") >= 0).then("volume"))  # -1: IB has none
        return complete_bars(frame, request, self.series.timeframe, now)

    def close(self) -> None:
        """Disconnect from TWS or IB Gateway."""
        self._gateway.close()

    def _cells(self, within: Span) -> list[Span]:
        if self._duration.endswith("S"):
            return list(fixed_cells(within, timedelta(seconds=self._step)))
        return list(trading_day_cells(within, self._step))

    def _contract(self, request: Request) -> Quarterly:
        fronts = fronts_within(self.series.instrument.symbol, request.span)
        return next(one for one in fronts if one.name == request.contract)


_TIME = RAW_BARS.schema["ts"]


def _open_cells(cells: list[Span], rth_only: bool) -> list[Span]:
    """The cells in which the exchange is open at some time; in regular hours where asked."""
    if not cells:
        return []
    first, last = cells[0].first.date(), cells[-1].last.date() + timedelta(days=1)
    sessions = session_calendar(first, last)
    if rth_only:
        day = pl.col("session_date").cast(pl.Datetime("us"))
        opens, closes = (
            (day + at).dt.replace_time_zone("America/Chicago").dt.convert_time_zone("UTC")
            for at in (_RTH_OPEN, _RTH_CLOSE)
        )
        sessions = sessions.with_columns(
            session_start=opens, session_end=pl.min_horizontal(closes, "session_end")
        ).filter(pl.col("session_start") < pl.col("session_end"))
    frame = pl.DataFrame(
        {"first": [cell.first for cell in cells], "last": [cell.last for cell in cells]},
        schema={"first": _TIME, "last": _TIME},
    )
    # The first session that ends after a cell's start has begun before the cell's end.
    joined = frame.sort("first").join_asof(
        sessions.sort("session_end"),
        left_on="first",
        right_on="session_end",
        strategy="forward",
        allow_exact_matches=False,
    )
    is_open = (joined["session_start"] < joined["last"]).fill_null(False)
    return [cell for cell, keep in zip(cells, is_open, strict=True) if keep]
