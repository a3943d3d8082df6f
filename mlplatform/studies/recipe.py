"""The gate: whether a recipe (settings and code) may become champion, judged on all its windows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

Evidence = Mapping[str, tuple[int, float]]
"""By period: out-of-sample trades, and the sum of their R."""


@dataclass(frozen=True)
class Verdict:
    """Whether the recipe passes, and why, in a sentence."""

    passed: bool
    reason: str


def evidence_of(
    trades: pl.DataFrame, policy: str, periods: Iterable[str] = ()
) -> dict[str, tuple[int, float]]:
    """Evidence of one policy from table `backtest`; of `periods` those without trades as well."""
    mine = trades.filter(pl.col("policy") == policy)
    rows = mine.group_by("period").agg(pl.len(), pl.col("r").sum()).sort("period")
    found = {period: (count, total) for period, count, total in rows.iter_rows()}
    return dict(sorted({**dict.fromkeys(periods, (0, 0.0)), **found}.items()))


def judge_recipe(
    challenger: Evidence, incumbent: Evidence | None, baseline: Evidence, min_trades: int
) -> Verdict:
    """Enough trades, and an expectancy in R not worse than the champion recipe's (`incumbent`) on
    the same periods.

    The first recipe of a series has no champion to beat: it passes with enough trades, and the
    reason says what it earned next to the baseline. Without common periods there is nothing to
    compare, and the champion stays.
    """
    trades = sum(count for count, _ in challenger.values())
    if trades < min_trades:
        return Verdict(False, f"{trades} out-of-sample trades, {min_trades} are needed")
    if incumbent is None:
        own, other = expectancy_r(challenger), expectancy_r(baseline)
        told = f"expectancy {own:+.3f} R a trade out of sample, the baseline's {other:+.3f} R"
        return Verdict(True, f"the first recipe of the series, nothing to compare with: {told}")
    common = sorted(set(challenger) & set(incumbent))
    if not common:
        return Verdict(False, "no period in common with the champion recipe")
    own, other = _expectancy(challenger, common), _expectancy(incumbent, common)
    span = f"{common[0]} to {common[-1]}"
    compared = f"expectancy {own:+.3f} R against {other:+.3f} R of the champion recipe, {span}"
    # Rounding in the stored evidence must not turn a recipe against itself.
    if own < other - 1e-9:
        return Verdict(False, f"worse: {compared}")
    return Verdict(True, f"not worse: {compared}")


def expectancy_r(evidence: Evidence) -> float:
    """Mean R of all trades in the evidence; 0 without trades."""
    return _expectancy(evidence, sorted(evidence))


def _expectancy(evidence: Evidence, periods: list[str]) -> float:
    trades = sum(evidence[period][0] for period in periods)
    return sum(evidence[period][1] for period in periods) / trades if trades else 0.0
