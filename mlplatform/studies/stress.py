"""The stress workload: one plain strategy over a long history, every stage timed.

The rules are fixed so that other frameworks can be held against it: EMA 20 and 50, RSI 14 and ATR
14 (TA-Lib) on the bars, EMA 50 and ADX 14 on 30-minute bars joined as-of; long where EMA 20 is
above EMA 50 and RSI above 50 plus the band, short mirrored, never in the first 200 bars; entry at
the next open, stop and target in ATR of the signal bar, one position at a time, no costs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import talib
from numpy.typing import NDArray

from mlplatform.domain.errors import InputError
from mlplatform.domain.tables import DAILY_EQUITY
from mlplatform.execution import BarArrays, Orders, Rules, Simulation, simulate
from mlplatform.metrics.summary import Summary, summarise

Floats = NDArray[np.float64]
WARM_UP_BARS = 200
WARM_RUNS = 3
INFORMATIVE_US = 30 * 60 * 1_000_000
CAPITAL_USD = 50_000.0
COLUMNS = ("ts", "open", "high", "low", "close")
# The day begins at 22:00 UTC, close to the exchange's 17:00 Chicago, without a calendar.
_DAY_SHIFT = pl.duration(hours=2)


@dataclass(frozen=True)
class StressSettings:
    """Parameters of the strategy; the defaults give the published figures."""

    rsi_band: float = 8.5
    stop_atr: float = 1.5
    target_atr: float = 2.0


@dataclass(frozen=True)
class StressResult:
    """Figures of the workload; `stages_s` in seconds, in order. None where nothing was traded."""

    bars: int
    signals: int
    trades: int
    net_points: float
    win_rate: float | None
    profit_factor: float | None
    stages_s: dict[str, float]
    summary: Summary

    def figures(self) -> dict[str, Any]:
        """The figures under the names that the command prints."""
        names = ("signals", "trades", "net_points", "win_rate", "profit_factor")
        return {name: getattr(self, name) for name in names}


def run_stress(
    load: Callable[[], pl.DataFrame],
    settings: StressSettings,
    timer: Callable[[], float],
) -> StressResult:
    """Run the workload on the frame that `load` gives; `timer` gives seconds.

    The frame needs ts (UTC microseconds) and the prices, in order of time. Raises InputError that
    names a column or row that cannot be used.
    """
    stages: dict[str, float] = {}
    last = timer()

    def note(stage: str) -> None:
        nonlocal last
        now = timer()
        stages[stage], last = now - last, now

    frame = load()
    bars = arrays_of(frame)
    note("load")
    informative_columns(bars)
    note("informative_timeframe")
    features = feature_columns(bars)
    note("features")
    orders = signal_orders(features, settings)
    note("signals")
    rules = Rules(tick_points=None, limit_through_ticks=0.0, flatten_at_session_end=False)
    simulation = simulate(bars, orders, rules, CAPITAL_USD)
    note("simulation")
    summary = statistics(bars, simulation)
    note("statistics")
    state = simulation.state
    trades, loss_usd = int(state["trades"]), float(state["loss_usd"])
    return StressResult(
        bars=len(bars),
        signals=len(orders),
        trades=trades,
        net_points=float(state["net_points"]),
        win_rate=int(state["wins"]) / trades if trades else None,
        profit_factor=float(state["profit_usd"]) / loss_usd if loss_usd else None,
        stages_s=stages,
        summary=summary,
    )


def bench_stress(
    load: Callable[[], pl.DataFrame],
    settings: StressSettings,
    timer: Callable[[], float],
) -> dict[str, Any]:
    """The figures, and the time of each stage: cold, and warm as the fastest of three more runs."""
    cold = run_stress(load, settings, timer)
    again = [run_stress(load, settings, timer).stages_s for _ in range(WARM_RUNS)]
    warm = {stage: min(stages[stage] for stages in again) for stage in cold.stages_s}
    stages = {
        name: {**times, "all": sum(times.values())}
        for name, times in (("cold", cold.stages_s), ("warm", warm))
    }
    return {**cold.figures(), "stages_s": stages}


def arrays_of(frame: pl.DataFrame) -> BarArrays:
    """The prices as arrays; raises InputError where a column is missing or a row unusable."""
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        raise InputError(f"The bars lack {', '.join(missing)}: the workload needs ts and prices.")
    if frame.is_empty():
        raise InputError("The bars are empty.")
    return BarArrays.from_frame(frame.select(COLUMNS))


def feature_columns(bars: BarArrays) -> dict[str, Floats]:
    """EMA 20 and 50, RSI 14, ATR 14 by TA-Lib; NaN during warm-up."""
    return {
        "ema_20": talib.EMA(bars.close, 20),
        "ema_50": talib.EMA(bars.close, 50),
        "rsi_14": talib.RSI(bars.close, 14),
        "atr_14": talib.ATR(bars.high, bars.low, bars.close, 14),
    }


def informative_columns(bars: BarArrays) -> dict[str, Floats]:
    """EMA 50 and ADX 14 of 30-minute bars, as known at each bar's end; NaN before."""
    bucket = bars.ts // INFORMATIVE_US
    starts = np.flatnonzero(np.r_[True, np.diff(bucket) != 0])
    high = np.maximum.reduceat(bars.high, starts)
    low = np.minimum.reduceat(bars.low, starts)
    close = bars.close[np.r_[starts[1:] - 1, len(bars) - 1]]
    known_at = (bucket[starts] + 1) * INFORMATIVE_US
    row = np.searchsorted(known_at, bars.ts + bars.step_us, side="right") - 1
    columns = {"ema_50_30m": talib.EMA(close, 50), "adx_14_30m": talib.ADX(high, low, close, 14)}
    return {
        name: np.where(row >= 0, values[np.maximum(row, 0)], np.nan)
        for name, values in columns.items()
    }


def signal_orders(features: dict[str, Floats], settings: StressSettings) -> Orders:
    """One market order per signal bar; none during warm-up, or where the ATR is no distance."""
    rsi, atr = features["rsi_14"], features["atr_14"]
    is_up = features["ema_20"] > features["ema_50"]
    is_down = features["ema_20"] < features["ema_50"]
    long = is_up & (rsi > 50.0 + settings.rsi_band)
    short = is_down & (rsi < 50.0 - settings.rsi_band)
    usable = (long | short) & (atr > 0.0)
    usable[:WARM_UP_BARS] = False
    bar = np.flatnonzero(usable)
    side = np.where(long[bar], 1, -1)
    return Orders.market(bar, side, 1, settings.stop_atr * atr[bar], settings.target_atr * atr[bar])


def statistics(bars: BarArrays, simulation: Simulation) -> Summary:
    """The report's figures over closed trades; a position still open at the end is not counted."""
    trades = simulation.trades()
    ts = pl.Series("ts", bars.ts).cast(pl.Datetime("us", "UTC"))
    days = pl.select(session_date=(ts + _DAY_SHIFT).dt.date()).unique(maintain_order=True)
    booked = trades.group_by(session_date=(pl.col("exit_ts") + _DAY_SHIFT).dt.date()).agg(
        pl.col("net_usd").sum()
    )
    equity = CAPITAL_USD + pl.col("net_usd").fill_null(0.0).cum_sum()
    daily = days.join(booked, on="session_date", how="left", maintain_order="left").select(
        policy=pl.lit("stress"), session_date="session_date", equity_usd=equity, low_usd=equity
    )
    return summarise(trades, DAILY_EQUITY.frame(daily), CAPITAL_USD)
