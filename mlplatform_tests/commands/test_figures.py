"""`make figures`: the honest table says what a home holds, and lands between its markers."""

import importlib.util
import re
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

from mlplatform.labels.outcomes import at_traded_target
from mlplatform_tests.conftest import Bench

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "honest.py"


@pytest.fixture(scope="module")
def honest() -> ModuleType:
    spec = importlib.util.spec_from_file_location("honest", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["honest"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def found(honest: ModuleType, finished: Bench):
    return honest.found_in(finished.root, "MES-5m", finished.tracker)


def test_every_judged_candidate_of_every_window_counts(found, finished: Bench) -> None:
    lake = finished.root / "lake"
    decided = pl.concat(pl.read_parquet(p) for p in (lake / "decisions" / "MES-5m").iterdir())
    ml = decided.filter(pl.col("policy") == "ml", pl.col("probability").is_not_null())
    whole = found.quality.overall
    assert whole.candidates == ml.height > 100
    assert whole.taken == ml["take"].sum()
    assert 0.8 * whole.candidates < whole.completed <= whole.candidates
    assert [window.period for window in found.quality.windows] == ["2025-04", "2025-05"]
    assert found.windows == 2
    assert found.fallbacks == 0


def test_the_auc_is_that_of_decided_probabilities_and_labels(found, finished: Bench) -> None:
    """By another way: the labels of the grid, where a stop lies on it."""
    lake = finished.root / "lake"
    named = {"decisions": [], "labels": [], "candidates": []}
    for asset, parts in named.items():
        parts += [
            pl.read_parquet(lake / asset / "MES-5m" / f"2025-0{month}.parquet") for month in (4, 5)
        ]
    decided, labels, candidates = (pl.concat(parts) for parts in named.values())
    stop = (pl.col("stop_points") / pl.col("atr_points")).round(9)
    ml = decided.filter(pl.col("policy") == "ml").join(candidates, on="candidate_id")
    labels = at_traded_target(labels)
    both = ml.with_columns(stop_atr=stop).join(labels, on=["candidate_id", "stop_atr"])
    both = both.drop_nulls("is_win")
    if both.height < found.quality.overall.completed:
        pytest.skip("stops between those of the grid have no labels")
    won = both.filter("is_win")["probability"].to_numpy()[:, None]
    lost = both.filter(~pl.col("is_win"))["probability"].to_numpy()[None, :]
    assert found.quality.overall.auc == pytest.approx(((won > lost) + 0.5 * (won == lost)).mean())


def test_looks_and_trials_are_those_of_the_registry(found, finished: Bench) -> None:
    assert found.recipes == len(finished.tracker.recipes("MES-5m")) == 1
    notes = [note for note in finished.tracker.notes if note.role != "policy"]
    assert found.trials == sum(len(note.trials) for note in notes)


def test_the_table_has_a_column_a_study_and_the_reports_own_figures(honest, found) -> None:
    text = honest.table([("one", found), ("other", replace(found, fallbacks=1))], elsewhere=3)
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("|")]
    assert {len(row) for row in rows} == {3}
    assert len(rows) == len(honest.ROWS) + 2
    assert f"{found.report['ml']['expectancy_r']:+.3f}" in text
    assert f"{found.report['baseline']['net_usd']:+,.0f}" in text
    assert f"{found.quality.overall.auc:.3f}" in text
    assert found.report["provenance"]["with_earlier_studies"]["verdict"]["sentence"] in text
    assert "USD a day" in text
    assert text.count("fell back to the baseline") == 1
    assert "at least 3 other recipes" in text
    assert "at least" not in honest.table([("one", found)])
    assert "nan" not in text.lower()


def test_a_study_without_outcomes_has_words_and_no_figures(honest, found) -> None:
    blank = dict.fromkeys(
        ("auc", "auc_interval", "brier", "brier_gain_interval", "stop_net_r"), None
    )
    empty = replace(found.quality.overall, **blank)
    held = {**found.report, "ml": {**found.report["ml"], "expectancy_r": None}}
    bare = replace(found, quality=replace(found.quality, overall=empty, windows=()), report=held)
    text = honest.table([("bare", bare)])
    assert "none (no interval)" in text
    assert re.search(r"R a trade.*/ none \|", text)


def test_the_table_replaces_what_stands_between_its_markers(honest, found, tmp_path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- honest -->\nold\n<!-- /honest -->\nafter\n")
    honest.write(honest.table([("one", found)]), readme)
    honest.write(honest.table([("two", found)]), readme)
    text = readme.read_text()
    assert text.startswith("before\n<!-- honest -->\n")
    assert text.endswith("|\n<!-- /honest -->\nafter\n")
    assert "| two |" in text
    assert "old" not in text
    assert "| one |" not in text
    readme.write_text("no markers")
    with pytest.raises(SystemExit):
        honest.write("x", readme)


def test_the_readme_has_its_place(honest) -> None:
    assert len(honest._PLACE.findall(honest.README.read_text())) == 1
