"""Windows that hold nothing to learn from trade the baseline, and the report says why."""

from dataclasses import replace
from types import SimpleNamespace

import polars as pl
import pytest

from mlplatform.domain.periods import PeriodAxis
from mlplatform.domain.series import Series
from mlplatform.domain.tables import DECISIONS, DETECTOR_SCORES, MODELS
from mlplatform.features.compute import compute_features
from mlplatform.features.sets import core_plan
from mlplatform.labels.outcomes import LabelRules, label_candidates
from mlplatform.models.errors import TrialPruned
from mlplatform.orchestration.desks import study
from mlplatform.orchestration.desks.windows import WindowDesk, model_of, out_of_fold_of
from mlplatform.settings import StudySettings
from mlplatform.setups.registry import SETUPS
from mlplatform.setups.setup import find_candidates
from mlplatform.studies.fitting import (
    entry_of,
    size_of,
    stop_of,
    stops_to_learn_under,
)
from mlplatform.testing.bars import seeded_bars
from mlplatform.testing.tracking import MemoryTracker

SERIES = Series.parse("MES-5m")
PERIOD = "2025-04"
RUN = SimpleNamespace(run_id="run")
CONTEXT = SimpleNamespace(partition_key=f"{PERIOD}|MES-5m", run=RUN)
Past = tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame]


class NoStorage:
    """Studies in memory."""

    def open(self, series: str) -> None:
        """None: Optuna's own memory."""
        return


@pytest.fixture
def desk() -> WindowDesk:
    settings = StudySettings(trials=2, families=("lightgbm", "xgboost"))
    axis = PeriodAxis(settings.cadence, settings.first_period)
    names = tuple(setup.name for setup in SETUPS)
    return WindowDesk(axis, settings, MemoryTracker(), NoStorage(), names)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def past() -> Past:
    """Features, candidates, labels and detector's scores (none yet) of the three months before."""
    bars = seeded_bars(62, strength="strong")
    features = compute_features(core_plan(SERIES.timeframe), bars)
    found = find_candidates(SERIES.name, SETUPS, bars, features, SERIES.timeframe.seconds)
    labels = label_candidates(SERIES, LabelRules(), bars, found)
    return features, found, labels, DETECTOR_SCORES.empty()


def fitted(desk: WindowDesk, past: Past) -> dict[str, pl.DataFrame]:
    """The three rows, as the assets make them."""

    def stop(window):
        train, settings, tuner = window.train, window.settings, window.tuner("stop")
        model = stop_of(train, settings, tuner)
        return model, stops_to_learn_under(train, model, settings, tuner)

    def entry(window):
        model_of(rows["stop"])
        tuner = window.tuner("entry")
        found = entry_of(window.train, out_of_fold_of(rows["stop"]), window.settings, tuner)
        return found.model, found.slice_probability

    def size(window):
        found = model_of(rows["entry"])
        seen = out_of_fold_of(rows["stop"]), out_of_fold_of(rows["entry"])
        return size_of(window.train, *seen, found, window.settings, window.tuner("size")), None

    rows: dict[str, pl.DataFrame] = {}
    for role, fit in (("stop", stop), ("entry", entry), ("size", size)):
        rows[role] = desk.fit(CONTEXT, role, past, fit)
        assert rows[role].schema == MODELS.schema
    return rows


def told(desk: WindowDesk, past: Past) -> str:
    """The window's note in the report, which says that it traded the baseline."""
    policy = desk.policy(SERIES, fitted(desk, past), "recipe")
    assert policy["payload"][0] is None
    [window] = study._windows(policy, DECISIONS.empty())
    [note] = window.notes
    assert note.startswith("traded the baseline: ")
    return note


def relabelled(past: Past, *changes: pl.Expr, **named: pl.Expr) -> Past:
    features, candidates, labels, scores = past
    return features, candidates, labels.with_columns(*changes, **named), scores


def test_without_winners_the_report_names_them(desk: WindowDesk, past: Past) -> None:
    lost = relabelled(past, pl.col("is_win") & pl.lit(value=False), r=-pl.col("r").abs())
    assert "entry model: 0 winners among the training candidates" in told(desk, lost)


def test_without_losers_the_report_names_them(desk: WindowDesk, past: Past) -> None:
    won = relabelled(past, pl.col("is_win") | pl.lit(value=True), r=pl.col("r").abs())
    assert "entry model: 0 losers among the training candidates" in told(desk, won)


def test_too_few_candidates_are_counted(desk: WindowDesk, past: Past) -> None:
    features, candidates, labels, scores = past
    note = told(desk, (features, candidates.gather_every(candidates.height // 30), labels, scores))
    assert "candidates with complete labels, at least 60 are needed" in note


def test_features_that_are_all_constant_are_named(desk: WindowDesk, past: Past) -> None:
    features, candidates, labels, scores = past
    kept = [name for name in features.columns if features[name].dtype == pl.Float64]
    flat = features.with_columns(pl.lit(1.0).alias(name) for name in kept)
    one = candidates.filter(pl.col("setup") == candidates["setup"].mode()[0], pl.col("side") == 1)
    note = told(desk, (flat, one.with_columns(atr_points=pl.lit(4.0)), labels, scores))
    assert "constant or null" in note or "at least 60 are needed" in note


def test_one_constant_feature_is_left_out_and_nothing_else(desk: WindowDesk, past: Past) -> None:
    features, candidates, labels, scores = past
    name = "volatility_level"
    assert name in features.columns
    flat = features.with_columns(pl.lit(50.0).alias(name))
    rows = fitted(desk, (flat, candidates, labels, scores))
    assert (name, "constant") in model_of(rows["stop"]).columns.dropped


def test_a_search_whose_trials_were_all_pruned_says_so(
    desk: WindowDesk, past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    def behind(*_: object) -> float:
        raise TrialPruned("behind")

    monkeypatch.setattr("mlplatform.models.blend._FoldLoss.folds_of", behind)
    assert "stop model: none of 1 trials completed" in told(desk, past)


def test_a_size_that_cannot_be_had_is_one_contract_each(desk: WindowDesk, past: Past) -> None:
    rows = fitted(desk, past)
    none = desk.fallback("size", PERIOD, "0 trades to size, at least 20 are needed", None)
    policy = desk.policy(SERIES, rows | {"size": none}, "recipe")
    assert policy["payload"][0] is not None
    assert "0 trades to size" in policy["fallback"][0]
    assert "one contract each" in policy["fallback"][0]


@pytest.mark.parametrize("method", ["fixed", "volatility"])
def test_the_settings_of_size_and_shape_reach_the_window(
    desk: WindowDesk, past: Past, method: str
) -> None:
    settings = desk.settings.model_copy(update={"size_method": method, "stop_min_ticks": 8.0})
    window = replace(desk, settings=settings).open(CONTEXT, *past)
    assert window.settings.size_method == method
    assert window.settings.stop_shape.min_ticks == 8.0
    assert window.settings.bars_per_day == 276.0


def test_the_same_window_has_the_same_bytes_on_one_thread_and_on_two(
    desk: WindowDesk, past: Past
) -> None:
    alone = replace(desk, settings=desk.settings.model_copy(update={"model_threads": 1}))
    for one, two in zip(fitted(alone, past).values(), fitted(desk, past).values(), strict=True):
        assert one["payload"][0] == two["payload"][0]
        assert one["out_of_fold"][0] == two["out_of_fold"][0]
