"""From a study to how sure its figures are."""

from dataclasses import replace
from typing import Any

import numpy as np

from mlplatform.decisions.exits import STRATEGY
from mlplatform.metrics.bootstrap import CONFIDENCE, RESAMPLES, stationary_resamples
from mlplatform.metrics.overfitting import overfitting_probability
from mlplatform.metrics.returns import DAYS_A_YEAR
from mlplatform.metrics.sharpe import (
    Moments,
    deflated_sharpe,
    expected_best_sharpe,
    moments_of,
)
from mlplatform.metrics.undefined import Undefined
from mlplatform.studies.certainty.costs import break_even_multiple, cost_rows, slippage_rows
from mlplatform.studies.certainty.days import Days, days_of
from mlplatform.studies.certainty.intervals import (
    FIGURES,
    difference_of,
    figures_of,
    intervals_of,
    resampled_figures,
)
from mlplatform.studies.certainty.permutation import permutation_test
from mlplatform.studies.certainty.value import Certainty, Deflation, Intervals
from mlplatform.studies.certainty.variants import variant_days
from mlplatform.studies.certainty.verdict import Evidence, judge
from mlplatform.studies.result import StudyResult


def certainty_of(study: StudyResult, seed: int) -> Certainty:
    """Intervals, deflated Sharpe ratio, overfitting, permutation, costs and verdict of a study.

    Seeded: the same study and seed give the same value. `provenance` of the study may hold
    `earlier_studies`, the number of other recipes tried on the series; only what is named after
    them depends on it. Raises ValueError where policies are marked on different days.
    """
    policies = {name: study.policies[name] for name in study.judged}
    marked = [policy.daily["session_date"] for policy in policies.values()]
    if not all(each.equals(marked[0]) for each in marked):
        raise ValueError("policies must be marked on the same trading days")
    days = {name: days_of(policy, study.capital_usd) for name, policy in policies.items()}
    intervals, differences = _intervals(study, days, seed)
    moments = _moments(days["ml"])
    trials, earlier = sum(window.trials_run for window in study.windows), _earlier(study)
    searches, with_earlier = deflation(moments, trials), deflation(moments, trials * (1 + earlier))
    alone, looks = deflation(moments, 1), deflation(moments, 1 + earlier)
    evidence = Evidence(
        trades=policies["ml"].trades.height,
        days=len(marked[0]),
        own=intervals["ml"]["mean_day_usd"],
        difference=differences["ml"]["mean_day_usd"],
        sharpe=study.summaries["ml"].sharpe_ratio,
        looks=alone,
        searches=searches,
    )
    variants = variant_days(study.candidates, marked[0])
    return Certainty(
        resamples=RESAMPLES,
        confidence=CONFIDENCE,
        ml=intervals["ml"],
        baseline=intervals["baseline"],
        difference=differences["ml"],
        strategy=intervals.get(STRATEGY),
        strategy_difference=differences.get(STRATEGY),
        psr=alone.dsr,
        trials_optuna=trials,
        sr0=searches.sr0,
        dsr=searches.dsr,
        earlier_studies=earlier,
        with_earlier=with_earlier,
        looks=looks,
        pbo=overfitting_probability(variants),
        pbo_variants=variants.shape[1],
        permutation=permutation_test(study.candidates, seed),
        **_under_other_costs(study),
        verdict=judge(evidence),
        verdict_with_earlier=judge(replace(evidence, looks=looks, searches=with_earlier)),
    )


def _under_other_costs(study: StudyResult) -> dict[str, Any]:
    policies = [(name, study.policies[name]) for name in study.judged]
    execution, capital = study.settings.get("execution"), study.capital_usd
    execution = execution if isinstance(execution, dict) else {}
    return {
        "costs": tuple(r for n, p in policies for r in cost_rows(n, p, capital)),
        "slippage": tuple(r for n, p in policies for r in slippage_rows(n, p, capital, execution)),
        "break_even_multiple": {name: break_even_multiple(p) for name, p in policies},
    }


def _earlier(study: StudyResult) -> int:
    earlier = study.provenance.get("earlier_studies", 0)
    return earlier if isinstance(earlier, int) else 0


def deflation(moments: Moments | Undefined, trials: int) -> Deflation:
    """The Sharpe ratio held against the best of `trials` without skill.

    What trials without skill show scatters as their estimation does: `1 / (T - 1)` per day.
    """
    if isinstance(moments, Undefined):
        return Deflation(trials, moments, moments)
    variance = 1.0 / (moments.days - 1.0)
    sr0 = expected_best_sharpe(trials, variance)
    dsr = deflated_sharpe(moments, trials, variance)
    return Deflation(trials, sr0 * float(np.sqrt(DAYS_A_YEAR)), dsr)


def _moments(days: Days) -> Moments | Undefined:
    returns = days.returns
    return returns if isinstance(returns, Undefined) else moments_of(returns)


def _intervals(
    study: StudyResult, days: dict[str, Days], seed: int
) -> tuple[dict[str, Intervals], dict[str, Intervals]]:
    """Of each policy, and of each but the baseline less the baseline, on the same resamples."""
    n = days["ml"].net_usd.size
    drawn = stationary_resamples(max(n, 1), seed)
    values = {name: figures_of(of, study.summaries[name]) for name, of in days.items()}
    nothing = dict.fromkeys(FIGURES, np.full(RESAMPLES, np.nan))
    figures = {name: resampled_figures(of, drawn) if n else nothing for name, of in days.items()}
    own: dict[str, Intervals] = {
        name: intervals_of(values[name], figures[name], n) for name in days
    }
    base, base_values = figures["baseline"], values["baseline"]
    differences: dict[str, Intervals] = {}
    for name in (name for name in days if name != "baseline"):
        apart = {f: figures[name][f] - base[f] for f in FIGURES}
        gap = {f: difference_of(values[name][f], base_values[f]) for f in FIGURES}
        differences[name] = intervals_of(gap, apart, n)
    return own, differences
