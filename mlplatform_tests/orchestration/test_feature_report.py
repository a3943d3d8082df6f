"""The asset `feature_report`: its table and its page, from the lake of a finished chain."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from mlplatform.adapters.home import Home
from mlplatform.adapters.lake import Lake
from mlplatform.domain.series import Timeframe
from mlplatform.domain.tables import CANDIDATES, FEATURE_REPORT
from mlplatform.features.sets import core_plan, model_inputs
from mlplatform.orchestration.assets.analysis import inputs_by_period, inputs_told
from mlplatform.setups.inputs import model_inputs_of
from mlplatform.setups.registry import SETUPS
from mlplatform_tests.conftest import Bench

SERIES = "MES-5m"
SETUP_NAMES = tuple(setup.name for setup in SETUPS)


def candidates_of(lake: Lake) -> pl.DataFrame:
    frame = lake.read("candidates", SERIES, lake.periods("candidates", SERIES))
    return frame.with_columns(period=pl.col("session_date").dt.strftime("%Y-%m"))


def test_every_input_of_the_models_is_in_the_table_and_on_the_page(finished: Bench) -> None:
    home = Home(finished.root)
    table = home.lake.read("feature_report", SERIES)
    assert table.schema == FEATURE_REPORT.schema
    assert set(table["feature"]) == set(inputs_told(SERIES, SETUP_NAMES))
    assert table["is_kept"].any()
    assert set(table["drift"].drop_nulls()) <= {"stable", "shifted", "drifted", "within noise"}
    page = (home.report(SERIES) / "features.html").read_text()
    assert "Synthetic bars" not in page, "they came from a file"
    assert all(name in page for name in table["feature"].unique())


def test_expectancy_is_that_of_the_baselines_stop(finished: Bench) -> None:
    lake = Home(finished.root).lake
    labels = lake.read("labels", SERIES, lake.periods("labels", SERIES))
    known = labels.filter(stop_atr=1.5, target_atr=2.0).drop_nulls("r")
    side = lake.read("feature_report", SERIES).filter(pl.col("feature") == "side")
    assert side["rows"].sum() == known.height
    mean = (side["mean_r"] * side["rows"]).sum() / known.height
    assert mean == pytest.approx(known["r"].mean())


def test_inputs_read_period_by_period_are_those_of_all_at_once(finished: Bench) -> None:
    lake = Home(finished.root).lake
    candidates = candidates_of(lake)
    features = lake.read("features", SERIES, lake.periods("features", SERIES))
    inputs = model_inputs(core_plan(Timeframe("5m")))
    whole = model_inputs_of(candidates, features, inputs, SETUP_NAMES)
    parts = inputs_by_period(lake, SERIES, candidates, SETUP_NAMES)
    assert parts.names == whole.names
    np.testing.assert_array_equal(parts.x, whole.x)


def test_without_candidates_there_are_inputs_without_rows(finished: Bench) -> None:
    lake = Home(finished.root).lake
    none = CANDIDATES.empty().with_columns(period=pl.lit(str(date(2025, 1, 1)))).clear()
    assert inputs_by_period(lake, SERIES, none, SETUP_NAMES).x.shape == (
        0,
        len(inputs_told(SERIES, SETUP_NAMES)),
    )
