"""Candidates end to end, from bars to rows: what a proof of causality computes again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl

from mlplatform.domain.series import Series
from mlplatform.domain.tables import BARS
from mlplatform.features.causality import LEAKS, PREFIX, Compute, changes
from mlplatform.features.compute import compute_features, warmup_sessions
from mlplatform.features.graph import FeaturePlan
from mlplatform.features.proof import (
    NOTHING,
    Effort,
    Proof,
    Subject,
    joined,
    joined_leaks,
    prove,
)
from mlplatform.setups.setup import Setup, find_candidates

KEYS = ("ts", "setup")
"""What tells candidates apart."""
_DAYS = 3
"""Trading days that one proof looks at: setups see one day at a time."""
_RULE_CUTS = 2
"""Candidates of each setup at whose bars these days are cut."""


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
    proof = prove(subject, key, Effort(cuts, rows=end - first))
    leaks = rule_leaks(series, setups, window, compute_features(needed, window), subject.full, key)
    return replace(proof, leaks=joined_leaks([proof.leaks, leaks])), window


def rule_leaks(
    series: Series,
    setups: tuple[Setup, ...],
    bars: pl.DataFrame,
    features: pl.DataFrame,
    found: pl.DataFrame,
    key: str,
) -> pl.DataFrame:
    """Candidates that the rules find only because they know later bars; `LEAKS`.

    A setup that fires once a day has no candidate on a cut at random. So some days are cut at the
    bars of its own candidates: with the features as they are and no later bar, all must be found.
    """
    rng = np.random.default_rng(list(key.encode()))
    seconds, told = series.timeframe.seconds, [LEAKS.to_frame()]
    for setup in setups:
        own = found.filter(pl.col("setup") == setup.name)
        picked = rng.choice(own.height, min(own.height, _RULE_CUTS), replace=False)
        for ts, day in own[np.sort(picked)].select("ts", "session_date").iter_rows():
            is_known = (pl.col("ts") <= ts) & (pl.col("session_date") == day)
            past = bars.filter(is_known)
            again = find_candidates(series.name, (setup,), past, features, seconds)
            told.append(changes(PREFIX, own.filter(is_known), again, KEYS))
    return joined_leaks(told)


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
