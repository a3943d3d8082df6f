"""Classic indicators, all from TA-Lib, distances in ATR."""

import polars as pl

from mlplatform.features.catalog.expressions import expression, indicator, per_atr
from mlplatform.features.graph import Columns, Feature

_RECURSION = 12
"""Spans after which an exponential average has forgotten its start to below 1e-9."""


def ema(span_bars: int) -> Feature:
    """Exponential moving average of the close (TA-Lib), points."""
    return Feature(
        f"ema{span_bars}",
        ("close",),
        span_bars * _RECURSION,
        indicator("EMA", "close", timeperiod=span_bars),
        f"exponential moving average of {span_bars} bars",
        unit="points",
        params={"span_bars": span_bars},
    )


def ema_gap(span_bars: int) -> Feature:
    """Close above its EMA, ATR."""
    name = f"ema{span_bars}"
    return Feature(
        f"{name}_gap_atr",
        ("close", name, "atr14"),
        0,
        per_atr(pl.col("close") - pl.col(name)),
        f"close above its EMA of {span_bars} bars",
        unit="atr",
        is_signed=True,
    )


def ema_spread(fast_bars: int, slow_bars: int) -> Feature:
    """Fast EMA above slow EMA, ATR: the trend."""
    fast, slow = f"ema{fast_bars}", f"ema{slow_bars}"
    return Feature(
        "ema_spread_atr",
        (fast, slow, "atr14"),
        0,
        per_atr(pl.col(fast) - pl.col(slow)),
        "fast EMA above slow EMA",
        unit="atr",
        is_signed=True,
    )


def ema_slope(span_bars: int, over_bars: int) -> Feature:
    """Change of an EMA over some bars, ATR."""
    name = f"ema{span_bars}"
    return Feature(
        f"{name}_slope_atr",
        (name, "atr14"),
        over_bars,
        per_atr(pl.col(name).diff(over_bars)),
        f"change of the EMA of {span_bars} bars over {over_bars} bars",
        unit="atr",
        is_signed=True,
        params={"over_bars": over_bars},
    )


def rsi(span_bars: int) -> Feature:
    """RSI (TA-Lib) centred: -50 to +50."""
    raw = indicator("RSI", "close", timeperiod=span_bars)

    def centred(columns: Columns) -> pl.Series:
        return raw(columns) - 50.0

    return Feature(
        f"rsi{span_bars}",
        ("close",),
        span_bars * 2 * _RECURSION,
        centred,
        f"RSI of {span_bars} bars minus 50",
        is_signed=True,
        params={"span_bars": span_bars},
    )


def adx(span_bars: int) -> Feature:
    """ADX (TA-Lib): strength of trend, 0 to 100, without direction."""
    return Feature(
        f"adx{span_bars}",
        ("high", "low", "close"),
        span_bars * 3 * _RECURSION,
        indicator("ADX", "high", "low", "close", timeperiod=span_bars),
        f"average directional index of {span_bars} bars",
        params={"span_bars": span_bars},
    )


def macd_histogram() -> Feature:
    """MACD 12/26/9 histogram (TA-Lib), ATR."""
    raw = indicator("MACD", "close", output=2, fastperiod=12, slowperiod=26, signalperiod=9)

    def scaled(columns: Columns) -> pl.Series:
        frame = pl.DataFrame({"histogram": raw(columns), "atr14": columns["atr14"]})
        return expression(pl.col("histogram") / pl.when(pl.col("atr14") > 0).then("atr14"))(
            {name: frame[name] for name in frame.columns}
        )

    return Feature(
        "macd_histogram_atr",
        ("close", "atr14"),
        26 * _RECURSION,
        scaled,
        "MACD 12/26/9 histogram",
        unit="atr",
        is_signed=True,
    )


def bollinger_position(span_bars: int) -> Feature:
    """Close in standard deviations from its mean of `span_bars`."""
    close = pl.col("close")
    deviation = close.rolling_std(span_bars, ddof=0)
    return Feature(
        f"bollinger{span_bars}",
        ("close",),
        span_bars,
        expression(
            (close - close.rolling_mean(span_bars)) / pl.when(deviation > 1e-9).then(deviation)
        ),
        f"close in standard deviations from its mean of {span_bars} bars",
        is_signed=True,
        params={"span_bars": span_bars},
    )
