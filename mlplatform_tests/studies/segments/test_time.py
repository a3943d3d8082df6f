"""Regimes know only the past; rolling figures, decay and drift follow the windows."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from mlplatform.metrics.ratios import sharpe_ratio
from mlplatform.metrics.returns import daily_returns
from mlplatform.metrics.risk import volatility
from mlplatform.metrics.undefined import Undefined
from mlplatform.studies.segments.decay import auc_by_window, decay_of, drift_of
from mlplatform.studies.segments.keys import KeyedTrades
from mlplatform.studies.segments.parameters import window_parameters
from mlplatform.studies.segments.regimes import session_regimes
from mlplatform.studies.segments.rolling import rolling_of
from mlplatform.testing.studies import StudyPlan, fake_study


def _bars(moves: np.ndarray, width: np.ndarray) -> pl.DataFrame:
    """Two bars a session: from 100 to 100 + move, the high `width` above the lower of them."""
    rows = []
    for n, (move, wide) in enumerate(zip(moves, width, strict=True)):
        day = date(2024, 1, 1) + timedelta(days=n)
        ts = datetime(day.year, day.month, day.day, 15, tzinfo=UTC)
        low = min(100.0, 100.0 + move)
        for half in (0, 1):
            rows.append(
                {
                    "ts": ts + timedelta(minutes=5 * half),
                    "session_date": day,
                    "open": 100.0 if half == 0 else 100.0 + move / 2,
                    "high": low + wide,
                    "low": low,
                    "close": 100.0 + move / 2 if half == 0 else 100.0 + move,
                }
            )
    return pl.DataFrame(rows)


def test_a_regime_looks_at_the_days_before_alone() -> None:
    rng = np.random.default_rng(1)
    moves, width = rng.normal(0, 1, 120), rng.uniform(2, 4, 120)
    whole = session_regimes(_bars(moves, width))
    changed_moves, changed_width = moves.copy(), width.copy()
    changed_moves[80:], changed_width[80:] = 5.0, 40.0
    changed = session_regimes(_bars(changed_moves, changed_width))
    assert changed.head(81).equals(whole.head(81))
    assert not changed.equals(whole)
    assert session_regimes(_bars(moves[:81], width[:81])).equals(whole.head(81))


def test_twenty_rising_days_make_an_up_trend_and_twenty_wide_ones_a_wild_market() -> None:
    moves = np.concatenate((np.tile([1.0, -1.0], 40), np.full(20, 1.0), np.full(25, -1.0)))
    width = np.concatenate((np.full(80, 2.0), np.full(20, 6.0), np.full(25, 1.0)))
    found = session_regimes(_bars(moves, width))
    assert found["trend"][20:80].unique().to_list() == ["flat"]
    assert (found["trend"][100], found["trend"][124]) == ("up", "down")
    assert (found["volatility"][100], found["volatility"][124]) == ("wild", "calm")
    assert found["trend"][:20].unique().to_list() == ["unknown"]
    assert found["volatility"][:39].unique().to_list() == ["unknown"]
    assert found["volatility"][39] == "usual"


def test_no_move_crosses_the_end_of_a_session() -> None:
    flat = _bars(np.zeros(60), np.full(60, 2.0))
    jump = pl.when(pl.col("session_date") > date(2024, 1, 30)).then(3.0).otherwise(1.0)
    rolled = flat.with_columns(pl.col("open", "high", "low", "close") * jump)
    assert session_regimes(rolled)["trend"].to_list() == session_regimes(flat)["trend"].to_list()


def test_the_last_rolling_figure_is_the_figure_of_the_last_quarter() -> None:
    study = fake_study(StudyPlan(periods=8))
    daily = study.policies["ml"].daily
    found = rolling_of(daily, study.capital_usd)
    assert not isinstance(found, Undefined)
    returns = daily_returns(daily["equity_usd"].to_numpy(), study.capital_usd)
    assert not isinstance(returns, Undefined)
    assert found.window_days == 63
    assert found.sharpe[-1] == pytest.approx(sharpe_ratio(returns[-63:]))
    assert found.volatility_frac[0] == pytest.approx(volatility(returns[:63]))
    assert found.session_date[0] == daily["session_date"][62]
    assert len(found.session_date) == daily.height - 62


def test_short_and_flat_studies_roll_as_far_as_they_can() -> None:
    short = fake_study(StudyPlan(periods=2, only=0))
    found = rolling_of(short.policies["ml"].daily, short.capital_usd)
    assert not isinstance(found, Undefined)
    assert found.window_days == 21
    assert np.isnan(found.sharpe).all()
    assert (found.volatility_frac == 0.0).all()
    assert isinstance(rolling_of(short.policies["ml"].daily.head(20), 50_000.0), Undefined)
    wiped = fake_study(StudyPlan(edge_r=-5.0, capital_usd=500.0))
    assert isinstance(rolling_of(wiped.policies["ml"].daily, 500.0), Undefined)


def _windowed(r: np.ndarray, window: list[str]) -> KeyedTrades:
    return KeyedTrades(100 * r, r, np.arange(r.size), pl.DataFrame({"window": window}))


def test_a_fading_result_has_a_falling_slope() -> None:
    names = tuple(f"2025-{n:02d}" for n in range(1, 7))
    place = np.repeat(np.arange(6), 30)
    noise = np.random.default_rng(2).normal(0, 0.2, 180)
    found = decay_of(_windowed(0.5 - 0.1 * place + noise, [names[n] for n in place]), names)
    assert found.slope_r == pytest.approx(-0.1, abs=0.03)
    assert not isinstance(found.slope_r_high, Undefined)
    assert found.slope_r_high < 0.0
    assert found.first_half_r == pytest.approx(0.4, abs=0.05)
    assert found.second_half_r == pytest.approx(0.1, abs=0.05)
    assert (found.profitable_windows, found.traded_windows) == (5, 6) or (
        found.profitable_windows == 6
    )


def test_two_windows_have_no_slope() -> None:
    found = decay_of(_windowed(np.ones(4), ["a", "a", "b", "b"]), ("a", "b"))
    assert isinstance(found.slope_r, Undefined)
    assert found.first_half_r == 1.0


def test_parameters_of_a_window_come_from_its_decisions() -> None:
    decisions = pl.DataFrame(
        {
            "candidate_id": ["a", "b", "a", "b"],
            "policy": ["baseline", "baseline", "ml", "ml"],
            "period": ["2025-01"] * 4,
            "take": [True, True, True, False],
            "contracts": [1, 1, 3, 0],
            "stop_points": [10.0, 10.0, 5.0, 15.0],
            "probability": [None, None, 0.6, 0.4],
            "threshold": [None, None, 0.5, 0.5],
        }
    )
    found = dict(window_parameters(decisions).select("parameter", "value").iter_rows())
    assert found == {
        "threshold": 0.5,
        "mean_probability": 0.5,
        "taken_frac": 0.5,
        "stop_of_baseline": 1.0,
        "contracts": 3.0,
    }


def test_a_window_that_traded_the_baseline_has_no_threshold() -> None:
    parameters = pl.DataFrame(
        {"period": ["b"], "parameter": ["threshold"], "value": [0.5]},
    )
    found = drift_of(parameters, ("a", "b"))
    assert [p.values for p in found] == [(None, 0.5)]
    assert isinstance(found[0].mean_step, Undefined)
    assert drift_of(None, ("a",)) == []


def test_the_auc_of_a_window_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(8)
    score, r = np.round(rng.random(80), 1), rng.normal(0, 1, 80)
    frame = pl.DataFrame({"period": ["a"] * 80, "probability": score, "net_r": r})
    found = auc_by_window(frame, ("a", "b"))
    assert found[0] == pytest.approx(roc_auc_score(r > 0, score))
    assert isinstance(found[1], Undefined)
    assert isinstance(auc_by_window(None, ("a",))[0], Undefined)
    few = frame.head(3)
    assert isinstance(auc_by_window(few, ("a",))[0], Undefined)
