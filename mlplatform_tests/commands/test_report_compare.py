"""`mlplatform report compare`: from report folders to a table, a page and JSON."""

import json
import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from mlplatform.adapters.home import Home
from mlplatform.commands.report import Outcome, compare_reports
from mlplatform.domain.errors import InputError
from mlplatform.domain.tables import TRADES
from mlplatform.market.sessions import session_calendar
from mlplatform.orchestration.desks.champions import Shelf, contender_of
from mlplatform.settings import StudySettings
from mlplatform.testing.studies import StudyPlan, fake_study

SERIES = "MES-5m"


def written(root: Path, plan: StudyPlan, series: str = SERIES) -> Path:
    """A home with the report of a fake study: as far as the command reads one."""
    study, folder = fake_study(plan), root / "reports" / series
    folder.mkdir(parents=True)
    (root / "settings.json").write_text("{}")
    report = {
        "series": series,
        "cadence": "month",
        "source": {
            "sha256": study.source.sha256,
            "from": study.source.first_ts.isoformat(),
            "to": study.source.last_ts.isoformat(),
        },
        "windows": [{"period": window.period} for window in study.windows],
        "settings": dict(study.settings),
    }
    (folder / "report.json").write_text(json.dumps(report))
    pl.concat(
        found.trades.select(pl.lit(name).alias("policy"), *TRADES.names)
        for name, found in study.policies.items()
    ).write_parquet(folder / "trades.parquet")
    return folder


@pytest.fixture
def one(tmp_path: Path) -> Path:
    return written(tmp_path / "one", StudyPlan(edge_r=0.3))


@pytest.fixture
def two(tmp_path: Path) -> Path:
    return written(tmp_path / "two", StudyPlan(edge_r=0.3, seed=8, train_periods=2))


Compare = Callable[..., str]


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    def run(a: object, b: object, home: str = "one", **told: object) -> str:
        out = StringIO()
        console = Console(file=out, width=140)
        compare_reports(tmp_path / home, str(a), str(b), Outcome(**told), console)
        return out.getvalue()

    return run


def test_two_policies_of_a_series_stand_side_by_side(compare: Compare, one: Path) -> None:
    told = compare(f"{SERIES}@baseline", SERIES)
    assert "MES-5m ml (one) made more than MES-5m baseline (one)" in told
    assert "Expectancy" in told
    assert "share no trade" in told or "They share" in told
    found = json.loads((one / "comparison.json").read_text())
    assert (found["a"]["policy"], found["b"]["policy"]) == ("baseline", "ml")
    figure = found["figures"]["expectancy_r"]
    assert figure["low"] < figure["difference"] < figure["high"]
    assert figure["difference"] == pytest.approx(figure["b"] - figure["a"])
    assert figure["confidence"] == 0.98


def test_two_homes_and_their_folders_give_the_same_comparison(
    compare: Compare, one: Path, two: Path
) -> None:
    compare(one.parents[1], two.parents[1])
    homes = json.loads((two / "comparison.json").read_text())
    compare(one, two)
    assert json.loads((two / "comparison.json").read_text()) == homes
    assert homes["settings"]["train_periods"] == {"a": 3, "b": 2}
    assert homes["settings"]["seed"] == {"a": 7, "b": 8}


def test_a_copied_report_folder_is_enough(compare: Compare, one: Path, tmp_path: Path) -> None:
    copied = tmp_path / "mail"
    shutil.copytree(one, copied)
    told = compare(f"{copied}@baseline", SERIES)
    assert "MES-5m baseline (mail)" in told


def test_days_without_a_trade_count(compare: Compare, one: Path) -> None:
    trades = pl.read_parquet(one / "trades.parquet")
    trades.filter(pl.col("policy") != "ml", pl.col("entry_ts").dt.day() > 5).write_parquet(
        one / "trades.parquet"
    )
    compare(f"{SERIES}@baseline", f"{SERIES}@random_entry")
    found = json.loads((one / "comparison.json").read_text())
    windows = [w["period"] for w in json.loads((one / "report.json").read_text())["windows"]]
    first, last = f"{windows[0]}-01", f"{windows[-1]}-29"
    days = session_calendar(pl.Series([first]).str.to_date()[0], pl.Series([last]).str.to_date()[0])
    assert found["days"]["count"] == days.height + 1  # the fake study trades on Good Friday


def test_the_page_needs_no_network_and_the_same_studies_give_the_same_bytes(
    compare: Compare, one: Path, two: Path, tmp_path: Path
) -> None:
    texts = []
    for name in ("x", "y"):
        compare(one, two, folder=tmp_path / name)
        texts.append((tmp_path / name / "comparison.html").read_text())
    assert texts[0] == texts[1]
    assert "http" not in texts[0]
    assert "<script" not in texts[0]
    assert texts[0].count("<path") == 3
    assert "prefers-color-scheme: dark" in texts[0]
    assert "@media print" in texts[0]


def test_programs_get_json_alone(
    compare: Compare, one: Path, two: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(one, two, as_json=True) == ""
    assert json.loads(capsys.readouterr().out)["schema_version"] == 1


def test_the_kept_champion_can_be_held_against_the_newest_study(
    compare: Compare, one: Path, tmp_path: Path
) -> None:
    study = fake_study(StudyPlan(edge_r=0.1, seed=3))
    named = [
        found.trades.select(pl.lit(name).alias("policy"), *TRADES.names)
        for name, found in study.policies.items()
    ]
    daily = pl.concat(found.daily for found in study.policies.values())
    kept = contender_of(SERIES, pl.concat(named), daily, StudySettings())
    Shelf(Home(tmp_path / "one"), SERIES).keep("r1", kept)
    told = compare(f"{SERIES}@champion", SERIES)
    assert "A: MES-5m champion" in told
    found = json.loads((one / "comparison.json").read_text())
    assert found["figures"]["net_usd"]["a"] == pytest.approx(
        study.policies["ml"].trades["net_usd"].sum()
    )


def broken(folder: Path, **changes: object) -> None:
    report = json.loads((folder / "report.json").read_text())
    (folder / "report.json").write_text(json.dumps({**report, **changes}))


@pytest.mark.parametrize(
    ("a", "b", "told"),
    [
        (SERIES, SERIES, "are the same study: name two"),
        (SERIES, f"{SERIES}@best", "There is no policy 'best': there are baseline, ml"),
        (SERIES, f"{SERIES}@strategy", "its study had no exits of its own"),
        (SERIES, f"{SERIES}@champion", "keeps no champion's trades of MES-5m"),
        (SERIES, "NQ-5m", "has no report of it: give a series of the home"),
        (SERIES, ".", "holds no report.json and is no home"),
        (SERIES, "two", "has no report: run `mlplatform run --home"),
    ],
)
def test_wrong_names_are_refused_in_a_sentence(
    compare: Compare, one: Path, tmp_path: Path, monkeypatch, a: str, b: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "settings.json").write_text("{}")
    with pytest.raises(InputError) as error:
        compare(a, b)
    assert told in str(error.value)
    assert str(error.value).endswith(".")
    assert not (one / "comparison.json").exists()


def test_a_home_of_two_series_asks_which(compare: Compare, one: Path, tmp_path: Path) -> None:
    shutil.copytree(one, one.parent / "NQ-5m")
    with pytest.raises(InputError, match=r"one has 2 reports: name one of .*MES-5m, .*NQ-5m"):
        compare(tmp_path / "one", SERIES)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda f: (f / "report.json").write_text("{"), "not one that this platform wrote"),
        (lambda f: (f / "report.json").write_text("[]"), "it lacks series"),
        (lambda f: (f / "report.json").write_text("{}"), "it lacks series"),
        (lambda f: broken(f, settings={}), "not one that this platform wrote"),
        (lambda f: broken(f, windows=[]), "a study without a window"),
        (lambda f: broken(f, windows=[{"period": "June"}]), "its windows are not understood"),
        (lambda f: (f / "trades.parquet").unlink(), "no trades.parquet beside its report.json"),
        (lambda f: (f / "trades.parquet").write_text("no"), "is no Parquet file"),
        (
            lambda f: (
                pl.read_parquet(f / "trades.parquet").drop("r").write_parquet(f / "trades.parquet")
            ),
            "lacks the column r",
        ),
        (
            lambda f: (
                broken(
                    f,
                    windows=[{"period": "2020-03"}],
                    source={"from": "2020-01-01T00:00:00Z", "to": "2020-12-01T00:00:00Z"},
                )
                or pl.read_parquet(f / "trades.parquet").clear().write_parquet(f / "trades.parquet")
            ),
            "they share no trading day",
        ),
    ],
)
def test_a_broken_report_is_refused_in_a_sentence(
    compare: Compare, one: Path, two: Path, spoil, told: str
) -> None:
    spoil(two)
    with pytest.raises(InputError) as error:
        compare(one, two)
    assert told in str(error.value)
    assert str(error.value).count(". ") == 0


def test_what_cannot_be_written_is_said(compare: Compare, one: Path, two: Path) -> None:
    (one / "file").write_text("")
    with pytest.raises(InputError, match="give a writable --out"):
        compare(one, two, folder=one / "file" / "out")
