"""The figures that every form of the report shows, computed once from a study."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from mlplatform.domain.periods import Cadence, PeriodAxis
from mlplatform.domain.tables import TRADES
from mlplatform.market.periods import trading_day
from mlplatform.metrics.returns import Floats
from mlplatform.metrics.summary import Summary, summarise
from mlplatform.studies.certainty import Certainty, certainty_of
from mlplatform.studies.result import PolicyResult, StudyResult, Window
from mlplatform.studies.segments.analysis import Segments, segments_of

POLICIES = ("baseline", "ml", "random_entry", "buy_and_hold")
"""The columns of the report, in order; the last never trades."""


def policies_of(study: StudyResult) -> tuple[str, ...]:
    """`POLICIES`; a strategy's own exits stand behind ML, where the study has them."""
    return (*study.judged, *POLICIES[2:])


@dataclass(frozen=True)
class Evaluation:
    """All that is computed from a study, whatever form shows it."""

    figures: Mapping[str, Summary]
    """By policy, in the order of `policies_of`."""
    certainty: Certainty
    segments: Segments


def evaluate(study: StudyResult) -> Evaluation:
    """The evaluation of a study; equal studies give equal values."""
    return Evaluation(summaries(study), certainty_of(study, study.seed), segments_of(study))


@dataclass(frozen=True)
class WindowFigures:
    """What a window's trades came to under baseline and ML; net in USD after costs."""

    window: Window
    baseline_trades: int
    baseline_net_usd: float
    ml_trades: int
    ml_net_usd: float


def summaries(study: StudyResult) -> dict[str, Summary]:
    """The figures of every policy of the report, by its name."""
    traded = {name: study.summaries[name] for name in policies_of(study)[:-1]}
    return traded | {POLICIES[-1]: summarise(None, study.buy_and_hold, study.capital_usd)}


def daily_net_usd(policy: PolicyResult, capital_usd: float) -> Floats:
    """Change of the daily mark, USD, the first against the capital; shape (days,)."""
    return np.diff(policy.daily["equity_usd"].to_numpy().astype(np.float64), prepend=capital_usd)


def window_figures(study: StudyResult) -> list[WindowFigures]:
    """One row a window; a trade belongs to the period of the trading day it was decided on."""
    if not study.windows:
        return []
    axis = PeriodAxis(Cadence(study.cadence), study.windows[0].period)
    by_policy = {name: _net_by_period(study.policies[name], axis) for name in ("baseline", "ml")}
    rows = []
    for window in study.windows:
        base = by_policy["baseline"].get(window.period, (0, 0.0))
        ml = by_policy["ml"].get(window.period, (0, 0.0))
        rows.append(WindowFigures(window, base[0], base[1], ml[0], ml[1]))
    return rows


def _net_by_period(policy: PolicyResult, axis: PeriodAxis) -> dict[str, tuple[int, float]]:
    by_day = (
        policy.trades.group_by(trading_day(pl.col("decision_ts")).alias("day"))
        .agg(pl.len(), pl.col("net_usd").sum())
        .sort("day")
    )
    found: dict[str, tuple[int, float]] = {}
    for day, count, net in by_day.iter_rows():
        key = axis.key_of(day)
        before = found.get(key, (0, 0.0))
        found[key] = (before[0] + count, before[1] + net)
    return found


def trades_frame(study: StudyResult) -> pl.DataFrame:
    """Every trade of every policy, one row each, for trades.parquet.

    Table `trades` with `policy` in front and `policy_fingerprint` behind (null where the backtest
    gave none), ordered by policy as the report is, then by time.
    """
    parts = []
    for name in policies_of(study)[:-1]:
        trades = study.policies[name].trades
        if "policy_fingerprint" not in trades.columns:
            trades = trades.with_columns(policy_fingerprint=pl.lit(None, dtype=pl.String))
        parts.append(
            trades.sort("entry_ts", "candidate_id", maintain_order=True).select(
                pl.lit(name).alias("policy"), *TRADES.names, pl.col("policy_fingerprint")
            )
        )
    return pl.concat(parts)
