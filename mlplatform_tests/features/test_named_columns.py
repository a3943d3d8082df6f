"""Columns of the core set by name, worked out again in plain arithmetic at a few bars.

The formulas stand in the tests of their families on bars drawn by hand; here each stored column
is held against its name: the spans, the day, the side and the unit that it promises.
"""

import math
from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
import talib

from mlplatform.domain.series import Timeframe
from mlplatform.features.compute import compute_features
from mlplatform.features.sets import core_plan
from mlplatform.testing.bars import seeded_bars

BARS = seeded_bars(14)
FOUND = compute_features(core_plan(Timeframe("5m")), BARS)
DAY = BARS["session_date"]
LAST_DAY = int(DAY.search_sorted(DAY[-1]))
ROWS = {"night": LAST_DAY + 60, "morning": LAST_DAY + 200, "afternoon": LAST_DAY + 251}
SIDES = {"high": (np.max, 1), "low": (np.min, -1)}


class At:
    """The bars up to a row."""

    def __init__(self, row: int) -> None:
        self.row, self.bars = row, BARS[: row + 1]
        prices = (self.bars[name].to_numpy() for name in ("open", "high", "low", "close", "volume"))
        self.open, self.high, self.low, self.close, self.volume = prices
        self.steps = np.diff(self.close)
        self.atr = self.now("atr14")
        self.today = self.bars.filter(pl.col("session_date") == DAY[row])
        self.before = self.bars.filter(pl.col("session_date") < DAY[row])
        self.yesterday = self.day(1)

    def now(self, name: str, back: int = 0) -> Any:
        return FOUND[name][self.row - back]

    def day(self, back: int) -> pl.DataFrame:
        days = self.before["session_date"].unique().sort()
        return self.before.filter(pl.col("session_date") == days[-back])

    def in_atr(self, points: float | None) -> float | None:
        return None if points is None else points / self.atr


def of_price(at: At) -> dict[str, Any]:
    close = at.close
    found: dict[str, Any] = {
        f"move{n}_atr": at.in_atr(close[-1] - close[-1 - n]) for n in (1, 3, 10, 30, 60)
    }
    for n in (20, 60):
        drift = at.steps[-n:]
        found[f"momentum{n}"] = drift.mean() / (drift.std(ddof=1) / math.sqrt(n))
        top, bottom = at.high[-n:].max(), at.low[-n:].min()
        found[f"range_position{n}"] = -1 + 2 * (close[-1] - bottom) / (top - bottom)
    turn = (close[-1] - close[-11]) - (close[-11] - close[-21])
    found["acceleration10_atr"] = at.in_atr(turn)
    found["bar_gap_atr"] = at.in_atr(at.open[-1] - close[-2])
    return found


def of_the_bar(at: At) -> dict[str, Any]:
    height = at.high[-1] - at.low[-1]
    shared = min(at.high[-2:]) - max(at.low[-2:])
    return {
        "bar_range_atr": at.in_atr(height),
        "body_frac": (at.close[-1] - at.open[-1]) / height,
        "overlap_frac": max(shared, 0) / (max(at.high[-2:]) - min(at.low[-2:])),
    }


def of_steps(at: At) -> dict[str, Any]:
    last, before = at.steps[-60:], at.steps[-61:-1]
    off = last - last.mean()
    covariance = (last * before).mean() - last.mean() * before.mean()
    hundred, fives = at.steps[-100:], (at.close[5:] - at.close[:-5])[-100:]
    path = np.abs(at.steps[-20:]).sum()
    spread = 2 * math.sqrt(-covariance) if covariance < 0 else None
    return {
        "change_skewness60": (off**3).mean() / (off**2).mean() ** 1.5,
        "change_kurtosis60": (off**4).mean() / (off**2).mean() ** 2 - 3,
        "efficiency20": (at.close[-1] - at.close[-21]) / path,
        "variance_ratio5": fives.var(ddof=1) / (5 * hundred.var(ddof=1)),
        "step_correlation60": covariance / last.var(),
        "roll_spread60_atr": at.in_atr(spread),
    }


def of_pullbacks(at: At) -> dict[str, Any]:
    found = {}
    for side, (extreme, sign) in SIDES.items():
        prices = getattr(at, side)[-21:]
        depth = sign * (extreme(prices) - at.close[-1]) / at.atr
        since = int(np.argmax(prices[::-1] == extreme(prices)))
        found[f"pullback_from_{side}20_atr"] = depth
        found[f"bars_since_{side}20"] = since
        found[f"pullback_speed_from_{side}20"] = depth / max(since, 1)
    return found


def levels(at: At) -> dict[str, float | None]:
    """Prices on the chart."""
    monday = DAY[at.row] - timedelta(days=DAY[at.row].weekday())
    last_week = pl.col("session_date").is_between(monday - timedelta(days=7), monday, closed="left")
    periods = {
        "previous": at.yesterday,
        "previous_rth": at.yesterday.filter(pl.col("session") == "rth"),
        "previous_week": at.before.filter(last_week),
    }
    found: dict[str, float | None] = {}
    for name, bars in periods.items():
        found[f"{name}_high"], found[f"{name}_low"] = bars["high"].max(), bars["low"].min()
        found[f"{name}_close"] = bars["close"][-1]
    regular = at.today.filter(pl.col("session") == "rth")
    night = at.today.filter(pl.col("session") != "rth")
    is_open, first = regular.height > 0, regular.head(6)  # six bars are half an hour
    found["rth_open"] = regular["open"][0] if is_open else None
    for side, extreme in (("high", pl.Series.max), ("low", pl.Series.min)):
        found[f"overnight_{side}"] = extreme(night[side]) if is_open else None
        found[f"opening_range_{side}"] = extreme(first[side]) if regular.height > 6 else None
    return found


def of_levels(at: At) -> dict[str, Any]:
    known = levels(at)
    prices = {**known, "swing_high": at.now("swing_high"), "swing_low": at.now("swing_low")}
    gaps = {
        f"{name}_gap_atr": at.in_atr(None if level is None else at.close[-1] - level)
        for name, level in prices.items()
    }
    top, bottom = at.high[-21:-1].max(), at.low[-21:-1].min()
    return {
        **known,
        **gaps,
        "session_open_gap_atr": at.in_atr(at.close[-1] - at.today["open"][0]),
        "range_width20_atr": at.in_atr(top - bottom),
        "swing_leg_atr": at.in_atr(at.now("swing_high") - at.now("swing_low")),
    }


def of_swings(at: At) -> dict[str, Any]:
    found = {}
    for side, (_, sign) in SIDES.items():
        price = sign * getattr(at, side)
        turns = (
            row
            for row in range(at.row - 3, 3, -1)
            if price[row] >= price[row + 1 : row + 4].max()
            and price[row] > price[row - 3 : row].max()
        )
        turn = next(turns)
        found[f"bars_since_swing_{side}"] = at.row - turn
        found[f"swing_{side}"] = sign * price[turn]
    return found


def of_gaps(at: At) -> dict[str, Any]:
    """The last fair-value gap of each side, while no price has come to its far edge."""
    found = {}
    for side, near, far, sign in (("up", "low", "high", 1), ("down", "high", "low", -1)):
        edge, price = sign * getattr(at, near), sign * getattr(at, far)
        atr = FOUND["atr14"].to_numpy()
        made = (row for row in range(at.row, at.row - 121, -1) if is_gap(edge, price, atr, row))
        row = next(made, None)
        is_open = row is not None and edge[row:].min() > price[row - 2]
        distance = at.close[-1] - sign * edge[row] if is_open else None
        found[f"fair_value_gap_{side}_atr"] = at.in_atr(distance)
    return found


def is_gap(near: Any, far: Any, atr: Any, row: int) -> bool:
    return near[row] - far[row - 2] > 0.25 * atr[row]


def of_averages(at: At) -> dict[str, Any]:
    line = talib.MACD(at.close, 12, 26, 9)[0][-1]
    return {
        "ema20_gap_atr": at.in_atr(at.close[-1] - talib.EMA(at.close, 20)[-1]),
        "ema50_gap_atr": at.in_atr(at.close[-1] - talib.EMA(at.close, 50)[-1]),
        "ema20_slope_atr": at.in_atr(at.now("ema20") - at.now("ema20", 5)),
        "macd_line_atr": at.in_atr(line),
        "bollinger_width20_atr": at.in_atr(4 * at.close[-20:].std()),
    }


def of_volatility(at: At) -> dict[str, Any]:
    reach = np.maximum(at.high[1:], at.close[:-1]) - np.minimum(at.low[1:], at.close[:-1])
    fifty, fourteen = reach[-50:], reach[-14:]
    height = at.high[-14:].max() - at.low[-14:].min()
    return {
        "volatility_of_volatility50": fifty.std(ddof=1) / fifty.mean(),
        "choppiness14": 100 * math.log10(fourteen.sum() / height) / math.log10(14),
    }


def of_days(at: At) -> dict[str, Any]:
    days = [at.day(back) for back in range(6, 0, -1)]
    quotes = [(day["high"].max(), day["low"].min(), day["close"][-1]) for day in days]
    ranges = [
        max(high, before) - min(low, before) for (_, _, before), (high, low, _) in pairwise(quotes)
    ]
    return {"days_move5": (at.close[-1] - quotes[1][2]) / np.mean(ranges)}


def of_the_vwap(at: At) -> dict[str, Any]:
    typical = ((at.today["high"] + at.today["low"] + at.today["close"]) / 3).to_numpy()
    volume = at.today["volume"].to_numpy()
    mean = np.average(typical, weights=volume)
    deviation = math.sqrt(np.average((typical - mean) ** 2, weights=volume))
    sides = (("upper", 1), ("lower", -1))
    return {f"vwap_{side}{k}": mean + s * k * deviation for side, s in sides for k in (1, 2)}


def of_liquidity(at: At) -> dict[str, Any]:
    returns = np.abs(np.diff(np.log(at.close)))
    impact = returns / (at.close[1:] * at.volume[1:])
    means = np.convolve(impact, np.full(20, 1 / 20), "valid")
    return {"illiquidity": math.log(means[-1] / means[-5 * 276 :].mean())}


FAMILIES = (
    of_price,
    of_the_bar,
    of_steps,
    of_pullbacks,
    of_levels,
    of_swings,
    of_gaps,
    of_averages,
    of_volatility,
    of_days,
    of_the_vwap,
    of_liquidity,
)


@pytest.mark.parametrize("when", ROWS)
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_a_column_is_what_its_name_says(family, when):
    at = At(ROWS[when])
    expected = family(at)
    found = {name: at.now(name) for name in expected}
    assert found == {
        name: None if value is None else pytest.approx(value, rel=1e-7, abs=1e-9)
        for name, value in expected.items()
    }


def test_the_bars_looked_at_know_what_the_columns_need():
    known = {name: [FOUND[name][row] for row in ROWS.values()] for name in FOUND.columns}
    assert [value is None for value in known["opening_range_high"]] == [True, False, False]
    assert all(any(v is not None for v in values) for values in known.values())
