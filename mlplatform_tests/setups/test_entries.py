"""A setup's suggested order, from the rule through label and decision to the backtest."""

import numpy as np
import polars as pl
import pytest

from mlplatform.decisions.baseline import baseline_decisions
from mlplatform.domain.tables import CANDIDATES
from mlplatform.execution import OrderKind
from mlplatform.labels.outcomes import LabelRules, label_candidates
from mlplatform.setups.entries import entry_columns
from mlplatform.setups.setup import Entry, Setup, find_candidates
from mlplatform.studies.backtest import backtest_trades
from mlplatform.testing.bars import MES_5M, chicago, drawn_bars

# The signal bar closes at 100 within 98 to 102; an ATR of 4: stop 6, target 8 points.
START = "2025-06-03 09:00"
SIGNAL = (100, 102, 98, 100)
AT_10 = pl.col("volume") == 10


def toy(order_type: str, beyond: float, expiry_bars: int = 2, side: int = 1) -> Setup:
    """Fires on the bar of volume 10; its order lies `beyond` points in the trade's direction."""
    price = (pl.col("close") + beyond, pl.col("close") - beyond)
    entry = Entry() if order_type == "market" else Entry(order_type, *price, expiry_bars)
    rules = (AT_10, pl.lit(False)) if side > 0 else (pl.lit(False), AT_10)
    return Setup("toy", "a toy", *rules, {}, entry)


def session(*after: tuple[float, float, float, float]) -> pl.DataFrame:
    quotes = [(100, 101, 99, 100), SIGNAL, *after]
    return drawn_bars(START, quotes, volumes=[1.0, 10.0] + [1.0] * len(after))


def candidates(setup: Setup, bars: pl.DataFrame) -> pl.DataFrame:
    return find_candidates(MES_5M.name, (setup,), bars, bars.select("ts", atr14=pl.lit(4.0)), 300)


def told(setup: Setup, bars: pl.DataFrame) -> tuple[dict, list[dict]]:
    """The label under the baseline's stop, and the baseline's trades."""
    found = candidates(setup, bars)
    assert found.height == 1
    label = label_candidates(MES_5M, LabelRules((1.5,), (2.0,)), bars, found).row(0, named=True)
    decisions = baseline_decisions(found).with_columns(period=pl.lit("2025-06"))
    return label, backtest_trades(MES_5M, bars, decisions, 50_000.0).to_dicts()


QUIET = (100, 101, 99, 100)
UP, TARGET = (100, 104, 100, 103), (103, 113, 103, 112)


def test_a_stop_order_enters_where_price_goes_on_and_label_and_trade_agree():
    label, trades = told(toy("stop", 2.0), session(QUIET, UP, TARGET, TARGET))
    assert [t["entry_price"] for t in trades] == [102.25]  # a tick of slippage
    assert trades[0]["entry_ts"] == chicago("2025-06-03 09:15")
    assert trades[0]["exit_reason"] == "target"
    assert label["is_win"] is True
    assert label["r"] == pytest.approx(trades[0]["r"])
    assert label["label_end"] == chicago("2025-06-03 09:25")


def test_a_limit_order_enters_at_its_price_where_price_comes_back():
    label, trades = told(toy("limit", -1.5), session((100, 101, 98, 100), UP, TARGET, QUIET))
    assert [t["entry_price"] for t in trades] == [98.5]  # no slippage
    assert label["r"] == pytest.approx(trades[0]["r"]) == pytest.approx((8 - 0.248) / 6)


@pytest.mark.parametrize("setup", [toy("stop", 2.0), toy("limit", -2.0)])
def test_an_entry_that_is_never_filled_has_no_label_and_makes_no_trade(setup):
    bars = session(QUIET, QUIET, TARGET, (112, 112, 90, 90), QUIET)
    label, trades = told(setup, bars)  # filled only after its two bars
    assert trades == []
    assert {name for name, value in label.items() if value is not None} == {
        "candidate_id",
        "stop_atr",
        "target_atr",
    }


def test_an_order_works_as_many_bars_as_its_setup_says_and_else_till_the_sessions_end():
    bars = session(QUIET, QUIET, QUIET, UP, TARGET, TARGET)
    assert told(toy("stop", 2.0, 3), bars)[1] == []
    assert len(told(toy("stop", 2.0, 4), bars)[1]) == 1
    assert len(told(toy("stop", 2.0, 0), bars)[1]) == 1


def test_a_short_enters_at_the_mirrored_price():
    down = session((100, 100, 97, 98), (98, 98, 85, 86), QUIET)
    label, trades = told(toy("stop", 2.0, side=-1), down)
    assert [t["entry_price"] for t in trades] == [97.75]
    assert label["is_win"] is True


def test_a_candidate_says_type_price_and_expiry_and_every_decision_repeats_them():
    bars = session(QUIET)
    found = candidates(toy("limit", -2.0), bars)
    columns = ["order_type", "order_price", "expiry_bars"]
    assert found.select(columns).rows() == [("limit", 98.0, 2)]
    assert baseline_decisions(found).select(columns).equals(found.select(columns))
    market = candidates(toy("market", 0.0), bars)
    assert market.select(columns).rows() == [("market", None, 0)]


def test_a_resting_order_without_a_price_is_no_candidate():
    bars = session(QUIET)
    entry = Entry("stop", pl.lit(None, pl.Float64), pl.lit(None, pl.Float64))
    blind = Setup("blind", "no price", AT_10, pl.lit(False), {}, entry)
    assert candidates(blind, bars).is_empty()


@pytest.mark.parametrize(
    "wrong", [("market", pl.lit(1.0), pl.lit(1.0)), ("stop", None, None), ("limit", pl.lit(1.0))]
)
def test_an_entry_has_prices_where_its_order_needs_them_and_nowhere_else(wrong):
    with pytest.raises(ValueError, match="a market order has no price"):
        Entry(*wrong)


def rows(*entries: tuple[str, float | None, int]) -> pl.DataFrame:
    names = ["order_type", "order_price", "expiry_bars"]
    schema = {name: CANDIDATES.schema[name] for name in names}
    return pl.DataFrame(entries, schema=schema, orient="row")


def test_entry_columns_are_those_of_the_engine():
    found = entry_columns(rows(("market", None, 0), ("stop", 7.0, 3), ("limit", 5.0, 1)), OrderKind)
    assert found["kind"].tolist() == [OrderKind.MARKET, OrderKind.STOP, OrderKind.LIMIT]
    np.testing.assert_array_equal(found["entry_stop"], [np.nan, 7.0, np.nan])
    np.testing.assert_array_equal(found["entry_limit"], [np.nan, np.nan, 5.0])
    assert found["expiry_bars"].tolist() == [0, 3, 1]
    assert all(len(column) == 0 for column in entry_columns(rows(), OrderKind).values())


@pytest.mark.parametrize("wrong", [("stop", None, 0), ("market", 4.0, 0)])
def test_an_order_whose_type_and_price_do_not_match_is_refused(wrong):
    with pytest.raises(ValueError, match="a market order has no price"):
        entry_columns(rows(wrong), OrderKind)
