"""Random bars, and finer bars that make them up."""

from typing import NamedTuple

import numpy as np

from mlplatform.execution import BarArrays
from mlplatform_tests.execution.reference.dice import Dice

MINUTE_US = 60_000_000
START_US = 1_730_561_400_000_000
"""2024-11-02 10:30 in Chicago; the clocks go back sixteen hours later."""
TICK = 0.25
MAX_BARS = 24


class Drawn(NamedTuple):
    """One bar: prices in ticks, and a die for the rarer things."""

    start_us: int
    open: int
    high: int
    low: int
    close: int
    session: int
    contract: int
    wick: int
    spread: int
    die: int


NEW_SESSION, NEW_CONTRACT, MISSING_MINUTE, LOCKED, NO_VOLUME, ZERO_VOLUME, GAP, NO_ATR = range(1, 9)
"""Faces of a bar's die; the others leave the bar as it is, opening at the last close."""


def drawn_bars(dice: Dice) -> list[Drawn]:
    """A walk in ticks with gaps, locked bars, zero ranges, sessions and rolls."""
    bars: list[Drawn] = []
    close, session, contract, now = 400, 0, 0, START_US
    for _ in range(dice.small(1, MAX_BARS)):
        gap, body = dice.small(-6, 6), dice.small(-9, 9)
        up, down, die = dice.small(0, 8), dice.small(0, 8), dice.small(0, 15)
        session += die == NEW_SESSION
        contract += die == NEW_CONTRACT
        now += MINUTE_US * (17 * 60 if die == NEW_SESSION else 1 + (die == MISSING_MINUTE))
        if die == LOCKED:
            body = up = down = 0
        begin = close + gap if 0 < die <= GAP else close
        close = begin + body
        high, low = max(begin, close) + up, min(begin, close) - down
        bars.append(Drawn(now, begin, high, low, close, session, contract, up, down % 3, die))
    return bars


def bar_arrays(dice: Dice, scheduled: bool = False) -> BarArrays:
    """The drawn bars; their sessions may have a scheduled end at or after their last bar."""
    bars = drawn_bars(dice)
    close = np.array([bar.close for bar in bars], np.float64) * TICK
    spread = np.array([bar.spread for bar in bars]) * TICK
    volume = {NO_VOLUME: np.nan, ZERO_VOLUME: 0.0}
    end = None
    if scheduled:
        last = {bar.session: bar.start_us for bar in bars}
        late = dice.small(0, 3) + 1
        end = np.array([last[bar.session] + late * MINUTE_US for bar in bars], np.int64)
    return BarArrays(
        np.array([bar.start_us for bar in bars], np.int64),
        np.array([bar.open for bar in bars]) * TICK,
        np.array([bar.high for bar in bars]) * TICK,
        np.array([bar.low for bar in bars]) * TICK,
        close,
        volume=np.array([volume.get(bar.die, 40.0 * bar.wick) for bar in bars]),
        session_id=np.array([bar.session for bar in bars], np.int32),
        contract_id=np.array([bar.contract for bar in bars], np.int32),
        session_end=end,
        bid=close - spread,
        ask=close + spread,
        atr_points=np.array([np.nan if b.die == NO_ATR else 0.3 * (1 + b.wick) for b in bars]),
        timeframe_us=MINUTE_US,
    )


def finer_bars(dice: Dice, bars: BarArrays) -> BarArrays:
    """Three bars of 20 seconds in most bars, high or low first; some make up another bar."""
    starts, rows = [], []
    columns = (bars.ts, bars.open, bars.high, bars.low, bars.close)
    for start, begin, high, low, end in zip(*columns, strict=True):
        turns = (low, high) if dice.pick(False, True) else (high, low)
        middle = dice.mostly(turns[0], float(round((high + low) / 2 / TICK) * TICK))
        roll = dice.mostly(0, 1, 2, 3)
        if roll == 1:
            continue
        parts = [(begin, turns[0]), (middle, turns[1]), (turns[1], end)]
        for number, (first, last) in enumerate(parts):
            top, bottom = max(first, last), min(first, last)
            top += TICK * (roll == 2 and number == 1)
            if roll == 3 and number == 0:
                continue
            starts.append(start + number * MINUTE_US // 3)
            rows.append((first, top, bottom, last))
    prices = np.array(rows, np.float64).reshape(-1, 4).T
    return BarArrays(
        np.array(starts, np.int64),
        *prices,
        volume=np.arange(len(rows)) * 7.0 % 50,
        bid=prices[3] - TICK,
        ask=prices[3] + TICK,
        timeframe_us=MINUTE_US // 3,
    )
