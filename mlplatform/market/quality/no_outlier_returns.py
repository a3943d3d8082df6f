"""Bad ticks: a price far away from both neighbouring bars, gone again at once."""

import polars as pl

from mlplatform.market.quality.evidence import Curve, Evidence, Finding, QualityCheck
from mlplatform.market.quality.wording import counted, listed, moment, percent

_SCALE_BARS = 21
_SCALE_FLOOR_FRAC = 0.25
"""Of the span's median bar range: where the market is locked at a limit, bars have no range."""
_RANGES = 10.0
"""Usual bar ranges beyond both neighbours. News in 9 years of NQ and half a year of MES bars
reached 7.7, a tick of another contract's price in a quiet night 55 and 66."""
_RANGES_AFTER_BREAK = 20.0
"""The first bar after a break has no neighbour before it that knew the news: 15.3 on 2018-12-05."""
_LEAST_FRAC = 0.003
"""Of the price: what is less does no harm that the usual noise would not do."""
_AROUND_BARS = 60


def _measured(evidence: Evidence) -> pl.DataFrame:
    """Bars of the span with `beyond` (points outside of both neighbours), `ranges`, `limit`."""
    names = ["ts", "high", "low", "close"]
    bars = pl.concat(
        [
            evidence.earlier.select(names).tail(_SCALE_BARS).with_columns(own=False),
            evidence.bars.select(names).with_columns(own=True),
        ]
    )
    high, low, span = pl.col("high"), pl.col("low"), pl.col("high") - pl.col("low")
    above = high - pl.max_horizontal(high.shift(1), high.shift(-1))
    below = pl.min_horizontal(low.shift(1), low.shift(-1)) - low
    usual = span.rolling_median(_SCALE_BARS, center=True, min_samples=3)
    scale = pl.max_horizontal(usual, _SCALE_FLOOR_FRAC * span.median())
    pause = pl.col("ts").diff().dt.total_seconds()
    return (
        bars.with_columns(
            beyond=pl.max_horizontal(above, below),
            up=above >= below,
            scale=scale,
            limit=pl.when(pause > evidence.series.timeframe.seconds)
            .then(_RANGES_AFTER_BREAK)
            .otherwise(_RANGES),
        )
        # A neighbour must exist on both sides: max_horizontal knows no missing one.
        .with_columns(
            beyond=pl.when(high.shift(1).is_not_null() & high.shift(-1).is_not_null()).then(
                "beyond"
            )
        )
        .with_columns(ranges=pl.col("beyond") / pl.col("scale"))
        .with_row_index("at")
    )


def _judge(evidence: Evidence) -> Finding:
    """The range of neighbouring bars is the scale: the median of 21 bars, at least a quarter of
    the span's median. A bar is a bad tick where its high (low) lies above (below) those of *both*
    neighbours by 10 such ranges (20 behind a break) and by 0.3 % of the price. A crash moves its
    neighbours along and widens the ranges, so it is none. The period's last bar has no neighbour
    yet and is not judged; a wrong price that holds for several bars is a matter of price jumps.
    """
    bars = _measured(evidence)
    far = (pl.col("ranges") > pl.col("limit")) & (pl.col("beyond") > _LEAST_FRAC * pl.col("close"))
    bad = bars.filter(pl.col("own") & far).sort("ranges", descending=True)
    named = listed(
        f"{moment(row['ts'])} by {row['beyond']:,.2f} points "
        f"{'above' if row['up'] else 'below'} ({percent(row['beyond'] / row['close'])}, "
        f"{row['ranges']:.0f} usual bar ranges)"
        for row in bad.head(4).to_dicts()
    )
    # Judging needs one more bar, so only beyond and scale of the worst are worth a figure.
    worst = bars.filter("own").select(pl.col("ranges").max()).item()
    at = int(bad["at"][0]) if bad.height else 0
    near = bars.slice(max(0, at - _AROUND_BARS), 2 * _AROUND_BARS)
    extreme = pl.when("up").then("high").otherwise("low")
    return Finding(
        bad.is_empty(),
        "warn",
        f"{counted(bad.height, 'bar')} far away from both neighbours: {named}."
        if bad.height
        else "No bar lies far away from both its neighbours.",
        {"outliers": bad.height, "largest_ranges": float(worst or 0.0)},
        Curve.of(near.select(extreme).to_series(), "points", f"bars around {moment(bad['ts'][0])}")
        if bad.height
        else Curve.of(bars["beyond"], "points", "beyond both neighbours, bar by bar"),
    )


CHECK = QualityCheck(
    "no_outlier_returns", "No single bar lies far away from both neighbours.", False, _judge
)
