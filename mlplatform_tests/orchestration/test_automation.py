"""Sensors tell people what failed and what drifted, once, and ask for what is due."""

from pathlib import Path

import dagster as dg
import pytest

from mlplatform.adapters.notifications import AppriseNotifier, Notice
from mlplatform.domain.errors import InputError
from mlplatform.orchestration.automation.alerts import failure_sensor
from mlplatform.orchestration.automation.drift import drift_notice, drift_sensor, drifted_frac
from mlplatform.testing.notifications import Told
from mlplatform_tests.conftest import Bench

REQUEST = dg.RunRequest(tags={"window": "2025-05"})


@dg.job(name="train")
def training() -> None:
    """What the sensor asks for."""


REPOSITORY = dg.Definitions(jobs=[training]).get_repository_def()


def tick(sensor: dg.SensorDefinition, cursor: str | None, instance: dg.DagsterInstance) -> tuple:
    context = dg.build_sensor_context(instance=instance, cursor=cursor, repository_def=REPOSITORY)
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
    repository = finished.open(small_bars).platform.definitions.get_repository_def()
    sensors = {sensor.name: sensor.default_status for sensor in repository.sensor_defs}
    assert set(sensors) >= {"landing_folder", "inputs_drifted", "alert_on_failure"}
    assert set(sensors.values()) == {dg.DefaultSensorStatus.STOPPED}
    assert {one.default_status for one in repository.schedule_defs} == {
        dg.DefaultScheduleStatus.STOPPED
    }
