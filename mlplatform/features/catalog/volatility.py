"""How far price moves: average true range and range-based estimators, per bar.

All estimators give the standard deviation of the log price per bar, from the last bars only.
"""

import math

import polars as pl

from mlplatform.features.catalog.averages import RECURSION
from mlplatform.features.catalog.expressions import expression, indicator
from mlplatform.features.catalog.quantities import ratio
from mlplatform.features.graph import Feature

_LOG_RANGE = (pl.col("high") / pl.col("low")).log()
_LOG_BODY = (pl.col("close") / pl.col("open")).log()
_NO_VARIANCE = 1e-15
"""What running sums leave of a wild past where price stands still; one tick is far above it."""


def atr(span_bars: int) -> Feature:
    """Wilder's average true range (TA-Lib), points."""
    return Feature(
        f"atr{span_bars}",
        ("high", "low", "close"),
        span_bars * 2 * RECURSION,
        indicator("ATR", "high", "low", "close", timeperiod=span_bars),
        f"average true range of {span_bars} bars",
        unit="points",
        params={"span_bars": span_bars},
    )


def true_range() -> Feature:
    """True range of the bar (TA-Lib), points."""
    return Feature(
        "true_range",
        ("high", "low", "close"),
        1,
        indicator("TRANGE", "high", "low", "close"),
        "true range of the bar",
        unit="points",
    )


def normalised_atr(span_bars: int) -> Feature:
    """Wilder's average true range per close (TA-Lib NATR), percent."""
    return Feature(
        f"natr{span_bars}",
        ("high", "low", "close"),
        span_bars * 2 * RECURSION,
        indicator("NATR", "high", "low", "close", timeperiod=span_bars),
        f"average true range of {span_bars} bars per close",
        unit="percent",
        params={"span_bars": span_bars},
    )


def atr_ratio(long_bars: int) -> Feature:
    """ATR 14 per plain mean of the true range of many bars: above 1 when volatility is rising.

    The plain mean forgets at once what an average of Wilder's drags along for 20 spans.
    """
    long = pl.col("true_range").rolling_mean(long_bars)
    return Feature(
        "atr_ratio",
        ("atr14", "true_range"),
        long_bars,
        expression(ratio(pl.col("atr14"), long)),
        f"ATR 14 per mean true range of {long_bars} bars",
        params={"long_bars": long_bars},
    )


def close_to_close(span_bars: int) -> Feature:
    """Sample standard deviation of one-bar log returns, per bar; 0 where price stood still."""
    return Feature(
        f"close_to_close{span_bars}",
        ("return1",),
        span_bars,
        expression(pl.col("return1").rolling_std(span_bars)),
        f"close-to-close volatility of {span_bars} bars",
        params={"span_bars": span_bars},
    )


def _root(variance: pl.Expr) -> pl.Expr:
    """The deviation; zero where the variance is none, or its estimate negative."""
    return (variance * (variance > _NO_VARIANCE)).sqrt()


def parkinson(span_bars: int) -> Feature:
    """Parkinson (1980) volatility of log ranges: sqrt(mean(ln(H/L)^2) / (4 ln 2)), per bar.

    M. Parkinson, The Extreme Value Method for Estimating the Variance of the Rate of Return,
    Journal of Business 53, 61-65. Zero where price stood still.
    """
    mean = _LOG_RANGE.pow(2).rolling_mean(span_bars)
    return Feature(
        f"parkinson{span_bars}",
        ("high", "low"),
        span_bars,
        expression(_root(mean / (4 * math.log(2)))),
        f"Parkinson volatility of {span_bars} bars",
        version=2,
        params={"span_bars": span_bars},
    )


def garman_klass(span_bars: int) -> Feature:
    """Garman-Klass (1980) volatility, per bar; 0 where price stood still.

    sqrt(mean(0.5 ln(H/L)^2 - (2 ln 2 - 1) ln(C/O)^2)): the practical estimator of M. Garman and
    M. Klass, On the Estimation of Security Price Volatilities from Historical Data, Journal of
    Business 53, 67-78.
    """
    variance = 0.5 * _LOG_RANGE.pow(2) - (2 * math.log(2) - 1) * _LOG_BODY.pow(2)
    return Feature(
        f"garman_klass{span_bars}",
        ("open", "high", "low", "close"),
        span_bars,
        expression(_root(variance.rolling_mean(span_bars))),
        f"Garman-Klass volatility of {span_bars} bars",
        version=2,
        params={"span_bars": span_bars},
    )


def yang_zhang(span_bars: int) -> Feature:
    """Yang-Zhang (2000) volatility, per bar: gaps between bars and drift are allowed for.

    D. Yang and Q. Zhang, Drift-Independent Volatility Estimation Based on High, Low, Open, and
    Close Prices, Journal of Business 73, 477-491: sqrt(V_o + k V_c + (1 - k) V_rs) with the sample
    variances of ln(O/C_before) and ln(C/O), the Rogers-Satchell mean of
    ln(H/C) ln(H/O) + ln(L/C) ln(L/O), and k = 0.34 / (1.34 + (n + 1) / (n - 1)).
    """
    gap = (pl.col("open") / pl.col("close").shift(1)).log()
    up = (pl.col("high") / pl.col("open")).log()
    down = (pl.col("low") / pl.col("open")).log()
    # ln(H/C) = ln(H/O) - ln(C/O), and so for the low.
    satchell = up * (up - _LOG_BODY) + down * (down - _LOG_BODY)
    weight = 0.34 / (1.34 + (span_bars + 1) / (span_bars - 1))
    variance = (
        gap.rolling_var(span_bars)
        + weight * _LOG_BODY.rolling_var(span_bars)
        + (1 - weight) * satchell.rolling_mean(span_bars)
    )
    return Feature(
        f"yang_zhang{span_bars}",
        ("open", "high", "low", "close"),
        span_bars + 1,
        expression(_root(variance)),
        f"Yang-Zhang volatility of {span_bars} bars",
        version=2,
        params={"span_bars": span_bars},
    )


CORE = (
    atr(14),
    true_range(),
    normalised_atr(14),
    atr_ratio(100),
    close_to_close(20),
    parkinson(20),
    garman_klass(20),
    yang_zhang(20),
)
"""Those of the core set."""
