"""Candidates end to end, from bars to rows: what a proof of causality computes again."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from mlplatform.domain.series import Series
from mlplatform.domain.tables import BARS
from mlplatform.features.causality import Compute
from mlplatform.features.compute import compute_features, warmup_sessions
from mlplatform.features.graph import FeaturePlan
from mlplatform.features.proof import NOTHING, Effort, Proof, Subject, joined, prove
from mlplatform.setups.setup import Setup, find_candidates

KEYS = ("ts", "setup")
"""What tells candidates apart."""
_DAYS = 3
"""Trading days that one proof looks at: setups see one day at a time."""


def plan_of(setups: tuple[Setup, ...], plan: FeaturePlan) -> FeaturePlan:
    """The part of a plan that these setups need: its columns have the same values, sooner."""
    by_name = {feature.name: feature for feature in plan.order}
    waiting = ["atr14", *(name for setup in setups for name in setup.needs)]
    kept: set[str] = set()
    while waiting:
        feature = by_name.get(waiting.pop())
        if feature is not None and feature.name not in kept:
            kept.add(feature.name)
            waiting += [*feature.inputs, *([feature.mirror] if feature.mirror else [])]
    features = tuple(feature for feature in plan.order if feature.name in kept)
    return FeaturePlan.build(plan.name, plan.version, features, tuple(BARS.names))


def candidates_between(
    series: Series, setups: tuple[Setup, ...], plan: FeaturePlan, days: tuple[date, date]
) -> Compute:
    """Bars to the candidates of the trading days from the first to the last of `days`.

    The features see all bars given; setups look at one trading day at a time.
    """

    def compute(bars: pl.DataFrame) -> pl.DataFrame:
        features = compute_features(plan, bars)
        judged = bars.filter(pl.col("session_date").is_between(*days))
        return find_candidates(series.name, setups, judged, features, series.timeframe.seconds)

    return compute


def prove_candidates(
    series: Series,
    setups: tuple[Setup, ...],
    plan: FeaturePlan,
    bars: pl.DataFrame,
    days: tuple[date, date],
    key: str,
    cuts: int = 2,
) -> tuple[Proof, pl.DataFrame]:
    """The three proofs of all candidates of some trading days, and the bars that they were made of.

    From bars to features to candidates; `bars` holds the days, all that comes after, and enough
    before. The cuts are rows of the bars given back.
    """
    needed = plan_of(setups, plan)
    day = bars["session_date"]
    history = day.filter(day < days[0]).unique().sort()
    back = history.tail(warmup_sessions(needed, series.timeframe))
    window = bars.filter(pl.col("session_date") >= (back[0] if back.len() else days[0]))
    place = window["session_date"]
    first, end = int(place.search_sorted(days[0])), int(place.search_sorted(days[1], "right"))
    compute = candidates_between(series, setups, needed, days)
    subject = Subject(
        compute,
        window,
        compute(window),
        first,
        end,
        warmup_bars=needed.warmup_bars,
        keys=KEYS,
    )
    return prove(subject, key, Effort(cuts, rows=end - first)), window


def some_days(days: Sequence[date], key: str) -> tuple[date, date]:
    """The first and last of a few trading days in a row, picked by the key."""
    last = max(0, len(days) - _DAYS)
    pick = int(np.random.default_rng(list(key.encode())).integers(0, last + 1))
    return days[pick], days[min(pick + _DAYS, len(days)) - 1]


def prove_setups(
    series: Series,
    setups: tuple[Setup, ...],
    plan: FeaturePlan,
    bars: pl.DataFrame,
    key: str,
    cuts: int,
) -> Proof:
    """The proofs of all candidates on bars of any length, a few trading days for every two cuts."""
    days = bars["session_date"].unique().sort().to_list()
    warm = warmup_sessions(plan_of(setups, plan), series.timeframe)
    judged = days[min(warm, len(days) // 2) :]
    if not judged:
        return NOTHING
    proofs = []
    for number in range(-(-cuts // 2)):
        own = f"{key}:{number}"
        span = some_days(judged, own)
        proofs.append(prove_candidates(series, setups, plan, bars, span, own, min(2, cuts))[0])
    return joined(proofs)
