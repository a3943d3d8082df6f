"""Proofs over a long history: windows of it, and one cut through all of it."""

from functools import partial

import polars as pl

from mlplatform.features.compute import compute_features
from mlplatform.features.graph import FeaturePlan
from mlplatform.features.proof import Effort, Proof, Subject, joined, prove
from mlplatform.features.warmup import lookbacks_of

_SPAN_BARS = 20_000
"""Bars of a window after its warm-up: about a month of minutes."""
_CUTS_A_WINDOW = 4


def prove_features(plan: FeaturePlan, bars: pl.DataFrame, key: str, effort: Effort) -> Proof:
    """The three proofs of a plan on bars (table `bars`) of any length; `key` seeds the cuts.

    Long bars are judged in windows, spread evenly, each with all the history that the plan
    declares; one more cut goes through all bars, so that a look-ahead of any reach is seen.
    """
    lookbacks = lookbacks_of(plan)
    longest = max(lookbacks.values(), default=0)
    if bars.height <= 2 * (longest + _SPAN_BARS):
        return _prove(plan, bars, lookbacks, key, effort)
    count = max(1, -(-(effort.cuts - 1) // _CUTS_A_WINDOW))
    proofs = [_prove(plan, bars, lookbacks, key, Effort(1, effort.rows, effort.future_bars))]
    new = (bars["session_date"] != bars["session_date"].shift(1)).fill_null(value=True)
    starts = new.arg_true()
    room = bars.height - longest - _SPAN_BARS
    for number in range(count):
        wanted = room * number // max(1, count - 1)
        start = int(starts[max(0, int(starts.search_sorted(wanted, "right")) - 1)])
        window = bars[start : start + longest + _SPAN_BARS]
        cuts = min(_CUTS_A_WINDOW, effort.cuts - 1 - number * _CUTS_A_WINDOW)
        part = Effort(max(1, cuts), effort.rows, effort.future_bars)
        proofs.append(_prove(plan, window, lookbacks, f"{key}:{number}", part))
    return joined(proofs)


def _prove(
    plan: FeaturePlan, bars: pl.DataFrame, lookbacks: dict[str, int], key: str, effort: Effort
) -> Proof:
    compute = partial(compute_features, plan)
    first = min(max(lookbacks.values(), default=0), bars.height // 2)
    return prove(Subject(compute, bars, compute(bars), first, lookbacks=lookbacks), key, effort)
