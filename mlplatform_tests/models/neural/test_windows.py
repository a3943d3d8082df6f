from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlplatform.models.neural.windows import BARS, BarColumns, bar_windows


def bars(count: int = 200, seed: int = 1, session: int = 80, roll: int = 160) -> BarColumns:
    rng = np.random.default_rng(seed)
    close = 5000.0 + np.cumsum(rng.normal(size=count))
    spread = np.abs(rng.normal(size=(2, count)))
    return BarColumns(
        open=close + rng.normal(size=count) * 0.1,
        high=close + spread[0],
        low=close - spread[1],
        close=close,
        volume=np.where(rng.random(count) < 0.1, np.nan, rng.integers(0, 500, count)),
        atr=np.where(np.arange(count) < 14, np.nan, 2.0 + rng.random(count)),
        contract=np.where(np.arange(count) < roll, "MESH5", "MESM5"),
        session_date=np.arange(count) // session,
    )


def test_prices_are_in_atr_around_the_last_close():
    given_bars = bars()
    out, complete = bar_windows(given_bars, np.array([40]), np.array([1]))
    assert complete.tolist() == [True]
    rows = np.arange(21, 41)
    for channel, name in enumerate(("open", "high", "low", "close")):
        price = getattr(given_bars, name)[rows]
        told = (price - given_bars.close[40]) / given_bars.atr[40]
        np.testing.assert_allclose(out[0, :, channel], np.clip(told, -10, 10))
    volume = given_bars.volume[rows]
    known = ~np.isnan(volume)
    ratio = np.log((1 + volume[known]) / (1 + volume[known].mean()))
    np.testing.assert_allclose(out[0, known, 4], ratio)
    assert (out[0, ~known, 4] == 0.0).all()
    assert out.shape == (1, BARS, 5)


def test_there_is_no_window_across_a_trading_day_a_roll_or_the_warm_up():
    every = np.arange(200)
    out, complete = bar_windows(bars(session=80, roll=130), every, np.ones(200, np.int64))
    whole = (every >= 19) & (every % 80 >= 19) & ((every < 130) | (every >= 149))
    assert complete.tolist() == whole.tolist()
    assert (out[~complete] == 0.0).all()
    late = replace(bars(), atr=np.where(np.arange(200) < 30, np.nan, 2.0))
    _, complete = bar_windows(late, np.array([29, 30]), np.array([1, 1]))
    assert complete.tolist() == [False, True]


@settings(max_examples=25)
@given(st.integers(20, 199), st.integers(0, 2**20), st.sampled_from([-1, 1]))
def test_no_later_bar_changes_a_window(last, seed, side):
    whole, other = bars(), bars(seed=seed + 2, session=37, roll=90)
    poisoned = BarColumns(
        **{
            part.name: np.concatenate(
                [getattr(whole, part.name)[: last + 1], getattr(other, part.name)[last + 1 :]]
            )
            for part in fields(BarColumns)
        }
    )
    short = BarColumns(**{p.name: getattr(whole, p.name)[: last + 1] for p in fields(BarColumns)})
    at, sign = np.array([last]), np.array([side])
    window, complete = bar_windows(whole, at, sign)
    for changed in (poisoned, short):
        again, still = bar_windows(changed, at, sign)
        assert again.tobytes() == window.tobytes()
        assert still.tolist() == complete.tolist()


def test_a_shorts_window_is_a_longs_of_the_mirrored_market():
    up = bars()
    down = replace(up, open=-up.open, close=-up.close, high=-up.low, low=-up.high)
    at = np.arange(19, 200, 7)
    short, _ = bar_windows(up, at, -np.ones(len(at), np.int64))
    long, _ = bar_windows(down, at, np.ones(len(at), np.int64))
    np.testing.assert_array_equal(short, long)
    assert (short[:, :, 1] >= short[:, :, 2]).all()


def test_positions_and_sides_that_do_not_exist_are_refused():
    for last, side in ((200, 1), (-1, 1), (50, 0), (50, 2)):
        with pytest.raises(ValueError):
            bar_windows(bars(), np.array([last]), np.array([side]))
    assert bar_windows(bars(), np.array([], int), np.array([], int))[0].shape == (0, BARS, 5)
