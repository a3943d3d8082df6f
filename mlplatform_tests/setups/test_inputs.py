"""What models see of a candidate."""

import numpy as np
import polars as pl
import pytest

from mlplatform.features.graph import Feature
from mlplatform.setups.inputs import model_inputs_of, with_score
from mlplatform.testing.bars import drawn_bars

TREND = Feature("trend", ("close",), 0, lambda c: c["close"], "a trend", is_signed=True)
CLOCK = Feature("clock", ("close",), 0, lambda c: c["close"], "a clock")
BARS = drawn_bars("2025-06-03 09:00", [100.0] * 4)
FEATURES = BARS.select("ts").with_columns(
    trend=pl.Series([1.0, 2.0, None, 4.0]), clock=pl.Series([10.0, 20.0, 30.0, 40.0])
)
CANDIDATES = pl.DataFrame(
    {
        "candidate_id": ["c3", "c0", "c1", "c2"],
        "ts": BARS["ts"].gather([3, 0, 0, 2]),
        "side": pl.Series([-1, 1, -1, -1], dtype=pl.Int8),
        "setup": ["b", "a", "b", "a"],
    }
)


def test_inputs_are_those_of_the_signal_bar_signed_by_the_side_in_the_candidates_order():
    found = model_inputs_of(CANDIDATES, FEATURES, [TREND, CLOCK], ("a", "b"))
    assert found.names == ["trend", "clock", "is_a", "is_b", "side"]
    expected = [
        [-4, 40, 0, 1, -1],
        [1, 10, 1, 0, 1],
        [-1, 10, 0, 1, -1],
        [np.nan, 30, 1, 0, -1],
    ]
    np.testing.assert_array_equal(found.x, np.array(expected))
    assert (found.x.dtype, found.x.flags.c_contiguous) == (np.float64, True)


def test_a_short_sees_the_mirror_image_of_a_feature_that_has_one():
    high, low = (
        Feature(f"gap_to_{a}", ("close",), 0, lambda c: c["close"], a, "atr", True, mirror=b)
        for a, b in (("high", "gap_to_low"), ("low", "gap_to_high"))
    )
    upper, lower = (
        Feature(f"{a}_wick", ("close",), 0, lambda c: c["close"], a, mirror=f"{b}_wick")
        for a, b in (("upper", "lower"), ("lower", "upper"))
    )
    features = BARS.select("ts").with_columns(
        gap_to_high=pl.lit(-1.0), gap_to_low=pl.lit(5.0), upper_wick=pl.lit(0.2), lower_wick=None
    )
    found = model_inputs_of(CANDIDATES[:2], features, [high, low, upper, lower], ())
    assert found.names == ["gap_to_high", "gap_to_low", "upper_wick", "lower_wick", "side"]
    # The short is 5 ATR away from what lies in its way, and 1 from what lies behind it.
    expected = [[-5.0, 1.0, np.nan, 0.2, -1.0], [-1.0, 5.0, 0.2, np.nan, 1.0]]
    np.testing.assert_array_equal(found.x, np.array(expected))


def test_no_candidates_give_no_rows_of_the_same_width():
    found = model_inputs_of(CANDIDATES[:0], FEATURES, [TREND, CLOCK], ("a", "b"))
    assert found.x.shape == (0, 5)


def test_a_candidate_without_a_feature_row_is_refused():
    with pytest.raises(ValueError, match="no feature row"):
        model_inputs_of(CANDIDATES, FEATURES[1:], [TREND], ("a",))


def test_a_score_is_its_candidates_own_and_missing_where_there_is_none() -> None:
    seen = model_inputs_of(CANDIDATES, FEATURES, [TREND], ("a",))
    known = CANDIDATES["candidate_id"][1:].reverse()
    values = [float(place) for place in range(len(known))]
    scores = pl.DataFrame({"candidate_id": known, "score": values})
    found = with_score(seen, CANDIDATES, scores)
    assert found.names == [*seen.names, "detector_score"]
    np.testing.assert_array_equal(found.x[:, :-1], seen.x)
    np.testing.assert_array_equal(found.x[:, -1], [float("nan"), *values[::-1]])
    with pytest.raises(pl.exceptions.ComputeError):
        with_score(seen, CANDIDATES, pl.concat([scores, scores]))
