"""Law 6 for the detector: it learns from no label that reaches into the period that it scores."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from mlplatform.labels.outcomes import LabelRules, label_candidates
from mlplatform.models.errors import NotTrainable
from mlplatform.studies.detection import detector_lesson
from mlplatform.testing.bars import MES_5M, seeded_bars
from mlplatform_tests.laws.research import candidates_of

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def past() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    bars = seeded_bars(20, seed=5)
    found = candidates_of(bars)
    return bars, found, label_candidates(MES_5M, LabelRules(), bars, found)


@pytest.fixture(scope="module")
def setups(past) -> tuple[str, ...]:
    return tuple(past[1]["setup"].value_counts(sort=True)["setup"][:2])


def test_rows_are_in_order_and_won_where_the_static_stop_won(past, setups):
    bars, found, labels = past
    lesson = detector_lesson(past, setups, bars["ts"][-1] + HOUR, HOUR)
    rows = lesson.rows
    assert len(lesson) == len(rows.windows) == len(rows.hour) == len(rows.label_end_ts) > 20
    assert (np.diff(rows.decision_ts) >= 0).all()
    assert (rows.label_end_ts > rows.decision_ts).all()
    assert 0 < rows.y.mean() < 1
    static = labels.filter(stop_atr=1.5, target_atr=2.0).select(
        "candidate_id", "is_win", "label_end"
    )
    mine = found.filter(pl.col("setup").is_in(setups)).join(static, on="candidate_id")
    for ts, end, won, hour in zip(
        rows.decision_ts[:30], rows.label_end_ts[:30], rows.y[:30], rows.hour[:30], strict=True
    ):
        at = pl.col("ts").to_physical() == int(ts)
        same = mine.filter(at & (pl.col("label_end").to_physical() == int(end)))
        assert won in same["is_win"].cast(pl.Float64).to_list()
        assert hour == same["ts"].dt.convert_time_zone("America/Chicago").dt.hour()[0]


def test_a_label_may_end_when_the_embargo_begins_and_no_later(past, setups):
    whole = detector_lesson(past, setups, past[0]["ts"][-1] + HOUR, HOUR)
    end = int(np.sort(whole.rows.label_end_ts)[len(whole) // 2])
    scored_from = pl.Series([end]).cast(pl.Datetime("us", "UTC"))[0] + HOUR
    at = detector_lesson(past, setups, scored_from, HOUR)
    before = detector_lesson(past, setups, scored_from - timedelta(microseconds=1), HOUR)
    assert at.rows.label_end_ts.max() == end
    assert before.rows.label_end_ts.max() < end
    assert len(before) < len(at) < len(whole)
    assert before.purged_rows > at.purged_rows > whole.purged_rows == 0
    assert at.train_to == scored_from - HOUR


def test_a_past_that_holds_the_scored_period_teaches_nothing_of_it(past, setups):
    """The planted leak: the mapping is wrong, the period's own rows are in `past`."""
    bars, found, _ = past
    scored_from = bars["session_date"].unique().sort()[12]
    start = bars.filter(pl.col("session_date") == scored_from)["ts"][0]
    honest = tuple(
        frame.filter(pl.col("ts") < start)
        if "ts" in frame.columns
        else frame.join(found.filter(pl.col("ts") < start), on="candidate_id", how="semi")
        for frame in past
    )
    one, two = (detector_lesson(frames, setups, start, HOUR) for frames in (honest, past))
    for name in ("windows", "hour", "y", "decision_ts", "label_end_ts"):
        np.testing.assert_array_equal(getattr(one.rows, name), getattr(two.rows, name))
    assert two.purged_rows > one.purged_rows
    leaking = detector_lesson(past, setups, bars["ts"][-1] + HOUR, HOUR)
    assert (leaking.rows.decision_ts >= int(start.timestamp() * 1e6)).any()


def test_nothing_to_learn_from_is_said(past):
    with pytest.raises(NotTrainable, match="no earlier candidate of nobody"):
        detector_lesson(past, ("nobody",), past[0]["ts"][-1], HOUR)
