"""`mlplatform setups` tells what is in use and how often it fires, and refuses in a sentence."""

import re
from dataclasses import replace
from io import StringIO
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from mlplatform.adapters.home import Home
from mlplatform.commands.setups import Look, setups
from mlplatform.domain.errors import InputError
from mlplatform.features.compute import compute_features
from mlplatform.features.sets import core_plan
from mlplatform.setups.registry import SETUPS
from mlplatform.setups.setup import find_candidates
from mlplatform.testing.bars import MES_5M, seeded_bars

NOWHERE = Look(None, "MES", "5m", None, None)
BARS = seeded_bars(45)  # January, February and some of March


def told(home: Path, look: Look) -> str:
    out = StringIO()
    setups(home, look, Console(file=out, width=200))
    return out.getvalue()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "bars.parquet"
    columns = ("ts", "open", "high", "low", "close", "volume", "contract")
    BARS.select(columns).write_parquet(path)
    return path


def rows_of(text: str) -> dict[str, list[str]]:
    declared, _, counted = text.partition("In the table")
    lines = [line.strip("│┃ ").split("│") for line in declared.splitlines() if "│" in line]
    lines += [re.split(r" {2,}| (?=\d+/)", line.strip()) for line in counted.splitlines()]
    return {cells[0].strip(): [cell.strip() for cell in cells[1:]] for cells in lines}


def test_it_says_name_idea_parameters_and_order_of_each_setup(tmp_path):
    rows = rows_of(told(tmp_path / "home", NOWHERE))
    for setup in SETUPS:
        assert setup.name in rows
        assert rows[setup.name][-1] == setup.entry.order_type
    assert "near_atr=0.25, away_atr=0.5" in rows["orb_retest"][1]
    assert not (tmp_path / "home").exists()


def expected() -> dict[tuple[str, str, int], int]:
    features = compute_features(core_plan(MES_5M.timeframe), BARS)
    found = find_candidates(MES_5M.name, SETUPS, BARS, features, 300)
    month = pl.col("session_date").dt.strftime("%Y-%m")
    by = found.group_by(month, "setup", "side").len()
    return {(m, setup, side): n for m, setup, side, n in by.iter_rows()}


def test_with_a_file_it_counts_candidates_by_month_and_side(tmp_path, data):
    text = told(tmp_path / "home", replace(NOWHERE, data=str(data)))
    counts, rows = expected(), rows_of(text)
    for month in ("2025-01", "2025-02", "2025-03"):
        sides = [[counts.get((month, s.name, side), 0) for side in (1, -1)] for s in SETUPS]
        assert rows[month] == [f"{long}/{short}" for long, short in sides]
    assert f"{sum(counts.values()):,} candidates in 45 trading days" in text
    first = sum(n for (_, name, _), n in counts.items() if name == SETUPS[0].name)
    assert rows["21 days"][0] == f"{first / (45 / 21):.1f}"
    assert not (tmp_path / "home").exists()


def test_with_a_series_it_counts_those_of_the_homes_bars(tmp_path, data):
    home = tmp_path / "home"
    for month in (1, 2, 3):
        part = BARS.filter(pl.col("session_date").dt.month() == month)
        Home(home).lake.write(part, "bars", MES_5M.name, f"2025-{month:02d}")
    of_series = told(home, replace(NOWHERE, series="MES-5m"))
    assert of_series == told(home, replace(NOWHERE, data=str(data)))


def test_it_says_that_bars_without_volume_leave_some_setups_silent(tmp_path):
    path = tmp_path / "bars.parquet"
    BARS.select("ts", "open", "high", "low", "close").write_parquet(path)
    text = told(tmp_path, replace(NOWHERE, data=str(path)))
    assert "no volume" in text


@pytest.mark.parametrize(
    ("look", "words"),
    [
        (replace(NOWHERE, data="nowhere.parquet"), "nowhere.parquet"),
        (replace(NOWHERE, data="x.parquet", series="MES-5m"), "not both"),
        (replace(NOWHERE, data="x.parquet", instrument="GC"), "'GC'"),
        (replace(NOWHERE, data="x.parquet", timeframe="1h"), "30m or shorter"),
        (replace(NOWHERE, data="x.parquet", timeframe="5 min"), "'5 min'"),
        (replace(NOWHERE, series="MES"), "'MES'"),
        (replace(NOWHERE, series="MES-5m"), "has no bars of MES-5m"),
        (replace(NOWHERE, series="MES-1d"), "30m or shorter"),
    ],
)
def test_what_cannot_be_looked_at_is_refused_in_a_sentence(tmp_path, look, words):
    with pytest.raises(InputError) as refusal:
        told(tmp_path / "home", look)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "home").exists()


def test_of_contracts_that_overlap_the_front_month_counts(tmp_path, data):
    path = tmp_path / "two.parquet"
    front = pl.read_parquet(data)
    back = front.with_columns(
        pl.col("open", "high", "low", "close") + 50, volume=1.0, contract=pl.lit("MESZ5")
    )
    pl.concat([front, back]).sort("contract", "ts").write_parquet(path)
    rolled = told(tmp_path, replace(NOWHERE, data=str(path)))
    assert rolled == told(tmp_path, replace(NOWHERE, data=str(data)))


def test_synthetic_bars_need_no_file(tmp_path):
    assert "2025-12" in rows_of(told(tmp_path / "home", replace(NOWHERE, data="synthetic")))
    assert not (tmp_path / "home").exists()
