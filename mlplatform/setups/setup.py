"""A setup: a pure rule that turns features into candidate trades."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from mlplatform.domain.tables import CANDIDATES


@dataclass(frozen=True)
class Setup:
    """One trading idea.

    `long` and `short` are boolean rules over a bar and its features, known at the bar's end; they
    are evaluated per trading day and contract, so `shift` looks back within them only.
    """

    name: str
    idea: str
    long: pl.Expr
    short: pl.Expr
    params: Mapping[str, float]


QUIET_MINUTES = 15
"""No entry in the last minutes of a session: nobody opens what must be closed at once."""


def find_candidates(
    series: str,
    setups: tuple[Setup, ...],
    bars: pl.DataFrame,
    features: pl.DataFrame,
    bar_seconds: int,
) -> pl.DataFrame:
    """Candidates (table `candidates`) of bars (table `bars`) and their features, joined on `ts`.

    A signal needs an ATR and a next bar that starts before the session's quiet end. Where both
    sides of a setup fire on one bar the market said nothing: neither counts.
    """
    table = bars.join(features, on="ts", how="inner", maintain_order="left")
    next_bar = pl.col("ts") + pl.duration(seconds=bar_seconds)
    early = next_bar < pl.col("session_end") - pl.duration(minutes=QUIET_MINUTES)
    found = [_signals(setup, table).filter(early, pl.col("atr14") > 0) for setup in setups]
    signals = pl.concat(found).sort("ts", "setup")
    return CANDIDATES.frame(
        signals.with_columns(
            candidate_id=pl.format(
                "{}:{}:{}", pl.lit(series), "setup", pl.col("ts").dt.strftime("%Y%m%dT%H%M%S")
            ),
            reference_price=pl.col("close"),
            atr_points=pl.col("atr14"),
        )
    )


def _signals(setup: Setup, table: pl.DataFrame) -> pl.DataFrame:
    long, short = (
        rule.over("session_date", "contract").fill_null(False) for rule in (setup.long, setup.short)
    )
    side = pl.when(long & ~short).then(1).when(short & ~long).then(-1).otherwise(0)
    return table.with_columns(setup=pl.lit(setup.name), side=side.cast(pl.Int8)).filter(
        pl.col("side") != 0
    )
