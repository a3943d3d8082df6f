"""Bars as NumPy arrays: what the simulation walks over."""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlplatform.domain.errors import InputError
from mlplatform.domain.series import Timeframe
from mlplatform.execution.codes import BarFlag

Floats = NDArray[np.float64]
_NONE = np.full(1, np.nan)
_PRICES = ("open", "high", "low", "close")


class BarColumns(NamedTuple):
    """What the compiled step reads; optional columns have length one and hold NaN.

    Without finer bars `finer_begin` and `finer_end` are empty.
    """

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    bid: Floats
    ask: Floats
    atr_points: Floats
    session_id: NDArray[np.int32]
    flags: NDArray[np.int32]
    finer_begin: NDArray[np.int32]
    finer_end: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class BarArrays:
    """Bars of one series in time order; every array has shape (n_bars,).

    `ts` is the bar's start in microseconds UTC. `session_id` changes at each CME trading day,
    `contract_id` at each roll. `session_end` (microseconds) is the scheduled end of the session;
    without it the last bar of the data is not known to end one. `bid` and `ask` are closing
    quotes, `atr_points` is an ATR known at the bar's end: both only where a rule needs them.
    Raises InputError that names the row for prices that are not finite or contradict each other,
    and for timestamps that are unsorted or duplicate.
    """

    ts: NDArray[np.int64]
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats | None = None
    session_id: NDArray[np.int32] | None = None
    contract_id: NDArray[np.int32] | None = None
    session_end: NDArray[np.int64] | None = None
    bid: Floats | None = None
    ask: Floats | None = None
    atr_points: Floats | None = None
    timeframe_us: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray) and len(value) != len(self.ts):
                raise InputError(
                    f"Bars: '{field.name}' has {len(value)} rows where ts has {len(self.ts)}."
                )
        _check_order(self.ts)
        _check_prices(self)

    @classmethod
    def from_frame(cls, bars: pl.DataFrame, timeframe: Timeframe | None = None) -> "BarArrays":
        """Arrays of a frame of table BARS; columns beside ts and the prices may be absent.

        `bid`, `ask` and `atr_points` are read where the frame has them. The timeframe is the
        smallest step of ts where it is not given.
        """
        ts = _column(bars, "ts", pl.Datetime("us", "UTC")).to_physical().to_numpy()
        optional: dict[str, Any] = {
            name: _floats(bars, name)
            for name in ("volume", "bid", "ask", "atr_points")
            if name in bars.columns
        }
        if "session_date" in bars.columns:
            optional["session_id"] = _column(bars, "session_date", pl.Date).to_physical().to_numpy()
        if "session_end" in bars.columns:
            end = _column(bars, "session_end", pl.Datetime("us", "UTC"))
            optional["session_end"] = end.to_physical().to_numpy()
        if "contract" in bars.columns:
            optional["contract_id"] = bars["contract"].rle_id().cast(pl.Int32).to_numpy()
        if timeframe is not None:
            optional["timeframe_us"] = timeframe.seconds * 1_000_000
        return cls(ts, *(_floats(bars, name) for name in _PRICES), **optional)  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(self.ts)

    def rows(self, first: int, last: int) -> "BarArrays":
        """Bars first..last-1; the timeframe stays known."""
        arrays = {
            field.name: value[first:last]
            for field in fields(self)
            if isinstance(value := getattr(self, field.name), np.ndarray)
        }
        return BarArrays(**arrays, timeframe_us=self.step_us)

    @cached_property
    def step_us(self) -> int:
        """A bar's length in microseconds: as given, else the smallest step of ts (one bar: 0)."""
        if self.timeframe_us or len(self) < 2:
            return self.timeframe_us
        return int(np.diff(self.ts).min())

    @cached_property
    def calendar_flags(self) -> NDArray[np.int32]:
        """SESSION_LAST and CONTRACT_LAST of each bar.

        A bar is the last of its session where the next bar belongs to another one, or where it
        reaches the scheduled end. The last bar of the data ends no contract.
        """
        flags = np.zeros(len(self), np.int32)
        if self.session_id is not None:
            flags[:-1] |= (np.diff(self.session_id) != 0) * np.int32(BarFlag.SESSION_LAST)
        if self.session_end is not None and self.step_us:
            reached = self.ts + self.step_us >= self.session_end
            flags |= reached * np.int32(BarFlag.SESSION_LAST)
        if self.contract_id is not None:
            rolls = np.diff(self.contract_id) != 0
            flags[:-1] |= rolls * np.int32(BarFlag.CONTRACT_LAST)
        return flags

    def columns(self, flags: NDArray[np.int32]) -> BarColumns:
        """The arrays in the order that the compiled step expects."""
        session = np.zeros(1, np.int32) if self.session_id is None else self.session_id
        floats = {
            name: _NONE if (value := getattr(self, name)) is None else _contiguous(value)
            for name in (*_PRICES, "volume", "bid", "ask", "atr_points")
        }
        return BarColumns(
            **floats,
            session_id=np.ascontiguousarray(session, np.int32),
            flags=flags,
            finer_begin=np.empty(0, np.int32),
            finer_end=np.empty(0, np.int32),
        )


def _contiguous(values: Floats) -> Floats:
    return np.ascontiguousarray(values, np.float64)


def _column(bars: pl.DataFrame, name: str, dtype: pl.DataType | type[pl.DataType]) -> pl.Series:
    if name not in bars.columns:
        raise InputError(f"Bars lack the column '{name}'.")
    values = bars[name]
    if values.null_count():
        raise InputError(
            f"Bars: '{name}' is missing in row {int(values.is_null().arg_max() or 0)}."
        )
    return values.cast(dtype)


def _floats(bars: pl.DataFrame, name: str) -> Floats:
    if name not in bars.columns:
        raise InputError(f"Bars lack the column '{name}'.")
    values = bars[name].cast(pl.Float64)
    return (values.fill_null(float("nan")) if values.null_count() else values).to_numpy()


def _check_order(ts: NDArray[np.int64]) -> None:
    steps = np.diff(ts)
    if len(steps) and steps.min() <= 0:
        row = int(np.argmax(steps <= 0)) + 1
        what = "repeats" if steps[row - 1] == 0 else "is earlier than"
        raise InputError(f"Bars: the timestamp of row {row} {what} that of row {row - 1}.")


def _check_prices(bars: BarArrays) -> None:
    for name in _PRICES:
        finite = np.isfinite(getattr(bars, name))
        if not finite.all():
            raise InputError(f"Bars: '{name}' of row {int(np.argmin(finite))} is not a number.")
    wrong = (bars.high < np.maximum(bars.open, bars.close)) | (
        bars.low > np.minimum(bars.open, bars.close)
    )
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(f"Bars: row {row} has an open or close outside its high and low.")
