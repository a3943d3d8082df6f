"""What could be earned by one who knows what is planted, in ML's place in the engine.

Two of them. The *oracle* sees the hidden spells themselves: nobody can earn more by choosing
candidates. The *observer* knows what is planted, but sees only what the bars tell: the attainable.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from mlplatform.decisions.plans import BASELINE_STOP_ATR, Plan, decisions_of
from mlplatform.domain.series import Series
from mlplatform.studies.backtest import backtest_trades
from mlplatform.synthetic.world import Edge

VOLUME, TREND = "volume_for_time", "ema_spread_atr"
"""The features that show what is planted: log of volume per its usual, EMA 20 less EMA 50."""


@dataclass(frozen=True)
class TriedOn:
    """What the windows were tried on: the frames of their periods, as the lake has them."""

    series: Series
    bars: pl.DataFrame
    features: pl.DataFrame
    candidates: pl.DataFrame
    capital_usd: float


@dataclass(frozen=True)
class Knower:
    """`chosen` are the candidates it takes; `trades` (table `backtest`) is what the engine made of
    them: one position at a time, all costs.
    """

    chosen: frozenset[str]
    trades: pl.DataFrame


def consult_oracle(tried: TriedOn, hidden: pl.DataFrame) -> Knower:
    """It takes what the planted edge works for: in a busy spell, on the side of the trend.
    `hidden` is the world's truth (`ts`, `busy`, `trend`).
    """
    known = tried.candidates.join(hidden, on="ts", how="left", maintain_order="left")
    if known["busy"].null_count():
        raise ValueError("a candidate's bar is none of the world's")
    along = pl.col("side").cast(pl.Int64) * pl.col("trend").cast(pl.Int64) > 0
    return _trade(tried, known.filter(pl.col("busy"), along)["candidate_id"].to_list())


def consult_observer(tried: TriedOn, edge: Edge) -> Knower:
    """It takes what lies on the side of the trend while volume looks raised for the time of day."""
    seen = tried.candidates.join(
        tried.features.select("ts", VOLUME, TREND), on="ts", how="left", maintain_order="left"
    )
    raised, along = pl.col(VOLUME) > raised_volume(edge), pl.col("side") * pl.col(TREND) > 0
    return _trade(tried, seen.filter(raised, along)["candidate_id"].to_list())


def raised_volume(edge: Edge) -> float:
    """Where volume tells a busy bar from a calm one: the log of volume per its usual, halfway.

    Usual volume is that of both kinds of spell, mixed as they occur; a calm bar's is lower by the
    log of the mixture, a busy bar's is `volume_ratio` times the calm one's.
    """
    mixture = 1.0 + edge.busy_frac * (edge.volume_ratio - 1.0)
    return float(0.5 * np.log(edge.volume_ratio) - np.log(mixture))


def _trade(tried: TriedOn, chosen: list[str]) -> Knower:
    """One contract each, the bracket of the static algorithm, through the engine ML goes through.

    Nothing of it is chosen on what it is judged by.
    """
    taken = tried.candidates.filter(pl.col("candidate_id").is_in(chosen))
    n = taken.height
    plan = Plan(np.ones(n, np.bool_), np.ones(n, np.int64), np.full(n, BASELINE_STOP_ATR))
    decisions = decisions_of("ml", "knower", taken, plan)
    trades = backtest_trades(tried.series, tried.bars, decisions, tried.capital_usd)
    return Knower(frozenset(chosen), trades.filter(policy="ml"))
