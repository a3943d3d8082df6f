"""When entries may be decided: trading windows in exchange time, and the end of the session."""

from datetime import time

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlplatform.domain.errors import InputError
from mlplatform.execution.bars import BarArrays
from mlplatform.execution.codes import BarFlag
from mlplatform.execution.rules import Limits

EXCHANGE_ZONE = "America/Chicago"
_MINUTE_US = 60_000_000


def bar_flags(bars: BarArrays, limits: Limits) -> NDArray[np.int32]:
    """The calendar's flags of each bar, and NO_ENTRY where the limits forbid a decision.

    A decision counts at its bar's end. Raises InputError where a limit needs what the bars lack.
    """
    flags = bars.calendar_flags
    if not (limits.windows or limits.no_entry_minutes or limits.no_entry_bars):
        return flags
    closed = np.zeros(len(bars), bool)
    if limits.windows:
        closed |= ~_inside_windows(bars, limits.windows)
    if limits.no_entry_minutes:
        if bars.session_end is None or not bars.step_us:
            raise InputError("no_entry_minutes needs bars with session_end and a known timeframe.")
        left = bars.session_end - (bars.ts + bars.step_us)
        closed |= left < limits.no_entry_minutes * _MINUTE_US
    if limits.no_entry_bars:
        closed |= _near_session_last(flags, limits.no_entry_bars)
    return flags | closed * np.int32(BarFlag.NO_ENTRY)


def _inside_windows(bars: BarArrays, windows: tuple[tuple[str, str], ...]) -> NDArray[np.bool_]:
    if not bars.step_us:
        raise InputError("Trading windows need bars with a known timeframe.")
    ends = pl.Series(bars.ts + bars.step_us).cast(pl.Datetime("us", "UTC"))
    local = ends.dt.convert_time_zone(EXCHANGE_ZONE)
    second = (
        local.dt.hour().cast(pl.Int32) * 3600
        + local.dt.minute().cast(pl.Int32) * 60
        + local.dt.second().cast(pl.Int32)
    ).to_numpy()
    inside = np.zeros(len(bars), bool)
    for first, last in windows:
        begin, end = _seconds(first), _seconds(last)
        if begin <= end:
            inside |= (second >= begin) & (second < end)
        else:
            inside |= (second >= begin) | (second < end)
    return inside


def _seconds(text: str) -> int:
    try:
        clock = time.fromisoformat(text)
    except ValueError:
        raise InputError(f"'{text}' is no exchange time: write it like 08:30.") from None
    return clock.hour * 3600 + clock.minute * 60 + clock.second


def _near_session_last(flags: NDArray[np.int32], bars_before: int) -> NDArray[np.bool_]:
    """Whether a bar is the last of its session, or one of the `bars_before - 1` before it."""
    is_last = (flags & BarFlag.SESSION_LAST) != 0
    near: NDArray[np.bool_] = is_last.copy()
    for shift in range(1, min(bars_before, len(flags))):
        near[:-shift] |= is_last[shift:]
    return near
