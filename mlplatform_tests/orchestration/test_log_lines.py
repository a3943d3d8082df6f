"""A run's log as JSON: each line says which run, asset and partition it is of."""

import json
from pathlib import Path

import dagster as dg
import pytest

from mlplatform.orchestration.steps.log_lines import JSON_LINES, json_lines, log_config

PERIODS = dg.StaticPartitionsDefinition(["2025-05"])


@dg.asset(partitions_def=PERIODS)
def bars(context: dg.AssetExecutionContext) -> None:
    context.log.info('a "quoted" word\nand a second line')


@dg.asset(partitions_def=PERIODS, deps=[bars])
def features(context: dg.AssetExecutionContext) -> None:
    raise dg.Failure("the disk is full")


def lines(capsys: pytest.CaptureFixture[str]) -> tuple[str, list[dict[str, str]]]:
    job = dg.Definitions(
        assets=[bars, features],
        jobs=[dg.define_asset_job("nightly", config=log_config("json"))],
        loggers={JSON_LINES: json_lines},
        executor=dg.in_process_executor,
    ).resolve_job_def("nightly")
    result = job.execute_in_process(partition_key="2025-05", raise_on_error=False)
    return result.run_id, [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_every_line_is_an_object_with_run_job_and_partition(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run_id, told = lines(capsys)
    assert len(told) > 5
    for line in told:
        assert line["run"] == run_id
        assert line["job"] == "nightly"
        assert line["partition"] == "2025-05"
        assert {"at", "level", "message"} <= set(line)


def test_lines_of_a_step_name_its_asset(capsys: pytest.CaptureFixture[str]) -> None:
    _, told = lines(capsys)
    (own,) = [line for line in told if "quoted" in line["message"]]
    assert own["message"] == 'a "quoted" word\nand a second line'
    assert (own["asset"], own["level"]) == ("bars", "info")
    made = [line for line in told if line.get("event") == "ASSET_MATERIALIZATION"]
    assert [line["asset"] for line in made] == ["bars"]


def test_a_failure_tells_its_cause(capsys: pytest.CaptureFixture[str]) -> None:
    _, told = lines(capsys)
    (failed,) = [line for line in told if line.get("event") == "STEP_FAILURE"]
    assert failed["asset"] == "features"
    assert failed["level"] == "error"
    assert "the disk is full" in failed["error"]


def test_text_is_left_to_dagster() -> None:
    assert log_config("text") == {}


def test_the_setting_reaches_every_job(tmp_path: Path) -> None:
    from mlplatform.orchestration.build import build_platform
    from mlplatform.settings import StudySettings

    platform = build_platform(tmp_path, StudySettings(log_format="json"))
    repository = platform.definitions.get_repository_def()
    for job in repository.get_all_jobs():
        if not job.name.startswith("__"):
            by_partition = job.partitions_def is not None
            config = job.get_run_config_for_partition_key("a") if by_partition else job.run_config
            assert config == {"loggers": {JSON_LINES: {}}}, job.name
