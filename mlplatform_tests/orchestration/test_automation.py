"""Sensors tell people what failed and what drifted, once, and ask for what is due."""

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.partitions.context import partition_loading_context

from mlplatform.adapters.notifications import AppriseNotifier, Notice
from mlplatform.adapters.tracking.port import Registered
from mlplatform.domain.errors import InputError
from mlplatform.domain.periods import Cadence
from mlplatform.orchestration.automation.alerts import failure_sensor
from mlplatform.orchestration.automation.champions import champion_sensor
from mlplatform.orchestration.automation.drift import drift_notice, drift_sensor, drifted_frac
from mlplatform.orchestration.automation.freshness import with_freshness
from mlplatform.orchestration.instance import open_instance
from mlplatform.testing.notifications import Told
from mlplatform.testing.tracking import MemoryTracker
from mlplatform_tests.conftest import Bench

REQUEST = dg.RunRequest(tags={"window": "2025-05"})


@dg.job(name="train")
def training() -> None:
    """What the sensor asks for."""


@dg.asset(partitions_def=dg.DynamicPartitionsDefinition(name="series"))
def model_comparison() -> None:
    """What the registry's sensor asks for."""


comparing = dg.define_asset_job("compare", selection="model_comparison")
REPOSITORY = dg.Definitions(
    assets=[model_comparison], jobs=[training, comparing]
).get_repository_def()


def tick(sensor: dg.SensorDefinition, cursor: str | None, instance: dg.DagsterInstance) -> tuple:
    context = dg.build_sensor_context(instance=instance, cursor=cursor, repository_def=REPOSITORY)
    with partition_loading_context(dynamic_partitions_store=instance):
        found = sensor.evaluate_tick(context)
    return found.run_requests or [], found.skip_message, found.cursor


def drifting(share: dict[str, float], told: Told, due: int = 1) -> dg.SensorDefinition:
    return drift_sensor(lambda: share, lambda _, __: [REQUEST] * due, 0.25, told)


def test_a_series_that_drifts_is_told_of_once_and_its_due_windows_are_trained() -> None:
    told = Told()
    with dg.DagsterInstance.ephemeral() as instance:
        requests, _, cursor = tick(drifting({"MES-5m": 0.3}, told), None, instance)
        assert [request.tags["window"] for request in requests] == ["2025-05"]
        requests, skipped, cursor = tick(drifting({"MES-5m": 0.4}, told), cursor, instance)
        assert requests == []
        assert skipped == "No series has newly drifted."
        _, _, cursor = tick(drifting({"MES-5m": 0.1}, told), cursor, instance)
        assert cursor == ""
        requests, _, _ = tick(drifting({"MES-5m": 0.3}, told), cursor, instance)
    assert len(requests) == 1
    assert [notice.title for notice in told.notices] == ["mlplatform: inputs of MES-5m drifted"] * 2


@pytest.mark.parametrize(("share", "is_told"), [(0.25, False), (0.2501, True)])
def test_the_limit_itself_is_no_drift(share: float, is_told: bool) -> None:
    told = Told()
    with dg.DagsterInstance.ephemeral() as instance:
        tick(drifting({"MES-5m": share}, told), None, instance)
    assert bool(told.notices) is is_told


def test_where_no_window_is_due_the_notice_says_that_training_again_changes_nothing() -> None:
    assert "know all periods" in drift_notice("MES-5m", 0.3, 0.25, 0).body
    assert "2 windows that were due" in drift_notice("MES-5m", 0.3, 0.25, 2).body


def test_drift_is_the_share_of_inputs_that_the_feature_report_calls_drifted(
    finished: Bench, small_bars: Path
) -> None:
    lake = finished.open(small_bars).platform.home.lake
    table = lake.read("feature_report", "MES-5m").unique("feature")
    judged = table["drift"].drop_nulls()
    expected = (judged == "drifted").sum() / len(judged)
    assert drifted_frac(lake, "MES-5m") == pytest.approx(expected)
    assert drifted_frac(lake, "ES-5m") is None


def champions(**versions: str) -> MemoryTracker:
    """A registry whose aliases point at these versions, by series."""
    named = {name.replace("_", "-"): version for name, version in versions.items()}
    held = {f"{name}-policy": [Registered(one, "run", {})] for name, one in named.items()}
    return MemoryTracker(held, champions=named)


def test_a_champion_that_moved_is_compared_once_and_the_first_look_is_no_news() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("series", ["MES-5m", "ES-5m"])
        first = champion_sensor(champions(MES_5m="1", ES_5m="4"))
        requests, skipped, cursor = tick(first, None, instance)
        assert requests == []
        assert skipped == "No champion is new."
        moved = champion_sensor(champions(MES_5m="2", ES_5m="4"))
        requests, _, cursor = tick(moved, cursor, instance)
        assert [request.partition_key for request in requests] == ["MES-5m"]
        requests, _, _ = tick(moved, cursor, instance)
        assert requests == []


def test_the_first_champion_of_a_new_series_is_compared() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("series", ["MES-5m", "ES-5m"])
        _, _, cursor = tick(champion_sensor(champions(MES_5m="1")), None, instance)
        later = champion_sensor(champions(MES_5m="1", ES_5m="1"))
        requests, _, _ = tick(later, cursor, instance)
    assert [request.partition_key for request in requests] == ["ES-5m"]


@pytest.mark.parametrize("cadence", list(Cadence))
def test_bars_policies_and_reports_say_by_when_they_must_be_made(cadence: Cadence) -> None:
    @dg.asset
    def bars() -> None: ...

    @dg.asset
    def policy() -> None: ...

    @dg.asset
    def labels() -> None: ...

    known = {
        asset.key.path[-1]: next(iter(asset.specs)).freshness_policy
        for asset in with_freshness([bars, policy, labels], cadence)
    }
    assert known["bars"].deadline_cron == "0 18 * * 1-5"
    days = known["policy"].fail_window.to_timedelta().days
    assert days > {Cadence.MONTH: 31, Cadence.WEEK: 7}[cadence]
    assert known["labels"] is None


def test_a_run_that_failed_is_told_of_with_its_partition_and_cause() -> None:
    @dg.op
    def breaks() -> None:
        raise dg.Failure("the disk is full")

    @dg.job
    def nightly() -> None:
        breaks()

    told = Told()
    with dg.DagsterInstance.ephemeral() as instance:
        result = nightly.execute_in_process(
            instance=instance, raise_on_error=False, tags={"dagster/partition": "2025-05|MES-5m"}
        )
        run = instance.get_run_by_id(result.run_id)
        assert run is not None
        context = dg.build_run_status_sensor_context(
            "alert_on_failure", result.all_events[-1], instance, run
        ).for_run_failure()
        failure_sensor(told)(context)
    (notice,) = told.notices
    assert notice.title == "mlplatform: nightly of 2025-05|MES-5m failed"
    assert "Step breaks: the disk is full" in notice.body
    assert result.run_id in notice.body
    assert notice.level == "failure"


@pytest.mark.filterwarnings("ignore:'imghdr':DeprecationWarning")
def test_every_target_is_told_and_none_is_named_where_one_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    listed = tmp_path / "targets"
    listed.write_text("json://127.0.0.1:9/planted-token\n")
    monkeypatch.setenv("MLPLATFORM_NOTIFY_FILE", str(listed))
    with pytest.raises(InputError, match="1 of 1 could not be told 'x'") as refused:
        AppriseNotifier().tell(Notice("x", "y"))
    assert "planted-token" not in str(refused.value)


def test_without_targets_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLPLATFORM_NOTIFY", raising=False)
    monkeypatch.delenv("MLPLATFORM_NOTIFY_FILE", raising=False)
    assert AppriseNotifier().tell(Notice("x", "y")) == 0


def test_all_that_starts_runs_by_itself_is_off_until_it_is_started(
    finished: Bench, small_bars: Path
) -> None:
    platform = finished.open(small_bars).platform
    with open_instance(platform.home):
        repository = platform.definitions.get_repository_def()
    sensors = {sensor.name: sensor.default_status for sensor in repository.sensor_defs}
    assert set(sensors) >= {"landing_folder", "inputs_drifted", "alert_on_failure", "new_champion"}
    assert set(sensors.values()) == {dg.DefaultSensorStatus.STOPPED}
    assert {one.default_status for one in repository.schedule_defs} == {
        dg.DefaultScheduleStatus.STOPPED
    }
