"""A slow, plain rendering of the two setups, their ATR bracket and its costs: for these tests."""

from dataclasses import dataclass

import numpy as np
import polars as pl
import talib

from mlplatform.market.sessions import label_sessions

STOP_ATR, TARGET_ATR = 1.5, 2.0
TICK, POINT_USD, COMMISSION_USD = 0.25, 5.0, 0.62


@dataclass(frozen=True)
class Outcomes:
    """One entry per candidate."""

    bar: np.ndarray
    side: np.ndarray
    r: np.ndarray
    relative_volume: np.ndarray
    """Volume of the last three bars per its mean at that minute in the five sessions before."""


def outcomes_of(raw: pl.DataFrame) -> Outcomes:
    """The candidates of both setups in regular hours, and what the static bracket made of them."""
    bars = label_sessions(raw)
    usual = pl.col("recent").shift(1).rolling_mean(5).over("minute_of_session")
    bars = bars.with_columns(recent=pl.col("volume").rolling_mean(3)).with_columns(
        relative=pl.col("recent") / usual
    )
    o, h, low, c = (bars[name].to_numpy() for name in ("open", "high", "low", "close"))
    day = bars["session_date"].to_physical().to_numpy()
    rth = (bars["session"] == "rth").to_numpy()
    atr = talib.ATR(h, low, c, 14)
    is_last = np.append(day[1:] != day[:-1], True)
    signal = np.where(rth, _pullback(h, low, c), 0)
    signal = np.where(signal == 0, _retest(h, low, c, day, rth), signal)
    signal[bars["contract"].shift(1, fill_value="").ne(bars["contract"]).to_numpy()] = 0
    signal[np.isnan(atr) | is_last | np.isnan(bars["relative"].fill_null(np.nan).to_numpy())] = 0
    found = np.flatnonzero(signal)
    r = [_bracket(o, h, low, c, is_last, int(i), int(signal[i]), atr[i]) for i in found]
    return Outcomes(found, signal[found], np.array(r), bars["relative"].to_numpy()[found])


def _pullback(h, low, c):
    fast, slow = talib.EMA(c, 20), talib.EMA(c, 50)
    long = (fast > slow) & (low <= fast) & (c > fast) & np.append(False, low[:-1] > fast[:-1])
    short = (fast < slow) & (h >= fast) & (c < fast) & np.append(False, h[:-1] < fast[:-1])
    return long.astype(int) - short.astype(int)


def _retest(h, low, c, day, rth):
    """First bar back at the broken edge of the first 30 regular minutes that closes beyond it."""
    signal = np.zeros(len(c), dtype=int)
    regular_bars = np.flatnonzero(rth)
    breaks = np.flatnonzero(np.diff(day[regular_bars])) + 1
    for regular in np.split(regular_bars, breaks):
        opening, rest = regular[:6], regular[6:]
        top, bottom = h[opening].max(initial=0.0), low[opening].min(initial=np.inf)
        away = 0
        for i in rest:
            if away == 1 and low[i] <= top < c[i]:
                signal[i], away = 1, 0
            elif away == -1 and h[i] >= bottom > c[i]:
                signal[i], away = -1, 0
            elif low[i] > top:
                away = 1
            elif h[i] < bottom:
                away = -1
    return signal


def _bracket(o, h, low, c, is_last, signal_bar, side, atr):
    """Result in R: entry at the next open, stop before target, flat at the session's end."""
    entry = o[signal_bar + 1] + side * TICK
    stop, target = entry - side * STOP_ATR * atr, entry + side * TARGET_ATR * atr
    for i in range(signal_bar + 1, len(o)):
        worst, best = (low[i], h[i]) if side > 0 else (h[i], low[i])
        if side * (worst - stop) <= 0:
            leave = side * min(side * stop, side * o[i]) - side * TICK
            break
        if side * (best - target) >= TICK:
            leave = target
            break
        if is_last[i]:
            leave = c[i] - side * TICK
            break
    net_usd = side * (leave - entry) * POINT_USD - 2 * COMMISSION_USD
    return net_usd / (STOP_ATR * atr * POINT_USD)
