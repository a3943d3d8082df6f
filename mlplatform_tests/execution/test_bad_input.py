"""What cannot be simulated is refused by name and row, before anything is simulated."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from mlplatform.domain.errors import InputError
from mlplatform.domain.schema import UTC_US
from mlplatform.execution import (
    BarArrays,
    Limits,
    OrderKind,
    Orders,
    Rules,
    Variants,
    simulate_each,
)
from mlplatform_tests.execution.drawn import FREE, drawn, played

BARS = drawn(*["100 101 99 100"] * 4)


def prices(**changes: list[float]) -> dict[str, Any]:
    columns = {"open": [1.0] * 3, "high": [2.0] * 3, "low": [0.5] * 3, "close": [1.0] * 3}
    return {name: np.array(values) for name, values in (columns | changes).items()}


@pytest.mark.parametrize("name", ["open", "high", "low", "close"])
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_price_that_is_no_number_names_its_row(name: str, bad: float) -> None:
    values = prices()[name]
    values[1] = bad
    with pytest.raises(InputError, match=f"'{name}' of row 1"):
        BarArrays(np.arange(3), **prices(**{name: values}))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"high": [2.0, 2.0, 0.75]}, "row 2 has an open or close outside"),
        ({"low": [0.5, 1.5, 0.5]}, "row 1 has an open or close outside"),
    ],
)
def test_prices_that_contradict_each_other_name_their_row(changes: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        BarArrays(np.arange(3), **prices(**changes))


@pytest.mark.parametrize(
    ("ts", "says"),
    [([0, 2, 1], "row 2 is earlier than that of row 1"), ([0, 0, 1], "row 1 repeats")],
)
def test_timestamps_must_rise(ts: list[int], says: str) -> None:
    with pytest.raises(InputError, match=says):
        BarArrays(np.array(ts), **prices())


def test_columns_must_have_one_row_a_bar() -> None:
    with pytest.raises(InputError, match="'volume' has 2 rows"):
        BarArrays(np.arange(3), **prices(), volume=np.ones(2))


def test_a_frame_without_a_price_or_with_a_null_is_refused() -> None:
    frame = pl.DataFrame(
        {"ts": [0, 1], "open": [1.0, 1], "high": [1.0, 1], "low": [1.0, 1], "close": [1.0, None]},
        schema_overrides={"ts": UTC_US},
    )
    with pytest.raises(InputError, match="'close' of row 1"):
        BarArrays.from_frame(frame)
    with pytest.raises(InputError, match="lack the column 'low'"):
        BarArrays.from_frame(frame.drop("low"))


@pytest.mark.parametrize("name", ["side", "quantity", "stop_points", "target_points", "setup"])
def test_a_column_has_one_row_an_order_or_one_for_all(name: str) -> None:
    columns = {"bar": [0, 1, 2], "side": [1, 1, 1]} | {name: np.ones(2)}
    with pytest.raises(InputError, match=f"'{name}' has 2 rows for 3 orders"):
        Orders(**columns, setup_names=("a", "b"))


def test_setups_and_tags_must_match_their_lists() -> None:
    with pytest.raises(InputError, match="row 1: setup 2 has no name"):
        Orders([0, 1], [1, 1], setup=[0, 2], setup_names=("a", "b"))
    with pytest.raises(InputError, match="1 tags for 2 orders"):
        Orders([0, 1], [1, 1], tag=["a"])


CASES: list[tuple[dict[str, Any], str]] = [
    ({"bar": [0, 4]}, "row 1 is decided on a bar outside the data 4"),
    ({"bar": [-1, 0]}, "row 0 is decided on a bar outside the data -1"),
    ({"side": [1, 0]}, "row 1 needs a side of"),
    ({"quantity": [1, -2]}, "row 1 needs a quantity of 1 or more, not -2"),
    ({"quantity": [1, 1.5]}, "'quantity' of row 1 is no whole number: 1.5"),
    ({"kind": [0, 9]}, "row 1 has an unknown kind"),
    ({"stop_points": [1.0, 0.0]}, "row 1 has its stop on the wrong side of the entry"),
    ({"stop_points": [1.0, np.nan]}, "row 1 has its stop on the wrong side of the entry"),
    ({"target_points": [1.0, -1.0]}, "row 1 needs positive target_points"),
    ({"target_points": [[1.0, 2.0], [2.0, 1.0]]}, "row 1 needs positive target_points, nearest"),
    (
        {"target_points": [[1.0], [1.0]], "target_quantity": [[1], [2]]},
        "row 1 has a target_quantity beyond its quantity",
    ),
    ({"target_points": np.ones((2, 5))}, "5 targets"),
    ({"trail_points": [1.0, -1.0]}, "row 1 needs a positive trail_points, not -1.0"),
    ({"trail_activation_points": [0.0, -1.0]}, "row 1 has a trail_activation_points below"),
    ({"breakeven_trigger_points": [0.0, np.nan]}, "row 1 has a breakeven_trigger_points below"),
    ({"breakeven_offset_points": [0.0, np.inf]}, "row 1 has no finite breakeven_offset"),
    ({"expiry_bars": [0, -1]}, "row 1 has a negative expiry_bars"),
    ({"time_exit_bars": [0, -1]}, "row 1 has a negative time_exit_bars"),
    ({"kind": [0, OrderKind.LIMIT]}, "row 1 lacks a finite entry_limit"),
    ({"kind": [0, OrderKind.STOP]}, "row 1 lacks a finite entry_stop"),
    ({"oco_group": [7, 7], "bar": [0, 1]}, "row 1: its oco_group is decided on several bars"),
    ({"trail_atr": [np.inf, 2.0]}, "row 1 needs atr_points of its decision bar"),
    (
        {
            "kind": OrderKind.LIMIT,
            "entry_limit": [100.0, 98.0],
            "reference_price": 100.0,
            "stop_points": 2.0,
        },
        "row 1 has its stop on the wrong side of the entry",
    ),
    (
        {
            "kind": OrderKind.LIMIT,
            "entry_limit": [100.0, 103.0],
            "reference_price": 100.0,
            "target_points": 3.0,
        },
        "row 1 has its target on the wrong side of the entry",
    ),
]


@pytest.mark.parametrize(("columns", "says"), CASES)
def test_an_order_that_cannot_be_simulated_names_its_row(columns: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        played(BARS, Orders(**({"bar": [0, 1], "side": [1, 1]} | columns)))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"tick_points": 0.0}, "tick of 0.0 points is impossible"),
        ({"tick_points": -0.25}, "tick of -0.25"),
        ({"tick_points": None}, "leaves a tick without a size"),
        ({"multiplier_usd": 0.0}, "multiplier_usd"),
        ({"commission_usd": -1.0}, "commission_usd must be zero or more"),
        ({"slippage_ticks": float("nan")}, "slippage_ticks must be zero or more"),
        ({"max_entries": 0}, "max_entries"),
        ({"limits": Limits(max_contracts=-1)}, "max_contracts must be zero or more"),
    ],
)
def test_rules_that_make_no_sense_are_refused(changes: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        Rules(**changes)


def test_slippage_in_atr_needs_the_atr_of_every_bar_from_the_first_order_on() -> None:
    rules = Rules(slippage_atr_frac=0.1)
    with pytest.raises(InputError, match="row 0 has no atr_points"):
        played(BARS, Orders([0], [1]), rules)
    bars = drawn(*["100 101 99 100"] * 3, atr_points=[np.nan, 1.0, np.nan])
    with pytest.raises(InputError, match="row 2 has no atr_points"):
        played(bars, Orders([1], [1]), rules)


def test_more_orders_at_a_time_than_there_are_places_are_refused() -> None:
    group = Orders([0] * 33, [1] * 33, kind=OrderKind.STOP, entry_stop=200.0, oco_group=1)
    with pytest.raises(InputError, match="need 33 places"):
        played(BARS, group)


def test_no_bars_are_refused() -> None:
    empty = np.empty(0)
    with pytest.raises(InputError, match="no bars"):
        played(BarArrays(empty.astype(np.int64), empty, empty, empty, empty), Orders.none())


def test_variants_must_be_positive() -> None:
    with pytest.raises(InputError, match="Variant 1 has the target multiple"):
        Variants(target=[1.0, 0.0])


def test_an_exit_order_has_no_result_alone() -> None:
    with pytest.raises(InputError, match="row 0 only exits"):
        simulate_each(BARS, Orders.exits([0]), Variants(), FREE)


def test_orders_out_of_time_order_are_taken_in_time_order() -> None:
    run = played(BARS, Orders([2, 0], [1, -1], tag=["late", "early"]))
    assert run.outcomes()["candidate_id"].to_list() == ["early", "late"]
    assert run.outcomes()["outcome"].to_list() == ["filled", "refused_busy"]
