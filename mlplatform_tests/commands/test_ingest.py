"""`mlplatform ingest`: understood, said, checked; what is broken is refused, the rest goes on."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from mlplatform import cli
from mlplatform.orchestration.build import build_platform
from mlplatform.orchestration.instance import open_instance
from mlplatform.settings import load_settings
from mlplatform.testing.bars import seeded_bars

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Path) -> Run:
    monkeypatch.setenv("COLUMNS", "200")

    def execute(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["mlplatform", *map(str, arguments), "--home", str(home)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        told = capsys.readouterr()
        return int(stopped.value.code or 0), told.out, told.err

    return execute


@pytest.fixture(scope="module")
def bars() -> pl.DataFrame:
    """Six weeks of 5-minute bars as a vendor would give them."""
    whole = seeded_bars(30, "5m")
    return whole.select("ts", "open", "high", "low", "close", "volume", symbol="contract")


def written(bars: pl.DataFrame, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    bars.write_csv(path)
    return path


def stored(home: Path, asset: str, series: str = "MES-5m") -> pl.DataFrame:
    files = sorted((home / "lake" / asset / series).glob("*.parquet"))
    return pl.concat([pl.read_parquet(file) for file in files])


def test_a_file_is_said_checked_and_kept(run, home, bars, tmp_path):
    path = written(bars, tmp_path / "bars.csv")
    code, told, _ = run("ingest", path, "--instrument", "MES")
    assert code == 0
    for words in (
        "MES-5m",
        "clock",
        "bar label",
        "timeframe",
        "How sure",
        "no_price_jumps",
        "Next",
    ):
        assert words in told
    assert stored(home, "bars").height == bars.height
    assert stored(home, "bars")["source"].n_unique() == 1
    assert stored(home, "bars")["row"].to_list() == list(range(bars.height))
    settings = json.loads((home / "settings.json").read_text())
    assert settings["first_period"] == "2025-01"


def test_a_dry_run_writes_nothing(run, home, bars, tmp_path):
    code, told, _ = run(
        "ingest", written(bars, tmp_path / "a.csv"), "--instrument", "MES", "--dry-run"
    )
    assert code == 0
    assert "UTC" in told
    assert not home.exists()


def test_one_bad_file_of_a_folder_is_told_and_the_others_are_taken(run, home, bars, tmp_path):
    folder = tmp_path / "vendor"
    january = bars.filter(pl.col("ts").dt.month() == 1)
    written(january, folder / "a_january.csv")
    (folder / "b_empty.csv").write_text("")
    with gzip.open(folder / "c_february.csv.gz", "wb") as packed:
        packed.write(bars.filter(pl.col("ts").dt.month() == 2).write_csv().encode())
    code, told, error = run("ingest", folder, "--instrument", "MES")
    assert code == 2
    assert "1 of 3 files" in error
    assert "b_empty.csv" in error
    assert stored(home, "bars").height == bars.height
    log = [json.loads(line) for line in (home / "ingestion.jsonl").read_text().splitlines()]
    assert [entry["outcome"] for entry in log] == ["ingested", "rejected", "ingested"]
    assert "refused" in told


def test_the_same_file_again_does_nothing(run, home, bars, tmp_path):
    path = written(bars, tmp_path / "bars.csv")
    run("ingest", path, "--instrument", "MES")
    before = stored(home, "raw_bars")
    code, told, _ = run("ingest", path, "--instrument", "MES")
    assert code == 0
    assert "taken in before" in told
    assert stored(home, "raw_bars").equals(before)


def test_a_restatement_counts_and_the_older_rows_are_set_aside(run, home, bars, tmp_path):
    run("ingest", written(bars, tmp_path / "a.csv"), "--instrument", "MES")
    better = bars[10:20].with_columns(volume=pl.col("volume") + 1)
    code, _, _ = run("ingest", written(better, tmp_path / "b.csv"), "--instrument", "MES")
    assert code == 0
    kept, aside = stored(home, "bars"), stored(home, "quarantined_bars")
    assert kept.height == bars.height
    assert kept["volume"].sum() == bars["volume"].sum() + 10
    assert aside["reason"].to_list() == ["restated by a later file"] * 10
    assert stored(home, "raw_bars").height == kept.height + aside.height


def test_contracts_that_lie_over_each_other_are_rolled(run, home, bars, tmp_path):
    """A second contract, 50 points above, trades more from the 20th session on."""
    days = seeded_bars(30, "5m")["session_date"]
    late = days >= days.unique().sort()[20]
    first = bars.with_columns(
        symbol=pl.lit("MESH5"), volume=pl.when(late).then(10.0).otherwise("volume")
    )
    prices = [pl.col(name) + 50 for name in ("open", "high", "low", "close")]
    volume = pl.when(late).then("volume").otherwise(1.0)
    second = bars.with_columns(*prices, symbol=pl.lit("MESM5"), volume=volume)
    code, told, error = run(
        "ingest", written(pl.concat([first, second]), tmp_path / "a.csv"), "--instrument", "MES"
    )
    assert code == 0, error
    assert "MESH5, MESM5" in told
    rolls = stored(home, "rolls").drop_nulls("previous")
    assert rolls.select("previous", "contract", "gap_points").rows() == [("MESH5", "MESM5", 50.0)]
    kept, aside = stored(home, "bars"), stored(home, "quarantined_bars")
    assert set(aside["reason"]) == {"not the front month"}
    assert kept.height + aside.height == 2 * bars.height
    assert kept["ts"].is_sorted()
    assert kept["ts"].n_unique() == kept.height


def test_mis_adjusted_bars_stop_with_where_and_how_much(run, home, bars, tmp_path):
    days = seeded_bars(30, "5m")["session_date"]
    later = days >= days.unique().sort()[20]
    names = ("open", "high", "low", "close")
    shifted = bars.with_columns(
        *(pl.when(later).then(pl.col(name) + 500).otherwise(name) for name in names),
        symbol=pl.when(later).then(pl.lit("MESM5")).otherwise(pl.lit("MESH5")),
    )
    path = written(shifted, tmp_path / "bars.csv")
    code, told, error = run("ingest", path, "--instrument", "MES")
    assert code == 3
    assert "no_price_jumps" in error
    assert "points" in error
    assert "Next" not in told
    platform = build_platform(home, load_settings(home))
    with open_instance(platform.home) as instance:
        tasks = platform.stamp.planner(instance, "MES-5m").tasks()
    assert ("bars", "check no_price_jumps stopped it") in {(t.asset, t.reason) for t in tasks}
    code, _, error = run("run", "--instrument", "MES", "--timeframe", "5m", "--train-periods", 1)
    assert code == 3, "what a check stopped is never passed on"
    assert "no_price_jumps" in error


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere.csv", "--instrument", "MES"), "nowhere.csv"),
        ((".", "--instrument", "GC"), "GC"),
        (("bars.csv", "--instrument", "ES"), "MES"),
        (("bars.csv", "--instrument", "MES", "--timeframe", "1m"), "--timeframe 5m"),
        (("bars.csv", "--instrument", "MES", "--label", "middle"), "--label"),
    ],
)
def test_what_the_user_gave_wrong_is_told_in_one_sentence(
    run, home, bars, tmp_path, monkeypatch, arguments, words
):
    monkeypatch.chdir(tmp_path)
    written(bars, tmp_path / "bars.csv")
    code, _, error = run("ingest", *arguments)
    assert code == 2
    assert words in error
    assert error.startswith("Error: ")
    assert error.count("\n") == 1
    assert not home.exists()


def test_a_home_of_synthetic_bars_takes_no_real_ones(run, home, bars, tmp_path, small_bars):
    run("ingest", written(bars, tmp_path / "a.csv"), "--instrument", "MES")
    code, _, error = run("run", "--data", small_bars)
    assert code == 2
    assert "ingest" in error


def test_export_writes_unadjusted_or_adjusted_bars_and_never_unfit_ones(run, home, bars, tmp_path):
    days = seeded_bars(30, "5m")["session_date"]
    late = days >= days.unique().sort()[20]
    names = ("open", "high", "low", "close")
    rolled = bars.with_columns(
        *(pl.when(late).then(pl.col(name) + 40).otherwise(name) for name in names),
        symbol=pl.when(late).then(pl.lit("MESM5")).otherwise(pl.lit("MESH5")),
    )
    run("ingest", written(rolled, tmp_path / "a.csv"), "--instrument", "MES")
    plain, level = tmp_path / "plain.parquet", tmp_path / "level.csv"
    assert run("export", "--series", "MES-5m", "--out", plain)[0] == 0
    assert run("export", "--series", "MES-5m", "--out", level, "--adjust", "difference")[0] == 0
    assert pl.read_parquet(plain)["close"].to_list() == rolled["close"].to_list()
    first = pl.read_csv(level)["close"].to_numpy() - pl.read_parquet(plain)["close"].to_numpy()
    assert set(first[: int((~late).sum())]) == {0.0}, "anchored at the oldest contract"
    assert len(set(first.round(6))) == 2
    longer = tmp_path / "longer.parquet"
    assert run("export", "--series", "MES-5m", "--out", longer, "--timeframe", "30m")[0] == 0
    assert pl.read_parquet(longer)["volume"].sum() == bars["volume"].sum()
    assert pl.read_parquet(longer)["bars"].max() == 6
    for arguments, words in (
        (("--series", "NQ-5m", "--out", plain), "NQ-5m"),
        (("--series", "MES-5m", "--out", tmp_path / "x.xls"), ".xls"),
        (("--series", "MES-5m", "--out", plain, "--adjust", "magic"), "magic"),
        (("--series", "MES-5m", "--out", plain, "--timeframe", "7m"), "multiple"),
        (("--series", "MES-5m", "--out", plain, "--timeframe", "30s"), "whole minutes"),
    ):
        code, _, error = run("export", *arguments)
        assert code == 2
        assert words in error


def test_a_file_outside_the_allowed_folder_is_not_read(run, home, bars, tmp_path, monkeypatch):
    allowed = tmp_path / "allowed"
    inside, outside = written(bars, allowed / "a.csv"), written(bars, tmp_path / "b.csv")
    (allowed / "link.csv").symlink_to(outside)
    monkeypatch.setenv("MLPLATFORM_DATA_ROOT", str(allowed))
    for path in (outside, allowed / ".." / "b.csv", allowed / "link.csv"):
        code, _, error = run("ingest", path, "--instrument", "MES", "--dry-run")
        assert code == 2
        assert "outside" in error or "leads out" in error, error
    assert run("ingest", inside, "--instrument", "MES", "--dry-run")[0] == 0
