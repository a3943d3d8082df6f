"""Law 6: no training label interval overlaps a tested period, nor its embargo."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlplatform.domain.schema import UTC_US
from mlplatform.domain.tables import CANDIDATES, LABELS
from mlplatform.features.graph import Feature
from mlplatform.labels.outcomes import TRADED_TARGET_ATR
from mlplatform.models.errors import NotTrainable
from mlplatform.studies.training import TrainingSet, at_stops, training_set

START = datetime(2025, 6, 2, 13, 30, tzinfo=UTC)
GRID = (1.0, 2.0, 3.0)
NEVER = np.iinfo(np.int64).max
INPUT = Feature("x", ("close",), 0, lambda columns: columns["close"], "an input")


def minutes(values: list[int | None]) -> pl.Series:
    stamps = [None if v is None else START + timedelta(minutes=v) for v in values]
    return pl.Series(stamps, dtype=UTC_US)


def study(signals: list[int], ends: list[list[int | None]], session_ends: list[int]):
    """Candidates at these minutes whose labels end at those minutes, one a stop."""
    n = len(signals)
    candidates = CANDIDATES.frame(
        {
            "candidate_id": [f"c{i}" for i in range(n)],
            "ts": minutes(signals),
            "setup": ["drawn"] * n,
            "side": [1] * n,
            "reference_price": [100.0] * n,
            "atr_points": [float(i + 1) for i in range(n)],
            "session_date": [START.date()] * n,
            "session_end": minutes(session_ends),
            "order_type": ["market"] * n,
            "order_price": pl.Series([None] * n, dtype=pl.Float64),
            "expiry_bars": [0] * n,
        }
    )
    flat = [end for row in ends for end in row]
    value = [None if end is None else float(end) for end in flat]
    labels = LABELS.frame(
        {
            "candidate_id": [f"c{i}" for i in range(n) for _ in GRID],
            "stop_atr": list(GRID) * n,
            "target_atr": [TRADED_TARGET_ATR] * (len(GRID) * n),
            "label_end": minutes(flat),
            "net_atr": pl.Series(value, dtype=pl.Float64),
            "r": pl.Series(value, dtype=pl.Float64),
            "is_win": pl.Series([None if v is None else v > 50 for v in value], dtype=pl.Boolean),
            "mae_points": pl.Series(value, dtype=pl.Float64),
            "mfe_points": pl.Series(value, dtype=pl.Float64),
        }
    )
    features = candidates.select("ts").unique().with_columns(x=pl.lit(7.0))
    return features, candidates, labels


def train(signals, ends, session_ends, tested_from: int, embargo: int = 0) -> TrainingSet:
    inputs = ([INPUT], ("drawn",))
    at = START + timedelta(minutes=tested_from)
    return training_set(*study(signals, ends, session_ends), inputs, at, timedelta(minutes=embargo))


def us(minute: int) -> int:
    return int((START + timedelta(minutes=minute)).timestamp()) * 1_000_000


def test_a_label_may_end_when_the_embargo_begins_and_no_later():
    ends = [[10, 20, 70], [30, 40, 71], [30, 40, 60]]
    found = train([0, 1, 2], ends, [400] * 3, tested_from=100, embargo=30)
    assert found.atr_points.tolist() == [1.0, 3.0]  # the widest stop of the second reaches in
    assert found.purged_rows == 1
    assert len(found) == 2


def test_the_widest_stop_decides_whether_a_candidate_is_purged():
    with pytest.raises(NotTrainable, match="ended in time"):
        train([0], [[10, 20, 101]], [400], tested_from=100)


def test_a_candidate_without_any_label_is_judged_by_its_session():
    ends = [[None] * 3, [None] * 3, [10, 20, 30]]
    found = train([0, 1, 2], ends, [100, 101, 400], tested_from=100)
    assert found.atr_points.tolist() == [1.0, 3.0]
    assert np.isnan(found.r[0]).all()
    assert (found.label_end_ts[0] == NEVER).all()


def test_an_unknown_label_under_one_stop_is_unknown_there_alone():
    found = train([0], [[10, 20, None]], [400], tested_from=100)
    assert found.label_end_ts.tolist() == [[us(10), us(20), NEVER]]
    np.testing.assert_array_equal(found.r, [[10.0, 20.0, np.nan]])


def test_rows_are_in_order_of_decision_with_inputs_and_labels_of_their_own():
    found = train([9, 3, 6], [[10, 60, 12], [4, 5, 6], [7, 8, 51]], [400] * 3, tested_from=100)
    assert found.decision_ts.tolist() == [us(3), us(6), us(9)]
    assert found.r.tolist() == [[4, 5, 6], [7, 8, 51], [10, 60, 12]]
    assert found.is_win.tolist() == [[0, 0, 0], [0, 0, 1], [0, 1, 0]]
    assert found.atr_points.tolist() == [2.0, 3.0, 1.0]
    assert found.x.tolist() == [[7.0, 1.0, 1.0]] * 3
    assert found.names == ["x", "is_drawn", "side"]
    assert found.stop_grid_atr.tolist() == list(GRID)
    assert found.train_from == START + timedelta(minutes=3)
    assert found.train_to == START + timedelta(minutes=60)


def test_the_value_under_a_chosen_stop_is_that_stops_own():
    values, grid = np.arange(9.0).reshape(3, 3), np.array(GRID)
    assert at_stops(values, grid, np.array([3.0, 1.0, 2.0])).tolist() == [2.0, 3.0, 7.0]
    for stop in (0.5, 1.5, 9.0):
        with pytest.raises(ValueError, match="not one of the grid"):
            at_stops(values[:1], grid, np.array([stop]))


@st.composite
def studies(draw: st.DrawFn):
    n = draw(st.integers(1, 12))
    signals = draw(st.lists(st.integers(0, 300), min_size=n, max_size=n))
    length = st.one_of(st.none(), st.integers(1, 120))
    ends = [
        [None if (held := draw(length)) is None else signal + held for _ in GRID]
        for signal in signals
    ]
    session_ends = [signal + draw(st.integers(120, 200)) for signal in signals]
    return signals, ends, session_ends


def overlaps(found: TrainingSet, tested_from: int, embargo: int) -> bool:
    """Whether any known label of the set reaches beyond the embargo's start."""
    known = found.label_end_ts[found.label_end_ts != NEVER]
    return bool((known > us(tested_from - embargo)).any())


@settings(max_examples=60)
@given(studies(), st.integers(0, 420), st.sampled_from([0, 30, 60]))
def test_no_label_overlaps_the_tested_period_and_no_row_is_lost(drawn, tested_from, embargo):
    try:
        found = train(*drawn, tested_from, embargo)
    except NotTrainable:
        return
    assert not overlaps(found, tested_from, embargo)
    assert (found.decision_ts < us(tested_from)).all()
    assert len(found) + found.purged_rows == len(drawn[0])
    assert (np.diff(found.decision_ts) >= 0).all()
    # Nothing was thrown away that was over in time.
    limit = tested_from - embargo
    last = [
        max((end for end in row if end is not None), default=session_end)
        for row, session_end in zip(drawn[1], drawn[2], strict=True)
    ]
    assert len(found) == sum(end <= limit for end in last)


def test_the_same_judgement_catches_a_training_set_that_was_not_purged():
    drawn = ([0, 50], [[10, 20, 30], [60, 70, 130]], [400, 400])
    honest = train(*drawn, tested_from=100)
    leaking = train(*drawn, tested_from=200)
    assert not overlaps(honest, 100, 0)
    assert overlaps(leaking, 100, 0)
    assert overlaps(honest, 100, 80)  # an embargo that was forgotten
