"""What the scores are worth, and what choosing among variants is worth."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import combinations

import numpy as np
import polars as pl
import pytest

from mlplatform.metrics.undefined import Undefined
from mlplatform.studies.certainty import certainty_of
from mlplatform.studies.certainty.permutation import permutation_test
from mlplatform.studies.certainty.variants import MINIMUM_TRADES, variant_days
from mlplatform.testing.studies import fake_study


def _judged(
    net_r: list[float | None], take: list[bool], period: list[str] | None = None
) -> pl.DataFrame:
    n = len(net_r)
    return pl.DataFrame(
        {
            "period": period or ["2025-04"] * n,
            "probability": [0.5] * n,
            "take": take,
            "net_r": net_r,
        },
        schema_overrides={"net_r": pl.Float64, "probability": pl.Float64, "take": pl.Boolean},
    )


def test_p_is_the_share_of_all_choices_that_do_as_well() -> None:
    rng = np.random.default_rng(1)
    net_r = rng.normal(0, 1, 12)
    take = np.zeros(12, dtype=bool)
    take[[1, 4, 5, 9]] = True
    sums = [net_r[list(choice)].sum() for choice in combinations(range(12), 4)]
    exact = np.mean(np.array(sums) >= net_r[take].sum() - 1e-9)
    found = [permutation_test(_judged(list(net_r), list(take)), seed).p for seed in range(20)]
    assert np.mean([p for p in found if not isinstance(p, Undefined)]) == pytest.approx(
        exact, abs=0.03
    )


def test_scores_that_know_everything_get_the_smallest_p() -> None:
    net_r = [1.0] * 60 + [-1.0] * 140
    found = permutation_test(_judged(net_r, [True] * 60 + [False] * 140), 7)
    assert found.p == pytest.approx(1 / 2001)
    assert (found.taken, found.candidates, found.resamples) == (60, 200, 2_000)
    assert found.mean_taken_r == 1.0
    assert found.mean_all_r == pytest.approx(-0.4)


def test_scores_that_know_nothing_are_rarely_called_skill() -> None:
    rng = np.random.default_rng(2)
    found = []
    for seed in range(200):
        take = rng.random(150) < 0.3
        p = permutation_test(_judged(list(rng.standard_t(4, 150)), list(take)), seed).p
        found.append(1.0 if isinstance(p, Undefined) else p)
    assert 0.02 <= np.mean(np.array(found) <= 0.1) <= 0.18
    assert np.mean(found) == pytest.approx(0.5, abs=0.07)


def test_the_choice_of_windows_is_no_skill_of_the_scores() -> None:
    """All of a good window and one of a bad one: within each window nothing was chosen well."""
    net_r: list[float | None] = [1.0] * 50 + [-1.0] * 50
    take = [True] * 49 + [False] + [True] + [False] * 49
    periods = ["2025-04"] * 50 + ["2025-05"] * 50
    assert permutation_test(_judged(net_r, take, periods), 7).p == 1.0
    assert permutation_test(_judged(net_r, take), 7).p == pytest.approx(1 / 2001)


def test_an_order_that_never_filled_earned_nothing() -> None:
    net_r: list[float | None] = [2.0, None, 1.0, -1.0]
    found = permutation_test(_judged(net_r, [True, True, False, False]), 7)
    assert found.mean_taken_r == 1.0
    assert found.mean_all_r == 0.5


@pytest.mark.parametrize(
    ("candidates", "why"),
    [
        (None, "no judged candidates"),
        (_judged([], []), "no candidate was taken"),
        (_judged([1.0, 2.0], [False, False]), "no candidate was taken"),
        (_judged([1.0, 2.0], [True, True]), "nothing to shuffle"),
        (
            _judged([1.0], [True]).with_columns(probability=pl.lit(None, pl.Float64)),
            "no candidate was taken by a model",
        ),
    ],
)
def test_where_nothing_can_be_shuffled_it_says_why(
    candidates: pl.DataFrame | None, why: str
) -> None:
    found = permutation_test(candidates, 7)
    assert isinstance(found.p, Undefined)
    assert why in found.p.reason


def _scored(setups: list[str], scores: list[float], net_r: list[float]) -> pl.DataFrame:
    noon = datetime(2025, 4, 1, 17, tzinfo=UTC)
    return pl.DataFrame(
        {
            "ts": [noon + timedelta(days=k % 5) for k in range(len(setups))],
            "setup": setups,
            "probability": scores,
            "net_r": net_r,
        }
    )


DAYS = pl.Series([date(2025, 4, 1) + timedelta(days=k) for k in range(5)])


def test_variants_are_setups_by_threshold_and_add_up_by_day() -> None:
    rng = np.random.default_rng(3)
    n = 4_000
    setups = ["a" if rng.random() < 0.5 else "b" for _ in range(n)]
    frame = _scored(setups, list(rng.random(n)), list(rng.normal(size=n)))
    found = variant_days(frame, DAYS)
    assert found.shape == (5, 30)
    cut = float(np.quantile(frame["probability"].to_numpy(), 0.7, method="higher"))
    kept = frame.filter(pl.col("probability") >= cut, pl.col("setup") == "b")
    expected = kept.group_by("ts").agg(pl.col("net_r").sum()).sort("ts")["net_r"].to_numpy()
    np.testing.assert_allclose(found[:, 27], expected, atol=1e-9)
    whole = frame.group_by("ts").agg(pl.col("net_r").sum()).sort("ts")["net_r"].to_numpy()
    np.testing.assert_allclose(found[:, 0], whole, atol=1e-9)
    np.testing.assert_allclose(found[:, 10] + found[:, 20], whole, atol=1e-9)


def test_a_variant_that_hardly_trades_is_no_choice() -> None:
    n = 2 * MINIMUM_TRADES
    scores = [0.2] * MINIMUM_TRADES + [0.8] * MINIMUM_TRADES
    assert variant_days(_scored(["a"] * n, scores, [1.0] * n), DAYS).shape == (5, 2)
    fewer = _scored(["a"] * n, scores, [1.0] * n)[:-1]
    assert variant_days(fewer, DAYS).shape == (5, 1)


def test_without_scores_there_are_no_variants() -> None:
    assert variant_days(None, DAYS).shape == (5, 0)
    blind = _scored(["a"], [0.1], [1.0]).with_columns(probability=pl.lit(None, pl.Float64))
    assert variant_days(blind, DAYS).shape == (5, 0)


def test_a_study_whose_scores_are_shuffled_loses_its_evidence() -> None:
    study = fake_study()
    assert study.candidates is not None
    sure = certainty_of(study, 7).permutation_p
    shuffled = study.candidates.with_columns(
        pl.col("net_r").shuffle(seed=1).over("period", mapping_strategy="group_to_rows")
    )
    blind = certainty_of(replace(study, candidates=shuffled), 7).permutation_p
    assert sure < 0.001  # type: ignore[operator]
    assert blind > 0.05  # type: ignore[operator]
