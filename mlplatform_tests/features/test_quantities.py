"""Arithmetic on one row is one formula: a column of it and a number of it agree, null included."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import numpy as np
import polars as pl
import pytest

from mlplatform.domain.series import Timeframe
from mlplatform.domain.tables import BARS
from mlplatform.features.arithmetic import Gatherable
from mlplatform.features.catalog import quantities as q
from mlplatform.features.catalog.expressions import expression, pointwise
from mlplatform.features.catalog.phases import of_session
from mlplatform.features.compute import compute_features
from mlplatform.features.evaluation import step_of
from mlplatform.features.graph import Feature, FeaturePlan
from mlplatform.features.live import LiveFeatures
from mlplatform.features.sets import core_plan
from mlplatform.features.windows import windows_of
from mlplatform.testing.bars import MES_5M, seeded_bars

CORE = core_plan(Timeframe("5m"))
OF_ONE_ROW = [
    feature
    for feature in CORE.order
    if isinstance(feature.compute, Gatherable) and feature.compute.reads_one_row
]
NUMBERS = (None, -2.0, -0.5, 0.0, 0.25, 2.0, 100.0)
START = datetime(2025, 6, 2, 22, 15, 20, tzinfo=UTC)
MOMENTS = [START + timedelta(seconds=130 * n) for n in range(-3, 4)]


def columns_of(feature: Feature, rows: dict[str, list[Any]]) -> list[float | None]:
    columns = {n: pl.Series(n, v, BARS.schema.get(n, pl.Float64)) for n, v in rows.items()}
    return step_of([feature]).columns(columns)[0].to_list()


def rows_of(feature: Feature, rows: dict[str, list[Any]]) -> list[float | None]:
    inputs = tuple(dict.fromkeys((*feature.inputs, *BARS.names)))
    alone = FeaturePlan.build("alone", 1, (with_no_mirror(feature),), inputs)
    ((window,),) = windows_of(alone)
    assert window.of_row is not None
    each = (dict(zip(rows, row, strict=True)) for row in zip(*rows.values(), strict=True))
    return [window.values_of_row(window.of_row, row)[0] for row in each]


def with_no_mirror(feature: Feature) -> Feature:
    kept = (feature.name, feature.inputs, feature.lookback_bars, feature.compute, feature.about)
    return Feature(*kept)


def every(arity: int) -> dict[str, list[Any]]:
    """All combinations of the numbers in columns a, b, ..."""
    rows = list(product(NUMBERS, repeat=arity))
    return {name: [row[at] for row in rows] for at, name in enumerate("abc"[:arity])}


@pytest.mark.parametrize(
    "function",
    [
        lambda a, b: q.ratio(a, b),
        lambda a, b: q.ratio_or_null(a, b),
        lambda a, b, c: q.place_between(a, b, c),
        lambda a, b: q.given(a > b, a),
        lambda a, b: q.given(q.is_known(a), b),
        lambda a, b: q.known_or(a, b),
        lambda a: q.known_or(a, 7.0),
        lambda a, b: q.is_above(a, b),
        lambda a: q.is_above(2.0, a) + 2 * q.is_above(a, 0.25),
        lambda a: q.sign(a),
        lambda a: q.root(a),
        lambda a, b, c: q.largest(a, b, c),
        lambda a, b, c: q.smallest(a, b, c),
        lambda a, b: a.clip(1.0) - (a / 3).round() ** 2 * b,
    ],
)
def test_what_a_quantity_gives_in_a_column_it_gives_of_a_number(function):
    arity = function.__code__.co_argcount
    names = tuple("abc"[:arity])
    feature = Feature("drawn", names, 0, pointwise(function, *names), "drawn")
    rows = every(arity)
    known = columns_of(feature, rows)
    assert rows_of(feature, rows) == known
    assert sum(value is not None for value in known) > 0


def test_a_value_is_given_only_where_its_condition_is_known_to_hold():
    feature = Feature(
        "x", ("a", "b"), 0, pointwise(lambda a, b: q.given(a > 0, b), "a", "b"), "drawn"
    )
    rows = {"a": [1.0, 0.0, -1.0, None], "b": [5.0, 5.0, 5.0, 5.0]}
    assert rows_of(feature, rows) == columns_of(feature, rows) == [5.0, None, None, None]


def test_one_is_above_another_only_where_both_are_known():
    feature = Feature("x", ("a", "b"), 0, pointwise(q.is_above, "a", "b"), "drawn")
    rows = {"a": [1.0, 1.0, 2.0, None, 1.0], "b": [2.0, 1.0, 1.0, 1.0, None]}
    assert rows_of(feature, rows) == columns_of(feature, rows) == [0.0, 0.0, 1.0, None, None]


def test_minutes_between_moments_are_whole_and_go_both_ways():
    feature = Feature(
        "x", ("ts", "session_end"), 0, pointwise(q.whole_minutes, "ts", "session_end"), "drawn"
    )
    rows = {"ts": [START] * 7, "session_end": MOMENTS}
    assert rows_of(feature, rows) == columns_of(feature, rows) == [-6, -4, -2, 0, 2, 4, 6]


@pytest.mark.parametrize("feature", OF_ONE_ROW, ids=lambda feature: feature.name)
def test_each_column_of_one_row_is_the_same_computed_from_a_row(feature):
    rng = np.random.default_rng(11)
    of_input = {"ts": MOMENTS, "session_end": MOMENTS, "minute_of_session": [0, 449, 450, 1379]}
    rows = {
        name: [of_input.get(name, NUMBERS)[at] for at in rng.integers(0, 4, 150)]
        if name in of_input
        else [NUMBERS[at] for at in rng.integers(0, len(NUMBERS), 150)]
        for name in feature.inputs
    }
    known = columns_of(feature, rows)
    assert rows_of(feature, rows) == known
    assert any(value is not None for value in known)


def test_most_of_the_core_set_needs_no_plan_for_a_new_bar():
    assert len(OF_ONE_ROW) > 60


@pytest.mark.parametrize("order", [1, -1])
def test_what_is_of_one_row_and_what_is_planned_live_beside_each_other(order):
    planned = Feature("planned", ("close",), 0, expression(pl.col("close") * 2), "planned")
    of_row = Feature("of_row", ("close",), 0, pointwise(lambda c: c * 3, "close"), "of one row")
    kinds = (planned, of_row)[::order]
    plan = FeaturePlan.build("drawn", 1, kinds, tuple(BARS.names))
    bars = seeded_bars(2)
    live = LiveFeatures(plan, MES_5M.timeframe, bars[:5])
    close = bars["close"][5]
    found = live.update(bars.row(5, named=True))
    assert found == {"ts": bars["ts"][5], "planned": close * 2, "of_row": close * 3}


def test_what_restarts_each_session_does_so_live_however_far_it_looks_back():
    bars = seeded_bars(4)
    so_far = Feature(
        "so_far", ("close", "session_date"), 5, of_session(pl.col("close").cum_sum()), "sum"
    )
    plan = FeaturePlan.build("drawn", 1, (so_far,), tuple(BARS.names))
    first = int(bars["session_date"].search_sorted(bars["session_date"][-1])) - 3
    live = LiveFeatures(plan, MES_5M.timeframe, bars[:first])
    found = [live.update(bar)["so_far"] for bar in bars[first : first + 12].iter_rows(named=True)]
    assert found == compute_features(plan, bars)["so_far"].to_list()[first : first + 12]
    assert found[3] == bars["close"][first + 3]
