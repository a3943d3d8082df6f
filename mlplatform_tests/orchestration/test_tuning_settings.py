"""Tuning as the settings want it: which study, where it starts, how long, by how many."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from mlplatform.adapters.studies import StudyStorage
from mlplatform.domain.errors import InputError
from mlplatform.models.space import Real, Space
from mlplatform.models.tuning import Tuner
from mlplatform.orchestration.desks import tuning
from mlplatform.orchestration.desks.tuning import tuner_of
from mlplatform.orchestration.planning.axis import Partition
from mlplatform.settings import StudySettings, load_settings
from mlplatform.studies.training import TrainingSet
from mlplatform.testing.tracking import MemoryTracker
from mlplatform_tests.conftest import Bench
from mlplatform_tests.orchestration.test_chain import copied  # noqa: F401 - a fixture

SPACE = Space({"x": Real(-3.0, 3.0)})


def train(seed: int = 1) -> TrainingSet:
    rng, n = np.random.default_rng(seed), 12
    start = np.arange(n, dtype=np.int64)
    grid = rng.normal(size=(n, 2))
    day = datetime(2025, 1, 2, tzinfo=UTC)
    return TrainingSet(
        x=rng.normal(size=(n, 2)),
        names=["a", "b"],
        decision_ts=start,
        label_end_ts=np.repeat(start[:, None] + 1, 2, axis=1),
        r=grid,
        is_win=(grid > 0).astype(np.float64),
        atr_points=np.ones(n),
        stop_grid_atr=np.array([1.0, 2.0]),
        train_from=day,
        train_to=day,
        purged_rows=0,
    )


def tuner(
    folder: Path,
    role: str = "entry",
    period: str = "2025-05",
    data: int = 1,
    run_id: str = "run",
    **settings: object,
) -> Tuner:
    wanted, storage = StudySettings(**settings), StudyStorage(folder)  # type: ignore[arg-type]
    at = Partition(period, "MES-5m")
    return tuner_of(wanted, storage, at, role, train(data), run_id)


def name(folder: Path, **given: object) -> str:
    found = tuner(folder, **given).study_name
    assert found is not None
    return found


def bowl(params) -> float:
    return (params["x"] - 1.0) ** 2


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 8},
        {"embargo_minutes": 30},
        {"data": 2},
        {"role": "stop"},
        {"period": "2025-06"},
        {"known_good": {"entry": {"xgboost": {"depth": 3}}}},
        {"class_weight": "balanced"},
    ],
)
def test_a_study_is_taken_up_only_where_its_objective_is_the_same(tmp_path, other):
    assert name(tmp_path, **other) != name(tmp_path)


def test_a_study_is_not_taken_up_by_other_code(tmp_path, monkeypatch):
    before, version = name(tmp_path), tuning.code_version
    monkeypatch.setattr(tuning, "code_version", lambda *given: version(*given) + "*")
    assert name(tmp_path) != before


def test_more_trials_time_or_another_place_take_the_study_up_again(tmp_path):
    same = {
        name(tmp_path, **given)
        for given in (
            {},
            {"trials": 50, "run_id": "another"},
            {"model_plots": False, "model_threads": 1},
            {"mlflow_uri": "http://localhost:5000"},
            {"to_period": "2025-06"},
        )
    }
    assert len(same) == 1
    assert name(tmp_path, role="stop", tuning_seconds=9.0) == name(tmp_path, role="stop")


@pytest.mark.parametrize("loose", [{"tuning_seconds": 9.0}, {"tuning_workers": 2}])
def test_where_the_role_before_is_another_each_time_the_study_is_of_one_run(tmp_path, loose):
    for role in ("entry", "size"):
        one, again = (name(tmp_path, role=role, run_id="1", **loose) for _ in range(2))
        other = name(tmp_path, role=role, run_id="2", **loose)
        assert one == again != other
    stops = {name(tmp_path, role="stop", run_id=run, **loose) for run in ("1", "2")}
    assert len(stops) == 1


def test_another_seed_in_the_same_home_finds_what_it_finds_in_a_new_one(tmp_path):
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    tuner(here, seed=7).tune(bowl, SPACE)
    assert tuner(here, seed=8).tune(bowl, SPACE) == tuner(elsewhere, seed=8).tune(bowl, SPACE)


def test_a_warm_start_is_the_settings_own_in_every_window_and_never_another_windows_find(tmp_path):
    good = {"entry": {"xgboost": {"x": -2.5}}}
    for period in ("2025-06", "2025-05"):  # the later window first
        part = tuner(tmp_path, period=period, known_good=good).part("xgboost", 6)
        found = part.tune(bowl, SPACE)
        assert found.history[0].params == {"x": -2.5}
        fresh = tuner(tmp_path / period, period=period, known_good=good).part("xgboost", 6)
        assert found == fresh.tune(bowl, SPACE)
        other = tuner(tmp_path, period=period, role="stop", known_good=good).part("xgboost", 1)
        assert other.tune(bowl, SPACE).history[0].params != {"x": -2.5}


def test_budget_and_workers_are_the_settings(tmp_path):
    plain, timed = tuner(tmp_path), tuner(tmp_path, tuning_seconds=1.5, trials=4)
    assert (plain.limit, plain.crew, plain.trials) == (None, None, 10)
    assert timed.limit is not None
    assert (timed.limit.seconds, timed.trials) == (1.5, 4)
    assert timed.limit.clock() <= timed.limit.clock()
    shared = {role: tuner(tmp_path, role, tuning_workers=2).crew for role in ("stop", "size")}
    assert shared["stop"] is not None
    assert shared["size"] is None


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"entry": {"lightgmb": {}}}, "names entry lightgmb, which is not tuned: use one of"),
        ({"size": {"xgboost": {}}}, "names size xgboost, which is not tuned: use one of size"),
    ],
)
def test_a_warm_start_of_what_is_not_tuned_is_refused_in_a_sentence(tmp_path, wrong, words):
    with pytest.raises(InputError, match=words):
        tuner(tmp_path, known_good=wrong)


def test_a_role_that_does_not_exist_is_refused_at_the_door(tmp_path):
    with pytest.raises(InputError, match="Setting known-good"):
        load_settings(tmp_path, known_good={"exit": {}})
    with pytest.raises(InputError, match="Setting tuning-workers"):
        load_settings(tmp_path, tuning_workers=0)


def test_a_warm_start_outside_of_the_space_stops_the_chain_as_the_users_to_mend(
    copied: Bench,  # noqa: F811 - the fixture
    small_bars: Path,
) -> None:
    with pytest.raises(InputError, match=r"known-good depth = 99 .*searched: 1 to \d"):
        copied.run(small_bars, known_good={"stop": {"xgboost": {"depth": 99}}})


def test_a_budget_in_seconds_ends_tuning_and_the_trials_really_run_are_recorded(
    tmp_path: Path,
    small_bars: Path,
) -> None:
    bench = Bench(tmp_path / "home", MemoryTracker())
    bench.run(small_bars, trials=30, tuning_seconds=1e-6, from_period="2025-02")
    stops = [note for note in bench.tracker.notes if note.role == "stop"]
    assert stops
    for note in stops:
        parts = {trial.part for trial in note.trials}
        assert len(note.trials) == len(parts), "one trial a family: the first always runs"
        assert note.metrics["trials_run"] == len(note.trials)
        assert note.params["trials"] == 30
