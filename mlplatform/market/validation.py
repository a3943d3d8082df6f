"""Bars at the door: every row is either valid or quarantined with its reason; none is repaired."""

from dataclasses import dataclass

import polars as pl

from mlplatform.domain.errors import InputError
from mlplatform.domain.series import Timeframe
from mlplatform.domain.tables import BARS, QUARANTINED_BARS, RAW_BARS
from mlplatform.market.arrival import DELIVERED_AGAIN, RESTATED, arrival_reason, order_reason
from mlplatform.market.sessions import with_sessions

NOT_FRONT = "not the front month"
SET_ASIDE = frozenset({DELIVERED_AGAIN, RESTATED, NOT_FRONT})
"""Reasons that are bookkeeping, no fault of the row: it is sound, another one counts."""

_PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True)
class Validated:
    """`bars` (table `bars`) and `quarantined` (table `quarantined_bars`): together all rows."""

    bars: pl.DataFrame
    quarantined: pl.DataFrame


def validate(raw: pl.DataFrame, timeframe: Timeframe | None = None) -> Validated:
    """Split raw bars (table `raw_bars`, in order of arrival) into valid and quarantined rows.

    `raw` may hold several contracts and several files: order and duplicates are judged within one
    source and contract. A row is refused for the first of: a spread, no time, no price, a price
    that is not finite and positive, high or low contradicting the other prices, negative or not
    finite volume, off the grid of `timeframe` (where that is given, and divides an hour), outside
    the CME session calendar, out of its file's order (`arrival.order_reason`), said otherwise or
    again by another file (`arrival.arrival_reason`).

    `bars` are sorted by ts and contract and hold each contract and time once; `quarantined` keeps
    the order of arrival.
    """
    judged = (
        RAW_BARS.frame(raw)
        .with_row_index("arrived")
        .with_columns(
            reason=pl.coalesce(_row_reason(), _grid_reason(timeframe)),
            arrival=pl.col("arrived").min().over("source"),
        )
    )
    sound = judged.filter(pl.col("reason").is_null()).drop("reason")
    labelled = with_sessions(sound)
    inside = pl.col("session_date").is_not_null()
    outside = labelled.filter(~inside).with_columns(
        reason=pl.lit("outside the CME session calendar")
    )
    # Order is judged among rows that are sound in themselves: a broken row condemns no other.
    ordered = order_reason(labelled.filter(inside))
    stated = arrival_reason(ordered.filter(pl.col("reason").is_null()).drop("reason"))
    refused = [
        part.filter(pl.col("reason").is_not_null()).select("arrived", *QUARANTINED_BARS.names)
        for part in (judged, outside, ordered, stated)
    ]
    return Validated(
        BARS.frame(stated.filter(pl.col("reason").is_null()).sort("ts", "contract")),
        QUARANTINED_BARS.frame(pl.concat(refused).sort("arrived")),
    )


def _row_reason() -> pl.Expr:
    prices = [pl.col(name) for name in _PRICES]
    no_price = pl.any_horizontal(p.is_null() | p.is_nan() for p in prices)
    unusable = pl.any_horizontal(p.is_infinite() | (p <= 0) for p in prices)
    high, low = pl.col("high"), pl.col("low")
    contradicts = (high < low) | (high < pl.max_horizontal("open", "close"))
    contradicts |= low > pl.min_horizontal("open", "close")
    return (
        # Names such as ESH5-ESM5 or ES:BF H5-M5-U5; their prices are differences.
        pl.when(pl.col("contract").str.contains("[-:]"))
        .then(pl.lit("a spread, not an outright"))
        .when(pl.col("ts").is_null())
        .then(pl.lit("no time"))
        .when(no_price)
        .then(pl.lit("no price"))
        .when(unusable)
        .then(pl.lit("price not finite and positive"))
        .when(contradicts)
        .then(pl.lit("high or low contradicts the other prices"))
        .when(pl.col("volume") < 0)
        .then(pl.lit("negative volume"))
        .when(~pl.col("volume").is_finite())
        .then(pl.lit("volume not finite"))
    )


def _grid_reason(timeframe: Timeframe | None) -> pl.Expr:
    """Bars between the bars lie over each other: one would know what the other has yet to see."""
    if timeframe is None or 3600 % timeframe.seconds:
        return pl.lit(None, pl.String)
    off = pl.col("ts").dt.epoch("us") % (timeframe.seconds * 1_000_000) != 0
    return pl.when(off).then(pl.lit("off the timeframe's grid"))


def check_timeframe(ts: pl.Series, timeframe: Timeframe) -> None:
    """Raise InputError unless the commonest step between bars is the timeframe."""
    steps = ts.drop_nulls().diff().dt.total_seconds().drop_nulls()
    steps = steps.filter(steps > 0)
    if steps.is_empty():
        raise InputError("The source holds fewer than two bars: give a longer one.")
    # The smallest of equally common steps: deterministic.
    counts = steps.value_counts(sort=True, name="n")
    commonest = int(counts.filter(pl.col("n") == pl.col("n").max())[steps.name].min())  # type: ignore[arg-type]
    if commonest != timeframe.seconds:
        found = f"{commonest // 60}m" if commonest % 60 == 0 else f"{commonest}s"
        raise InputError(
            f"The bars are {found} apart, not {timeframe.name}: use --timeframe {found}."
        )
