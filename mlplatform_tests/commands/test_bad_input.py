"""Bad input: one clear sentence that says what to do, exit code 2, nothing half-written."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from mlplatform import cli, cli_options
from mlplatform.adapters.bars.network import yahoo
from mlplatform.adapters.bars.network.port import TransientError
from mlplatform.cli_options import terminal

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Path) -> Run:
    def execute(*arguments: object) -> tuple[int, str]:
        command = ["mlplatform", *map(str, arguments)]
        if "--home" not in command:
            command += ["--home", str(home)]
        monkeypatch.setattr("sys.argv", command)
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        return int(stopped.value.code or 0), capsys.readouterr().err

    return execute


def refused(answer: tuple[int, str], *told: str) -> None:
    code, error = answer
    assert code == 2
    assert "Traceback" not in error
    assert error.startswith("Error: ")
    assert error.count("\n") == 1, "one sentence, one line"
    for words in told:
        assert words in error


@pytest.fixture
def changed(small_bars: Path, tmp_path: Path) -> Callable[[Callable], Path]:
    def write(change: Callable[[pl.DataFrame], pl.DataFrame]) -> Path:
        path = tmp_path / "changed.parquet"
        change(pl.read_parquet(small_bars)).write_parquet(path)
        return path

    return write


def test_a_missing_file(run: Run, home: Path) -> None:
    refused(run("run", "--data", "nowhere.parquet"), "nowhere.parquet", "check the path")
    assert not home.exists()


def test_an_unknown_instrument(run: Run, home: Path) -> None:
    refused(run("run", "--instrument", "GC"), "'GC'", "ES, MES, NQ, MNQ")
    assert not home.exists()


def test_a_malformed_timeframe(run: Run) -> None:
    refused(run("run", "--timeframe", "five"), "'five'", "such as 5m")


def test_a_timeframe_that_is_too_long(run: Run) -> None:
    refused(run("run", "--timeframe", "1d"), "30m")


def test_a_wrong_timeframe(run: Run, small_bars: Path, home: Path) -> None:
    answer = run("run", "--data", small_bars, "--timeframe", "1m")
    refused(answer, "5m bars, not 1m", "--timeframe 5m")
    assert not home.exists()


def test_a_file_without_the_columns(run: Run, changed: Callable, home: Path) -> None:
    path = changed(lambda bars: bars.drop("high", "low"))
    refused(run("run", "--data", path), "high, low", "rename")
    assert not home.exists()


def test_a_file_that_is_no_table(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "broken.parquet"
    path.write_bytes(b"")
    refused(run("run", "--data", path), "0 bytes", str(path))


def test_an_empty_table(run: Run, changed: Callable) -> None:
    refused(run("run", "--data", changed(lambda bars: bars.head(0))), "no rows")


def test_prices_that_are_words(run: Run, changed: Callable) -> None:
    path = changed(lambda bars: bars.with_columns(close=pl.lit("1.234,50")))
    refused(run("run", "--data", path), "prices", "write numbers such as 5432.25")


def test_times_without_a_zone(run: Run, changed: Callable) -> None:
    path = changed(lambda bars: bars.with_columns(pl.col("ts").dt.replace_time_zone(None)))
    refused(run("run", "--data", path), "no time zone", "--timezone")


def test_an_unknown_zone(run: Run, changed: Callable) -> None:
    path = changed(lambda bars: bars.with_columns(pl.col("ts").dt.replace_time_zone(None)))
    refused(run("run", "--data", path, "--timezone", "Mars/Olympus"), "Mars/Olympus")


def test_fewer_periods_than_needed(run: Run, small_bars: Path, home: Path) -> None:
    answer = run("run", "--data", small_bars, "--train-periods", 5)
    refused(answer, "5 periods to use", "--train-periods")
    assert not home.exists()


def test_a_range_that_holds_too_little(run: Run, small_bars: Path) -> None:
    refused(run("run", "--data", small_bars, "--from", "2025-03"), "3 periods to use")


def test_a_malformed_period(run: Run, small_bars: Path) -> None:
    refused(run("run", "--data", small_bars, "--from", "March"), "'March'", "2025-06")


def test_settings_out_of_range(run: Run, small_bars: Path) -> None:
    refused(run("run", "--data", small_bars, "--trials", 0), "trials")
    refused(run("run", "--data", small_bars, "--capital", -1), "capital")


def test_an_unwritable_home(run: Run, small_bars: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    answer = run("run", "--data", small_bars, "--home", tmp_path / "file" / "home")
    refused(answer, "Cannot write", "--home")


def test_an_unreachable_yahoo(run: Run, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    def unreachable(*_: object) -> None:
        raise TransientError("no route")

    monkeypatch.setattr(yahoo, "yfinance_history", unreachable)
    monkeypatch.setattr("time.sleep", lambda _: None)
    refused(run("run", "--data", "yahoo"), "Yahoo", "MES-5m", "no route")
    assert not home.exists()


def test_another_cadence_than_the_homes(run: Run, finished, small_bars: Path) -> None:
    answer = run("run", "--data", small_bars, "--cadence", "week", "--home", finished.root)
    refused(answer, "periods of a month", "--home")


def test_bars_older_than_the_home(run: Run, finished, changed: Callable) -> None:
    path = changed(lambda bars: bars.with_columns(pl.col("ts") - pl.duration(weeks=52)))
    answer = run("run", "--data", path, "--home", finished.root)
    refused(answer, "begins with 2025-01", "--from 2025-01")


def test_a_series_that_the_home_does_not_know(run: Run, finished) -> None:
    refused(run("decide", "--series", "NQ-1m", "--home", finished.root), "NQ-1m", "mlplatform run")
    refused(run("decide", "--series", "nonsense", "--home", finished.root), "MES-1m")
    for position in ("MNQ-5m:long:2", "MNQ-5m:up:2:40", "MNQ-5m:long:0:40", "MNQ-5m:long:2:-1"):
        beside = ("decide", "--series", "MES-5m", "--home", finished.root, "--open", position)
        refused(run(*beside), position, "MNQ-5m:long:2:41.5")


def test_ui_and_plan_of_no_home(run: Run, home: Path) -> None:
    refused(run("ui"), "mlplatform run")
    refused(run("plan"), "mlplatform run")
    assert not home.exists()


def test_a_check_that_stops_the_chain_exits_with_three(run: Run, changed: Callable) -> None:
    path = changed(
        lambda bars: (
            bars.with_row_index()
            .with_columns(
                low=pl.when(pl.col("index") % 10 == 0).then(pl.col("high") + 5).otherwise("low")
            )
            .drop("index")
        )
    )
    code, error = run("run", "--data", path)
    assert code == 3
    assert "rows_are_valid" in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        (
            "MLFLOW_URI",
            "localhost:5000",
            "Setting mlflow-uri: 'localhost:5000' does not begin with",
        ),
        ("OPTUNA_URL", "optuna.db", "postgresql://, mysql:// or sqlite://"),
        ("OPTUNA_URL", "mssql://me:secret@there", "leave it out, and set PGPASSWORD"),
        ("LAKE_URI", "ftp://there", "s3://bucket/prefix"),
        ("TRIALS", "none", "Setting trials: "),
    ],
)
def test_a_setting_that_cannot_be(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(f"MLPLATFORM_{name}", value)
    answer = run("run", "--data", "synthetic")
    refused(answer, told)
    assert "me:secret" not in answer[1]
    assert not home.exists()


def test_a_colon_is_printed_as_a_colon_by_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    terminal().print("bars:cat:.csv")
    terminal(stderr=True).print("bars:cat:.csv")
    assert capsys.readouterr() == ("bars:cat:.csv\n", "bars:cat:.csv\n")
    for path in Path(cli_options.__file__).parent.glob("cli*.py"):
        own = path.name == "cli_options.py"
        assert path.read_text().count(" Console(") == own, f"{path.name} opens its own"
