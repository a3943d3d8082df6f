"""Worlds into bars, and the truth behind them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from mlplatform.domain.schema import UTC_US
from mlplatform.domain.tables import RAW_BARS
from mlplatform.market.sessions import session_calendar
from mlplatform.synthetic.contracts import leading_contract
from mlplatform.synthetic.session import Carry, Cells, simulate_session
from mlplatform.synthetic.world import World

_ROLL_FRAC = 0.009
"""How much higher the next contract stands at a roll: a quarter of interest less dividends."""


@dataclass(frozen=True)
class Generated:
    """A world's bars, and what was hidden in them, row by row."""

    bars: pl.DataFrame
    """Table `raw_bars`."""
    truth: pl.DataFrame
    """`ts`, `busy`, `trend`; see `truth`."""


def generate(world: World) -> pl.DataFrame:
    """The world's bars, table `raw_bars`: every bar of every CME session, none missing.

    Prices in points on the instrument's tick grid, unadjusted: at a roll the new contract starts
    about 0.9 % above the old one. What is planted in price and volume is told by `Edge`; all else
    (volatility by hour of day, its clusters, fat tails, volume that follows volatility) is there
    to look like a market and predicts no direction. Needs no network and reads no clock.
    """
    return generate_with_truth(world).bars


def truth(world: World) -> pl.DataFrame:
    """What was hidden, one row per row of `generate`: `ts`, `busy`, `trend`.

    `busy` (Boolean) is the spell that the bar belongs to. `trend` (-1, 0, +1) is the sign of EMA 20
    minus EMA 50 after the bar's close, with or against which the next bar drifts. For judging
    what was found, never an input of a model.
    """
    return generate_with_truth(world).truth


def generate_with_truth(world: World) -> Generated:
    """`generate` and `truth` of one world, which is simulated once."""
    bars, hidden = [], []
    tick = world.instrument.tick_points
    for ts, contract, cells in _sessions(world):
        starts = np.arange(0, len(cells.open), world.cells_per_bar)
        ends = np.append(starts[1:], len(cells.open)) - 1
        columns = {
            "ts": ts,
            "open": cells.open[starts] * tick,
            "high": np.maximum.reduceat(cells.high, starts) * tick,
            "low": np.minimum.reduceat(cells.low, starts) * tick,
            "close": cells.close[ends] * tick,
            "volume": np.add.reduceat(cells.volume, starts),
        }
        bars.append(pl.DataFrame(columns).with_columns(contract=pl.lit(contract)))
        hidden.append(pl.DataFrame({"ts": ts, "busy": cells.busy, "trend": cells.trend}))
    table = _typed_time(pl.concat(bars)).with_row_index("row").pipe(RAW_BARS.frame)
    return Generated(table, _typed_time(pl.concat(hidden)))


def _sessions(
    world: World,
) -> Iterator[tuple[np.ndarray[tuple[int], np.dtype[np.int64]], str, Cells]]:
    """Bar starts (microseconds UTC), contract, and cells of each session, in order."""
    # More than seven calendar days for five sessions, and room for holidays.
    last = world.first_day + timedelta(days=world.sessions * 3 // 2 + 15)
    days = session_calendar(world.first_day, last).head(world.sessions)
    carry, contract, previous = Carry.start(world.first_price), "", None
    for number, (day, start, end) in enumerate(days.iter_rows()):
        leading = leading_contract(world.instrument.symbol, day)
        nights = (day - previous).days if previous else 1
        rolled = contract not in ("", leading)
        if rolled:
            carry = carry.rolled(_ROLL_FRAC)
        contract, previous = leading, day
        minutes = int((end - start).total_seconds()) // 60
        cells, carry = simulate_session(world, number, minutes, nights, carry)
        step = world.timeframe.seconds * 1_000_000
        ts = int(start.timestamp()) * 1_000_000 + np.arange(len(cells.busy)) * step
        yield ts, contract, cells


def _typed_time(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.from_epoch("ts", "us").cast(UTC_US))
