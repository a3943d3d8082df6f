"""docs/strategies.md: its examples are read, its commands run, in its order."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from mlplatform import cli
from mlplatform.orchestration.own_strategy import read_strategy

TEXT = (Path(__file__).parents[2] / "docs" / "strategies.md").read_text(encoding="utf-8")


def example(name: str) -> str:
    found = re.search(rf"<!-- example: {re.escape(name)} -->\n```\w+\n(.*?)```", TEXT, re.DOTALL)
    assert found is not None
    return found[1]


def commands() -> list[str]:
    found = re.search(r"<!-- run by: [^\n]+ -->\n```sh\n(.*?)```", TEXT, re.DOTALL)
    assert found is not None
    return found[1].strip().splitlines()


@pytest.fixture
def desk(tmp_path: Path, small_bars: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quiet_pullback.yaml").write_text(example("quiet_pullback.yaml"))
    (tmp_path / "own.py").write_text(example("own.py"))
    (tmp_path / "bars.parquet").symlink_to(small_bars)
    return tmp_path


def execute(command: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("sys.argv", shlex.split(command))
    try:
        cli.main()
    except SystemExit as stopped:
        return int(stopped.code or 0)
    return 0


def test_the_python_example_is_a_strategy_of_two_setups(desk: Path) -> None:
    strategy = read_strategy(desk / "own.py")
    assert strategy.setup_names == ("inside_out", "ema_pullback")
    assert strategy.exits is not None


def test_its_commands_run_in_order_and_set_the_strategy_beside_the_baseline(desk: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MLPLATFORM_")}
    environment |= {"COLUMNS": "120", "MLPLATFORM_MODEL_PLOTS": "false"}
    told = {}
    for command in [*commands(), "mlplatform setups"]:
        arguments = [sys.executable, "-m", "mlplatform.cli", *shlex.split(command)[1:]]
        done = subprocess.run(arguments, cwd=desk, capture_output=True, text=True, env=environment)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        told[command.removeprefix("mlplatform ").partition(" --")[0]] = done.stdout
    assert "candidates" in told["check leaks"]
    assert "MES-5m strategy" in told["report compare MES-5m@baseline MES-5m@strategy"]
    assert "Strategy quiet_pullback" in told["setups"], "the home's strategy is in use"
    assert (desk / ".mlplatform" / "reports" / "MES-5m" / "comparison.html").is_file()
    kept = list((desk / ".mlplatform" / "strategies").glob("quiet_pullback-*.yaml"))
    assert len(kept) == 1


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("setups --strategy gone.yaml", "gone.yaml: give a strategy as YAML or Python"),
        ("run --data bars.parquet --strategy bad.yaml", "bad.yaml: there is no setup ema: there"),
        ("plan --data bars.parquet --strategy bad.yaml", "bad.yaml: there is no setup ema: there"),
        (
            "check leaks --data bars.parquet --instrument MES --strategy bad.yaml",
            "there is no setup ema",
        ),
        (
            "check leaks --data bars.parquet --instrument MES --strategy own.py --setups own.py",
            "--strategy alone",
        ),
        ("report compare MES-5m NQ-5m", "has no report of it: give a series of the home"),
    ],
)
def test_bad_input_is_one_sentence_and_writes_nothing(
    desk: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    told: str,
) -> None:
    (desk / "bad.yaml").write_text("setups: [ema]")
    assert execute(f"mlplatform {command}", monkeypatch) == 2
    error = capsys.readouterr().err
    assert error.startswith("Error: ")
    assert error.count("\n") == 1
    assert told in error
    assert not (desk / ".mlplatform").exists()


def test_a_strategy_that_looks_ahead_is_caught(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    leaking = example("own.py").replace("side.close >", "side.close.shift(-1) >")
    assert leaking != example("own.py")
    (desk / "leak.py").write_text(leaking)
    command = "mlplatform check leaks --data bars.parquet --instrument MES --strategy leak.py"
    assert execute(command, monkeypatch) == 3
    assert "columns of candidates" in capsys.readouterr().err
