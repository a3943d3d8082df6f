"""Beside open positions of other series a plan is cut: by what moves together, and by heat."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlplatform.decisions.plans import Plan, decisions_of
from mlplatform.decisions.portfolio import (
    LOOK_BACK,
    Account,
    Closes,
    OpenPosition,
    beside,
    correlation,
)
from mlplatform.domain.series import Series
from mlplatform.testing.bars import MES_5M, seeded_bars
from mlplatform_tests.laws.research import candidates_of

MNQ, MES_USD = Series.parse("MNQ-5m"), 5.0
NOW = datetime(2025, 6, 2, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def decisions() -> pl.DataFrame:
    found = candidates_of(seeded_bars(20)).head(8)
    n = found.height
    plan = Plan(np.arange(n) % 4 != 3, np.full(n, 6), np.full(n, 1.5))
    return decisions_of("ml", "f", found, plan).with_columns(stop_points=pl.lit(10.0))


def cut(decisions, rho, positions, capital=50_000.0, heat=0.06) -> pl.DataFrame:
    return beside(decisions, MES_USD, Account(capital, heat, positions), {"MNQ-5m": rho})


def hours(changes: np.ndarray, series: Series = MES_5M, close: float = 5000.0) -> Closes:
    """Two bars an hour, up to NOW; the hour's change is in the second."""
    price = close * np.exp(np.cumsum(changes)).repeat(2)
    price[::2] = 1.0
    step = timedelta(minutes=55)
    starts = [NOW - timedelta(hours=len(changes) - i) for i in range(len(changes))]
    ts = [t for start in starts for t in (start, start + step)]
    times = pl.Series(ts, dtype=pl.Datetime("us", "UTC"))
    return Closes(series, pl.DataFrame({"ts": times, "close": price}))


def test_without_positions_nothing_is_cut(decisions):
    assert cut(decisions, 1.0, ()).equals(decisions)


def test_the_same_bet_halves_and_a_hedge_or_a_stranger_leaves_all(decisions):
    # Own risk 6 x 10 x 5 = 300 USD; the open one risks 3 x 50 x 2 = 300 USD.
    position = OpenPosition(MNQ, 1, 3, 50.0)
    taken = decisions.filter("take")
    for rho, long, short in ((1.0, 3, 6), (0.0, 6, 6), (-1.0, 6, 3), (0.5, 4, 6), (None, 3, 3)):
        found = cut(taken, rho, (position,))
        expected = [long if side > 0 else short for side in taken["side"]]
        assert found["contracts"].to_list() == expected, rho
        assert found["take"].all()


def test_the_heat_of_all_series_stays_within_the_account(decisions):
    # 6 % of 20,000 are 1,200 USD; 1,100 are open, so 100 USD are left: two contracts of 50.
    position = OpenPosition(MNQ, 1, 11, 50.0)
    found = cut(decisions.filter("take"), 0.0, (position,), capital=20_000.0)
    assert found["contracts"].to_list() == [2] * found.height
    full = cut(decisions, 0.0, (OpenPosition(MNQ, 1, 12, 50.0),), capital=20_000.0)
    assert full["contracts"].sum() == 0
    assert not full["take"].any()


def test_what_is_not_taken_stays_out(decisions):
    found = cut(decisions, -1.0, (OpenPosition(MNQ, 1, 1, 1.0),))
    assert found.filter(~decisions["take"])["contracts"].to_list() == [0, 0]
    assert found.schema == decisions.schema


@given(
    rho=st.none() | st.floats(-1.0, 1.0),
    held=st.lists(st.tuples(st.sampled_from([-1, 1]), st.integers(1, 9)), min_size=1, max_size=4),
    heat=st.floats(0.005, 0.1),
)
def test_never_more_than_wanted_and_never_above_the_heat(decisions, rho, held, heat):
    positions = tuple(OpenPosition(MNQ, side, n, 20.0) for side, n in held)
    found = cut(decisions, rho, positions, heat=heat)
    assert (found["contracts"] <= decisions["contracts"]).all()
    risk = found["contracts"].to_numpy() * 10.0 * MES_USD
    total = risk + sum(p.risk_usd for p in positions)
    assert (total[risk > 0] <= heat * 50_000.0 + 1e-6).all()


def test_correlation_is_that_of_the_hours_that_both_traded():
    rng = np.random.default_rng(1)
    shared, own = rng.normal(size=400) * 1e-3, rng.normal(size=400) * 1e-3
    other = hours(shared, MNQ, 18_000.0)
    assert correlation(hours(shared), other, NOW) == pytest.approx(1.0)
    assert correlation(hours(-shared), other, NOW) == pytest.approx(-1.0)
    assert correlation(hours(shared + own), other, NOW) == pytest.approx(0.71, abs=0.06)
    expected = np.corrcoef((shared + own)[1:], shared[1:])[0, 1]
    assert correlation(hours(shared + own), other, NOW) == pytest.approx(expected, abs=1e-6)


def test_correlation_knows_nothing_of_later_bars_nor_of_old_ones():
    rng = np.random.default_rng(2)
    changes = rng.normal(size=(2, 400)) * 1e-3
    before = NOW - timedelta(hours=100, minutes=-30)
    one, other = hours(changes[0]), hours(changes[1], MNQ)
    known = correlation(one, other, before)
    changes[:, 301:] *= rng.normal(size=99)
    assert correlation(hours(changes[0]), hours(changes[1], MNQ), before) == known
    long = rng.normal(size=(2, 2000)) * 1e-3
    count = int(LOOK_BACK / timedelta(hours=1))
    named = list(zip(long, (MES_5M, MNQ), strict=True))
    recent = [hours(changes[-count:], series) for changes, series in named]
    whole = [hours(changes, series) for changes, series in named]
    assert correlation(*whole, NOW) == pytest.approx(correlation(*recent, NOW))


def test_too_few_common_hours_or_no_movement_are_no_correlation():
    rng = np.random.default_rng(3)
    assert correlation(hours(rng.normal(size=150)), hours(rng.normal(size=150)), NOW) is None
    still = hours(np.zeros(400), MNQ)
    assert correlation(hours(rng.normal(size=400) * 1e-3), still, NOW) is None


@pytest.mark.parametrize("given", [(0, 1, 1.0), (1, 0, 1.0), (1, 1, 0.0), (1, 1, float("nan"))])
def test_what_is_no_position_is_refused(given):
    with pytest.raises(ValueError, match="a position has"):
        OpenPosition(MNQ, *given)
