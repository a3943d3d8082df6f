"""The verdict follows its rules."""

from dataclasses import replace

import pytest

from mlplatform.reports.verdict import judge
from mlplatform.testing.studies import StudyPlan, fake_study


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
    assert judge(fake_study(plan)).kind == kind


def test_an_edge_that_the_baseline_has_too_is_not_credited_to_ml() -> None:
    study = fake_study()
    same = {**study.policies, "baseline": study.policies["ml"]}
    verdict = judge(replace(study, policies=same))
    assert verdict.kind == "edge_not_over_baseline"
    assert "not that ML adds" in verdict.sentence


def test_a_baseline_with_an_edge_of_its_own_takes_the_credit() -> None:
    study, other = fake_study(), fake_study(StudyPlan(seed=8))
    policies = {**study.policies, "baseline": other.policies["ml"]}
    assert judge(replace(study, policies=policies)).kind == "edge_not_over_baseline"


def test_noise_is_rarely_called_an_edge() -> None:
    kinds = [
        judge(fake_study(StudyPlan(seed=seed, edge_r=-0.02, periods=3))).kind for seed in range(60)
    ]
    assert sum(kind.startswith("edge") for kind in kinds) <= 3


def test_the_same_study_has_the_same_verdict() -> None:
    assert judge(fake_study()) == judge(fake_study())


def test_policies_marked_on_other_days_cannot_be_compared() -> None:
    study = fake_study()
    ml = study.policies["ml"]
    shifted = replace(
        ml, daily=ml.daily.with_columns(session_date=ml.daily["session_date"].dt.offset_by("1d"))
    )
    with pytest.raises(ValueError, match="same trading days"):
        judge(replace(study, policies={**study.policies, "ml": shifted}))
