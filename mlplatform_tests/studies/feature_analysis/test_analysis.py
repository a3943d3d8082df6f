"""The whole analysis, its table, and samples that have little to say."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from mlplatform.domain.content import content_hash
from mlplatform.domain.periods import Cadence
from mlplatform.domain.tables import FEATURE_REPORT
from mlplatform.setups.inputs import ModelInputs
from mlplatform.studies.feature_analysis.analysis import AnalysisConfig, analyse_features
from mlplatform.studies.feature_analysis.report_table import report_table
from mlplatform.studies.feature_analysis.sample import sample_of
from mlplatform_tests.studies.feature_analysis.drawn import noise, sample_from

CONFIG = AnalysisConfig()


def test_constant_and_null_columns_are_named_and_change_nothing_else():
    x = noise(1_200, 3)
    plain = analyse_features(sample_from(x), CONFIG)
    wide = np.column_stack([np.full(1_200, np.nan), x, np.full(1_200, 2.5)])
    wide[0, 4] = np.nan
    sample = sample_from(wide, names=("empty", "f0", "f1", "f2", "still"))
    found = analyse_features(sample, CONFIG)
    assert found.dropped == (
        ("empty", "null on every candidate"),
        ("still", "constant: 2.5 on every candidate"),
    )
    rows = report_table(found).filter(pl.col("quantile") > 0)
    assert rows.equals(report_table(plain))


def test_the_table_has_a_row_a_feature_and_bin_and_the_declared_schema():
    x = noise(1_200, 2)
    x[:, 1] = x[:, 1] > 0
    table = report_table(analyse_features(sample_from(x), CONFIG))
    assert table.schema == FEATURE_REPORT.schema
    assert table.group_by("feature", maintain_order=True).len()["len"].to_list() == [5, 2]
    assert table["rows"].sum() == 2_400


def test_equal_samples_and_seeds_give_equal_tables():
    tables = [report_table(analyse_features(sample_from(noise(900, 4)), CONFIG)) for _ in range(2)]
    assert content_hash(tables[0]) == content_hash(tables[1])


def test_without_candidates_every_feature_says_so():
    found = analyse_features(sample_from(np.empty((0, 3))), CONFIG)
    assert found.limits == ("There is no candidate: nothing can be said of any feature.",)
    table = report_table(found)
    assert table["reason"].unique().to_list() == ["there is no candidate"]
    assert (table.height, found.looked_at) == (3, 0)


def test_without_outcomes_drift_and_redundancy_are_still_known():
    sample = sample_from(noise(1_200, 2))
    sample.r[:] = np.nan
    sample.is_win[:] = np.nan
    found = analyse_features(sample, CONFIG)
    assert "no feature was tested" in found.limits[0]
    assert found.drift.verdict == ("stable", "stable")
    assert report_table(found).height == 2


def test_one_period_and_one_side_are_said():
    sample = replace(sample_from(noise(600, 2), days=40, periods=1), sides=(-1,))
    told = " ".join(analyse_features(sample, CONFIG).limits)
    assert "one period, 2025-01" in told
    assert "All candidates are short" in told


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_a_handful_of_candidates_is_harmless(rows: int):
    found = analyse_features(sample_from(noise(rows, 3), days=rows, periods=1), CONFIG)
    assert found.looked_at == 0
    assert report_table(found).height >= 3


def candidates_and_labels() -> tuple[pl.DataFrame, pl.DataFrame]:
    days = [pl.date(2025, 2, 3), pl.date(2025, 1, 6), pl.date(2025, 1, 7), pl.date(2025, 1, 7)]
    candidates = pl.DataFrame(
        {"candidate_id": ["d", "a", "b", "c"], "side": pl.Series([1, -1, 1, 1], dtype=pl.Int8)}
    ).with_columns(session_date=pl.concat_list(days).list.get(pl.int_range(4)))
    candidates = candidates.with_columns(
        ts=pl.col("session_date").cast(pl.Datetime("us", "UTC"))
        + pl.duration(minutes=pl.int_range(4))
    )
    labels = pl.DataFrame(
        {
            "candidate_id": ["a", "b", "c", "d"] * 2,
            "stop_atr": [1.0] * 4 + [1.5] * 4,
            "target_atr": [2.0] * 8,
            "r": [9.0] * 4 + [-1.0, 1.3, None, 0.5],
            "is_win": [True] * 4 + [False, True, None, True],
        }
    )
    return candidates, labels


def test_a_sample_is_in_order_of_time_with_outcomes_at_the_stop_that_is_asked_for():
    candidates, labels = candidates_and_labels()
    inputs = ModelInputs(np.array([[4.0], [1.0], [np.inf], [3.0]]), ["f"])
    sample = sample_of(candidates, labels, inputs, Cadence.MONTH, 1.5)
    np.testing.assert_array_equal(sample.x[:, 0], [1.0, np.nan, 3.0, 4.0])
    np.testing.assert_array_equal(sample.r, [-1.0, 1.3, np.nan, 0.5])
    np.testing.assert_array_equal(sample.is_win, [0, 1, np.nan, 1])
    assert sample.day.tolist() == [0, 1, 1, 2]
    assert sample.period.tolist() == [0, 0, 0, 1]
    assert (sample.periods, sample.sides) == (("2025-01", "2025-02"), (-1, 1))


def test_a_stop_that_no_label_has_is_refused():
    candidates, labels = candidates_and_labels()
    with pytest.raises(ValueError, match=r"no label has a stop of 1\.7 ATR"):
        sample_of(candidates, labels, ModelInputs(np.zeros((4, 1)), ["f"]), Cadence.MONTH, 1.7)
