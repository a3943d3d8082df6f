"""Bars for tests: seeded sessions that look like a market, and tiny ones drawn by hand."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import polars as pl

from mlplatform.domain.series import Series
from mlplatform.domain.tables import RAW_BARS
from mlplatform.market.validation import validate
from mlplatform.synthetic.generation import generate
from mlplatform.synthetic.world import demo_world

_CHICAGO = ZoneInfo("America/Chicago")
Price = float | tuple[float, float, float, float]
"""One price for the whole bar, or open, high, low, close."""


@lru_cache(maxsize=8)
def seeded_bars(
    sessions: int = 20,
    timeframe: str = "5m",
    seed: int = 7,
    first_day: str = "2025-01-02",
    strength: str = "modest",
) -> pl.DataFrame:
    """Valid bars (table `bars`) of a synthetic MES world: the same arguments, the same bars.

    The world rolls its contract on the Monday of each quarterly expiry week (2025-03-17 first).
    """
    world = replace(
        demo_world(timeframe=timeframe, seed=seed, strength=strength),
        sessions=sessions,
        first_day=datetime.fromisoformat(first_day).date(),
    )
    return validate(generate(world)).bars


def chicago(text: str) -> datetime:
    """A Chicago wall-clock time such as "2025-06-02 08:30", in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=_CHICAGO).astimezone(UTC)


def raw_bars(
    start: str,
    prices: Sequence[Price],
    minutes: float = 5,
    volumes: Sequence[float | None] | float | None = 100.0,
    contract: str = "MESM5",
) -> pl.DataFrame:
    """Drawn bars of table `raw_bars`, one after the other from a Chicago time on."""
    quotes = [price if isinstance(price, tuple) else (price,) * 4 for price in prices]
    first, step = chicago(start), timedelta(minutes=minutes)
    volume = volumes if isinstance(volumes, Sequence) else [volumes] * len(quotes)
    return RAW_BARS.frame(
        {
            "ts": pl.Series([first + step * i for i in range(len(quotes))], dtype=RAW_TIME),
            "open": [float(quote[0]) for quote in quotes],
            "high": [float(quote[1]) for quote in quotes],
            "low": [float(quote[2]) for quote in quotes],
            "close": [float(quote[3]) for quote in quotes],
            "volume": pl.Series(volume, dtype=pl.Float64),
            "contract": [contract] * len(quotes),
            "row": range(len(quotes)),
        }
    )


RAW_TIME = RAW_BARS.schema["ts"]


def drawn_bars(
    start: str,
    prices: Sequence[Price],
    minutes: float = 5,
    volumes: Sequence[float | None] | float | None = 100.0,
    contract: str = "MESM5",
) -> pl.DataFrame:
    """`raw_bars` as valid bars (table `bars`); AssertionError where a drawn bar is not valid."""
    checked = validate(raw_bars(start, prices, minutes, volumes, contract))
    assert checked.quarantined.is_empty(), checked.quarantined
    return checked.bars


def joined(*parts: pl.DataFrame) -> pl.DataFrame:
    """Parts one after the other, rows numbered anew."""
    whole = pl.concat(parts)
    return whole.with_columns(row=pl.int_range(whole.height, dtype=pl.Int64))


MES_5M = Series.parse("MES-5m")
"""The series of the seeded bars."""
