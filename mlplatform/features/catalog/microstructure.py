"""How price gets from trade to trade: distribution of its steps, liquidity, efficiency, spread."""

import polars as pl

from mlplatform.features.catalog.expressions import expression, pointwise
from mlplatform.features.catalog.quantities import given, root
from mlplatform.features.graph import Feature

_CHANGE = pl.col("close").diff()
_NO_SIZE = 1e-9
"""Points (or squared points) below which a deviation or covariance is rounding."""


def tick_balance(span_bars: int) -> Feature:
    """Bars that closed higher less bars that closed lower, per bar: -1 to +1."""
    return Feature(
        f"tick_balance{span_bars}",
        ("close",),
        span_bars + 1,
        expression(_CHANGE.sign().rolling_sum(span_bars) / span_bars),
        f"rising less falling closes of {span_bars} bars",
        is_signed=True,
        params={"span_bars": span_bars},
    )


def unchanged_share(span_bars: int) -> Feature:
    """Share of the last bars that closed where the bar before did: 0 to 1."""
    return Feature(
        f"unchanged_share{span_bars}",
        ("close",),
        span_bars + 1,
        expression((_CHANGE == 0).cast(pl.Float64).rolling_sum(span_bars) / span_bars),
        f"share of {span_bars} bars with an unchanged close",
        params={"span_bars": span_bars},
    )


def change_skewness(span_bars: int) -> Feature:
    """Skewness of one-bar changes of the close, population moments; null where they are equal."""
    moved = _CHANGE.rolling_std(span_bars) > _NO_SIZE
    return Feature(
        f"change_skewness{span_bars}",
        ("close",),
        span_bars + 1,
        expression(pl.when(moved).then(_CHANGE.rolling_skew(span_bars))),
        f"skewness of {span_bars} changes",
        is_signed=True,
        params={"span_bars": span_bars},
    )


def change_kurtosis(span_bars: int) -> Feature:
    """Excess kurtosis of one-bar changes, population moments; null where they are equal."""
    moved = _CHANGE.rolling_std(span_bars) > _NO_SIZE
    return Feature(
        f"change_kurtosis{span_bars}",
        ("close",),
        span_bars + 1,
        expression(pl.when(moved).then(_CHANGE.rolling_kurtosis(span_bars))),
        f"excess kurtosis of {span_bars} changes",
        params={"span_bars": span_bars},
    )


def efficiency(span_bars: int) -> Feature:
    """Kaufman's efficiency ratio, signed: net change per sum of absolute changes, -1 to +1.

    P. Kaufman, Smarter Trading (1995), the ratio of direction to volatility. Null where still.
    """
    path = _CHANGE.abs().rolling_sum(span_bars)
    return Feature(
        f"efficiency{span_bars}",
        ("close",),
        span_bars + 1,
        expression(pl.col("close").diff(span_bars) / pl.when(path > _NO_SIZE).then(path)),
        f"signed efficiency ratio of {span_bars} bars",
        is_signed=True,
        params={"span_bars": span_bars},
    )


def variance_ratio(step_bars: int, span_bars: int) -> Feature:
    """Variance of q-bar changes per q times that of one-bar changes: above 1 trending, below 1 not.

    A. Lo and A. C. MacKinlay, Stock Market Prices Do Not Follow Random Walks (1988), eq. 8, with
    overlapping q-bar changes and sample variances of the last `span_bars` changes each.
    """
    one = _CHANGE.rolling_var(span_bars)
    many = pl.col("close").diff(step_bars).rolling_var(span_bars)
    return Feature(
        f"variance_ratio{step_bars}",
        ("close",),
        span_bars + step_bars,
        expression(many / pl.when(one > _NO_SIZE).then(step_bars * one)),
        f"variance ratio of {step_bars} bars over {span_bars} bars",
        params={"step_bars": step_bars, "span_bars": span_bars},
    )


def step_covariance(span_bars: int) -> Feature:
    """Covariance of one-bar changes with those one bar before, squared points.

    mean(x y) - mean(x) mean(y) of the last `span_bars` pairs: R. Roll's estimate (1984).
    """
    before = _CHANGE.shift(1)
    product = (_CHANGE * before).rolling_mean(span_bars)
    covariance = product - _CHANGE.rolling_mean(span_bars) * before.rolling_mean(span_bars)
    return Feature(
        f"step_covariance{span_bars}",
        ("close",),
        span_bars + 2,
        expression(covariance),
        f"covariance of changes with the ones before, of {span_bars} bars",
        unit="squared points",
        is_step=True,
        params={"span_bars": span_bars},
    )


def step_correlation(span_bars: int) -> Feature:
    """First-order autocorrelation of one-bar changes: negative where price bounces."""
    variance = _CHANGE.rolling_var(span_bars, ddof=0)
    covariance = pl.col(f"step_covariance{span_bars}")
    return Feature(
        f"step_correlation{span_bars}",
        (f"step_covariance{span_bars}", "close"),
        span_bars + 1,
        expression(covariance / pl.when(variance > _NO_SIZE).then(variance)),
        f"autocorrelation of changes of {span_bars} bars",
        params={"span_bars": span_bars},
    )


def roll_spread(span_bars: int) -> Feature:
    """Effective spread of R. Roll (1984), eq. 3: 2 sqrt(-cov(d_t, d_t-1)), ATR.

    A Simple Implicit Measure of the Effective Bid-Ask Spread in an Efficient Market, Journal of
    Finance 39, 1127-1139. Null where the covariance is not negative: there it is not defined.
    """
    inputs = (f"step_covariance{span_bars}", "atr14")
    return Feature(
        f"roll_spread{span_bars}_atr",
        inputs,
        0,
        pointwise(lambda cov, atr: 2 * root(given(-cov > _NO_SIZE, -cov)) / atr, *inputs),
        f"Roll's spread of {span_bars} bars",
        unit="atr",
    )


CORE = (
    tick_balance(20),
    unchanged_share(20),
    change_skewness(60),
    change_kurtosis(60),
    efficiency(20),
    variance_ratio(5, 100),
    step_covariance(60),
    step_correlation(60),
    roll_spread(60),
)
"""Those of the core set."""
