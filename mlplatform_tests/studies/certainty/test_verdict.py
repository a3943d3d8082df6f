"""The verdict follows its rules."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from mlplatform.metrics.bootstrap import Interval, mean_interval
from mlplatform.metrics.sharpe import Moments, moments_of
from mlplatform.metrics.undefined import Undefined
from mlplatform.studies.certainty import Deflation, Verdict, certainty_of
from mlplatform.studies.certainty.certainty import deflation
from mlplatform.studies.certainty.verdict import RULES, Evidence, judge
from mlplatform.studies.result import StudyResult
from mlplatform.testing.studies import StudyPlan, fake_study

ABOVE, BELOW, ACROSS = (
    Interval(9.0, 1.0, 20.0, 0.98),
    Interval(-9.0, -20.0, -1.0, 0.98),
    Interval(1.0, -5.0, 7.0, 0.98),
)
ENOUGH = Evidence(
    30, 20, ABOVE, ABOVE, 2.5, looks=Deflation(1, 0.0, 0.99), searches=Deflation(135, 2.97, 0.42)
)


def _verdict(study: StudyResult) -> Verdict:
    return certainty_of(study, 7).verdict


@pytest.mark.parametrize(
    ("plan", "kind"),
    [
        (StudyPlan(), "edge"),
        (StudyPlan(edge_r=-0.8), "loss"),
        (StudyPlan(edge_r=0.0, seed=11), "none"),
        (StudyPlan(only=29), "too_little"),
        (StudyPlan(only=0), "too_little"),
        (StudyPlan(periods=0), "too_little"),
    ],
    ids=str,
)
def test_each_rule_speaks_where_it_applies(plan: StudyPlan, kind: str) -> None:
    assert _verdict(fake_study(plan)).kind == kind


@pytest.mark.parametrize(
    ("own", "difference", "dsr", "kind"),
    [
        (ABOVE, ABOVE, 0.99, "edge"),
        (ABOVE, ACROSS, 0.99, "edge_not_over_baseline"),
        (ABOVE, BELOW, 0.99, "edge_not_over_baseline"),
        (ABOVE, ABOVE, 0.9899, "none"),
        (ACROSS, ABOVE, 1.0, "none"),
        (replace(ABOVE, low=0.0), ABOVE, 1.0, "none"),
        (BELOW, ABOVE, 0.0, "loss"),
        (replace(BELOW, high=0.0), ABOVE, 0.0, "none"),
        (ABOVE, replace(ABOVE, low=0.0), 1.0, "edge_not_over_baseline"),
        (ABOVE, ABOVE, Undefined("daily returns do not vary"), "none"),
    ],
)
def test_an_edge_needs_the_interval_and_the_deflated_ratio(
    own: Interval, difference: Interval, dsr: float, kind: str
) -> None:
    found = replace(ENOUGH, own=own, difference=difference, looks=Deflation(1, 0.0, dsr))
    assert judge(found).kind == kind


def test_below_thirty_trades_nothing_is_claimed() -> None:
    few = judge(replace(ENOUGH, trades=29, days=200))
    assert few.kind == "too_little"
    assert "29 ML trades on 200 days" in few.basis


def test_what_the_searches_would_do_is_told_and_changes_nothing() -> None:
    told = judge(ENOUGH)
    assert told.kind == "edge"
    assert "2.50, is above zero with a probability of 99.0 %;" in told.basis
    assert "had the 135 trials of the searches seen these days, 42.0 %" in told.basis
    assert told.rules == RULES


def test_trials_without_skill_scatter_as_their_estimation_does() -> None:
    """Drawn: the best annual ratio of 100 studies of 250 days that know nothing."""
    drawn = np.random.default_rng(3).normal(0.0, 1.0, (300, 100, 250))
    best = (drawn.mean(axis=2) / drawn.std(axis=2, ddof=1)).max(axis=1) * np.sqrt(252)
    found = deflation(Moments(0.1, 250), 100)
    assert found.sr0 == pytest.approx(best.mean(), rel=0.03)
    assert deflation(Moments(float(best.mean()) / np.sqrt(252), 250), 100).dsr == pytest.approx(
        0.5, abs=0.1
    )


def test_luck_among_many_studies_is_named() -> None:
    many = judge(replace(ENOUGH, looks=Deflation(8, 1.2, 0.98)))
    assert many.kind == "none"
    assert "the best of so many studies would look as good by luck" in many.sentence
    assert "98.0 %, 7 earlier studies counted" in many.basis
    assert "could be luck" in judge(replace(ENOUGH, looks=Deflation(1, 0.0, 0.98))).sentence


def test_a_probability_short_of_one_never_reads_as_one() -> None:
    assert "99.9 %" in judge(replace(ENOUGH, looks=Deflation(1, 0.0, 0.99999))).basis


def test_earlier_studies_can_take_a_claim_back_and_nothing_else_changes() -> None:
    study = fake_study(StudyPlan(edge_r=0.16))
    alone = certainty_of(study, 7)
    looked = certainty_of(
        replace(study, provenance={**study.provenance, "earlier_studies": 10**6}), 7
    )
    assert alone.verdict.kind == "edge"
    assert looked.verdict == alone.verdict
    assert looked.verdict_with_earlier.kind == "none"
    assert alone.verdict_with_earlier == alone.verdict
    assert looked.with_earlier.trials == 180 * (10**6 + 1)
    assert (looked.dsr, looked.sr0) == (alone.dsr, alone.sr0)
    assert looked.with_earlier.dsr < alone.dsr  # type: ignore[operator]


def test_an_edge_that_the_baseline_has_too_is_not_credited_to_ml() -> None:
    study = fake_study()
    same = {**study.policies, "baseline": study.policies["ml"]}
    verdict = _verdict(replace(study, policies=same))
    assert verdict.kind == "edge_not_over_baseline"
    assert "not that ML adds" in verdict.sentence


@pytest.mark.parametrize("days", [60, 190])
def test_noise_is_called_an_edge_at_most_about_once_in_a_hundred(days: int) -> None:
    """Days without an edge and without costs, one trial: the rule at its most generous."""
    rng, kinds = np.random.default_rng(7), []
    for seed in range(300):
        ml, baseline = rng.standard_t(5, (2, days)) * 100.0
        own = mean_interval(ml, seed, resamples=400)
        gap = mean_interval(ml - baseline, seed, resamples=400)
        looks = deflation(moments_of(ml / 1e5), 1)
        found = replace(ENOUGH, trades=90, days=days, own=own, difference=gap, looks=looks)
        kinds.append(judge(found).kind)
    assert sum(kind.startswith("edge") for kind in kinds) <= 8
    assert sum(kind == "loss" for kind in kinds) <= 8


def test_policies_marked_on_other_days_cannot_be_compared() -> None:
    study = fake_study()
    ml = study.policies["ml"]
    moved = ml.daily.with_columns(session_date=pl.col("session_date").dt.offset_by("1d"))
    shifted = {**study.policies, "ml": replace(ml, daily=moved)}
    with pytest.raises(ValueError, match="same trading days"):
        _verdict(replace(study, policies=shifted))


def test_an_account_that_is_wiped_out_has_no_edge() -> None:
    plan = StudyPlan(edge_r=-5.0, capital_usd=500.0)
    assert _verdict(fake_study(plan)).kind == "loss"
    assert np.isfinite(certainty_of(fake_study(plan), 7).ml["net_usd"].low)  # type: ignore[union-attr]
