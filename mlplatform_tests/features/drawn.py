"""Features on bars drawn by hand: one feature with what it needs, and an ATR of two points."""

import math
from dataclasses import replace

import polars as pl
import pytest

from mlplatform.domain.series import Timeframe
from mlplatform.domain.tables import BARS
from mlplatform.features.evaluation import evaluate
from mlplatform.features.graph import Feature, FeaturePlan
from mlplatform.features.sets import core_plan
from mlplatform.testing.bars import drawn_bars

ATR_2 = Feature(
    "atr14", ("close",), 0, lambda columns: columns["close"] * 0 + 2.0, "an ATR of two points"
)
KNOWN = {feature.name: feature for feature in core_plan(Timeframe("5m")).order}
LN = math.log


def values(feature: Feature, bars: pl.DataFrame, *others: Feature) -> list[float | None]:
    """One feature's column; `others` stand for its inputs, the rest comes from the core plan."""
    given = {feature.name: feature, **{other.name: other for other in others}}
    given = {"atr14": ATR_2, **given} if feature.name != "atr14" else given
    open_names = [name for one in given.values() for name in one.inputs]
    while open_names:
        name = open_names.pop()
        if name in KNOWN and name not in given:
            given[name] = KNOWN[name]
            open_names += KNOWN[name].inputs
    kept = tuple(replace(one, mirror=None, is_step=False) for one in given.values())
    plan = FeaturePlan.build("drawn", 1, kept, tuple(BARS.names))
    return evaluate(plan, bars)[feature.name].to_list()


def close_to(*expected: float | None) -> list:
    return [None if e is None else pytest.approx(e, rel=1e-12, abs=1e-12) for e in expected]


FOUR = drawn_bars(
    "2025-06-02 17:00",
    [(10, 12, 9, 11), (11, 16, 10, 14), (14, 14, 7, 8), (8, 8, 8, 8)],
    volumes=[1.0, 3.0, 4.0, 2.0],
)
