"""Bars as plain objects, with what the calendar and the windows say about each."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from mlplatform.execution import BarArrays, Limits

CHICAGO = ZoneInfo("America/Chicago")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAN = float("nan")
MINUTE_US = 60_000_000


@dataclass
class Bar:
    """One bar; a column that the arrays lack is NaN, or 0 for the ids."""

    index: int
    start_us: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    bid: float
    ask: float
    atr: float
    session: int
    contract: int
    last_of_session: bool = False
    last_of_contract: bool = False
    no_entry: bool = False

    def adverse(self, side: int) -> float:
        """The extreme that hurts a position of this side."""
        return self.low if side > 0 else self.high

    def favourable(self, side: int) -> float:
        """The extreme that a position of this side likes best."""
        return self.high if side > 0 else self.low


def bars_of(arrays: BarArrays, limits: Limits) -> list[Bar]:
    """The bars one by one, flagged as section "What goes in" and section "Windows" say."""

    def column(name: str, missing: float) -> list[float]:
        values = getattr(arrays, name)
        return [missing] * len(arrays.ts) if values is None else values.tolist()

    names = ("open", "high", "low", "close", "volume", "bid", "ask", "atr_points")
    columns = [column(name, NAN) for name in names]
    ids = [column("session_id", 0), column("contract_id", 0)]
    rows = zip(arrays.ts.tolist(), *columns, *ids, strict=True)
    bars = [Bar(index, *row) for index, row in enumerate(rows)]
    ends = column("session_end", NAN)
    _flag_last_bars(bars, timeframe_of(arrays), ends)
    _flag_windows(bars, timeframe_of(arrays), ends, limits)
    return bars


def timeframe_of(arrays: BarArrays) -> int:
    """As given, else the smallest step, in microseconds."""
    starts = arrays.ts.tolist()
    if arrays.timeframe_us or len(starts) < 2:
        return arrays.timeframe_us
    return min(after - before for before, after in pairwise(starts))


def _flag_last_bars(bars: list[Bar], timeframe_us: int, ends: list[float]) -> None:
    for bar, end in zip(bars, ends, strict=True):
        if bar.start_us + timeframe_us >= end:
            bar.last_of_session = True
    for bar, after in pairwise(bars):
        if after.session != bar.session:
            bar.last_of_session = True
        if after.contract != bar.contract:
            bar.last_of_contract = True


def _flag_windows(bars: list[Bar], timeframe_us: int, ends: list[float], limits: Limits) -> None:
    for bar, session_end in zip(bars, ends, strict=True):
        end_us = bar.start_us + timeframe_us
        if limits.windows and not any(_inside(end_us, *span) for span in limits.windows):
            bar.no_entry = True
        if limits.no_entry_minutes and session_end - end_us < limits.no_entry_minutes * MINUTE_US:
            bar.no_entry = True
        for ahead in bars[bar.index : bar.index + limits.no_entry_bars]:
            if ahead.session == bar.session and ahead.last_of_session:
                bar.no_entry = True


def _inside(moment_us: int, begin: str, end: str) -> bool:
    """Whether a moment lies in a span of Chicago time, its end excluded."""
    clock = (EPOCH + timedelta(microseconds=moment_us)).astimezone(CHICAGO).strftime("%H:%M:%S.%f")
    if begin < end:
        return begin <= clock < end
    return clock >= begin or clock < end
