"""How sure a study is, as report.json holds it."""

from mlplatform.metrics.undefined import Undefined
from mlplatform.reports.numbers import number, numbers
from mlplatform.studies.certainty import Certainty, CostRow, Verdict
from mlplatform.studies.certainty.value import Intervals


def certainty_json(found: Certainty) -> dict[str, object]:
    """The value under `certainty`: nothing in it depends on what was tried before."""
    test = found.permutation
    deflated = {"psr": found.psr, "sr0": found.sr0, "dsr": found.dsr}
    shuffled = {"p": test.p, "mean_taken_r": test.mean_taken_r, "mean_all_r": test.mean_all_r}
    parts = {
        "ml": found.ml,
        "baseline": found.baseline,
        "difference": found.difference,
        "strategy": found.strategy,
        "strategy_difference": found.strategy_difference,
    }
    return {
        "resamples": found.resamples,
        "confidence": found.confidence,
        "intervals": {name: _intervals(of) for name, of in parts.items() if of is not None},
        "sharpe": {"trials_optuna": found.trials_optuna, **numbers(deflated)},
        "overfitting": {"variants": found.pbo_variants, **numbers({"pbo": found.pbo})},
        "permutation": {
            "resamples": test.resamples,
            "taken": test.taken,
            "candidates": test.candidates,
            **numbers(shuffled),
        },
        "costs": [{"multiple": row.multiple, **_cost(row)} for row in found.costs],
        "slippage": [{"extra_ticks": row.extra_ticks, **_cost(row)} for row in found.slippage],
        "break_even_multiple": numbers(found.break_even_multiple),
        "verdict": _verdict(found.verdict),
    }


def earlier_json(found: Certainty) -> dict[str, object]:
    """What the earlier studies on the series do to it: provenance, for it changes with them."""
    deflated = found.with_earlier
    return {
        "studies": found.earlier_studies,
        "trials": deflated.trials,
        **numbers({"sr0": deflated.sr0, "dsr": deflated.dsr, "looks_dsr": found.looks.dsr}),
        "verdict": _verdict(found.verdict_with_earlier),
    }


def _intervals(intervals: Intervals) -> dict[str, object]:
    told: dict[str, object] = {}
    reasons = {}
    for name, interval in intervals.items():
        if isinstance(interval, Undefined):
            told[name], reasons[name] = None, interval.reason
        else:
            told[name] = {part: number(getattr(interval, part)) for part in _PARTS}
    return told | {"reasons": reasons}


_PARTS = ("value", "low", "high")


def _cost(row: CostRow) -> dict[str, object]:
    figures = {
        "net_usd": row.net_usd,
        "expectancy_r": row.expectancy_r,
        "sharpe_ratio": row.sharpe,
    }
    return {"policy": row.policy, **numbers(figures)}


def _verdict(verdict: Verdict) -> dict[str, object]:
    return {
        "kind": verdict.kind,
        "sentence": verdict.sentence,
        "basis": verdict.basis,
        "rules": list(verdict.rules),
    }
