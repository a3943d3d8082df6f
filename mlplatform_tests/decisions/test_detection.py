"""What the detector sees and says of candidates: law 1 and 2 for its scores."""

import numpy as np
import polars as pl
import pytest

from mlplatform.decisions.detection import pictures, scores_of
from mlplatform.domain.tables import DETECTOR_SCORES
from mlplatform.models.neural.detector import Detector
from mlplatform.testing.bars import seeded_bars
from mlplatform_tests.laws.research import SETUP_NAMES, candidates_of
from mlplatform_tests.models.neural.planted import untrained_detector_text

SEES_ALL = Detector.from_text(untrained_detector_text(2, SETUP_NAMES))


@pytest.fixture(scope="module")
def market() -> tuple[pl.DataFrame, pl.DataFrame]:
    """With a candidate so early in its day that it has no whole window."""
    bars = seeded_bars(12, seed=5)
    found = candidates_of(bars)
    first = bars.filter(pl.col("session_date") == bars["session_date"][-1])["ts"][5]
    ts = pl.when(pl.int_range(pl.len()) == pl.len() - 1).then(pl.lit(first)).otherwise("ts")
    return bars, found.with_columns(ts=ts).sort("ts", maintain_order=True)


def test_a_window_ends_with_the_signal_bar_in_its_own_atr(market):
    bars, found = market
    windows, complete = pictures(bars, found)
    assert windows.shape == (found.height, 20, 5)
    assert complete.any()
    place = dict(zip(bars["ts"], range(bars.height), strict=True))
    for row in np.flatnonzero(complete)[:20]:
        candidate = found.row(int(row), named=True)
        last = place[candidate["ts"]]
        opens = bars["open"].to_numpy()[last - 19 : last + 1]
        expected = (opens - bars["close"][last]) / candidate["atr_points"] * candidate["side"]
        np.testing.assert_allclose(windows[row, :, 0], np.clip(expected, -10, 10), atol=1e-12)


def test_every_candidate_has_a_row_and_a_score_only_where_the_detector_may_speak(market):
    bars, found = market
    scores = scores_of(SEES_ALL, bars, found)
    assert scores.schema == DETECTOR_SCORES.schema
    assert scores["candidate_id"].equals(found["candidate_id"])
    _, complete = pictures(bars, found)
    assert scores["score"].is_not_null().to_list() == complete.tolist()
    assert 0 < complete.sum() < len(complete)
    one = found["setup"].mode()[0]
    few = scores_of(Detector.from_text(untrained_detector_text(2, (one,))), bars, found)
    mine = (found["setup"] == one).to_numpy()
    assert few["score"].is_not_null().to_list() == (complete & mine).tolist()
    assert few.filter(mine).equals(scores.filter(mine))


def test_without_a_detector_or_candidates_there_is_no_score(market):
    bars, found = market
    assert scores_of(None, bars, found)["score"].null_count() == found.height
    assert scores_of(SEES_ALL, bars, found[:0]).equals(DETECTOR_SCORES.empty())


def test_no_later_bar_and_no_other_candidate_changes_a_score(market):
    """Laws 1 and 2: cut off, and poisoned."""
    bars, found = market
    whole = scores_of(SEES_ALL, bars, found)
    cut = found["ts"][found.height // 2]
    early = found.filter(pl.col("ts") <= cut)
    kept = whole[: early.height]
    assert scores_of(SEES_ALL, bars.filter(pl.col("ts") <= cut), early).equals(kept)
    later = pl.col("ts") > cut
    prices = ("open", "high", "low", "close", "volume")
    poisoned = bars.with_columns(pl.when(later).then(1e6).otherwise(p).alias(p) for p in prices)
    assert scores_of(SEES_ALL, poisoned, found)[: early.height].equals(kept)
    assert not scores_of(SEES_ALL, poisoned, found).equals(whole)
    for row in range(0, early.height, 7):
        assert scores_of(SEES_ALL, bars, found[row : row + 1]).equals(whole[row : row + 1])


def test_a_detector_that_reads_one_bar_more_is_caught(market):
    """The planted twin of the law above."""
    bars, found = market
    ahead = bars.with_columns(pl.col("close").shift(-1).fill_null(strategy="forward"))
    cut = found["ts"][found.height // 2]
    early = found.filter(pl.col("ts") <= cut)
    short = bars.filter(pl.col("ts") <= cut)
    blind = short.with_columns(pl.col("close").shift(-1).fill_null(strategy="forward"))
    whole = scores_of(SEES_ALL, ahead, found)[: early.height]
    assert not scores_of(SEES_ALL, blind, early).equals(whole)


def test_the_order_of_bars_does_not_matter_and_a_missing_signal_bar_is_refused(market):
    bars, found = market
    shuffled = bars.sample(fraction=1.0, shuffle=True, seed=1)
    assert scores_of(SEES_ALL, shuffled, found).equals(scores_of(SEES_ALL, bars, found))
    with pytest.raises(ValueError, match="no signal bar"):
        pictures(bars.filter(pl.col("ts") != found["ts"][3]), found)
