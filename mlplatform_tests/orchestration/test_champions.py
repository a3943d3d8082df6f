"""Champions' trades are kept at promotion, and a challenger is held against the right ones."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from mlplatform.adapters.home import Home
from mlplatform.domain.tables import TRADES
from mlplatform.orchestration.desks.champions import Shelf
from mlplatform.studies.comparison.value import Contender

SERIES = "MES-5m"
MINE = Contender("mine", SERIES, "ml", TRADES.empty(), (date(2025, 4, 1),), 50_000.0, {"seed": 7})


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(Home(tmp_path), SERIES)


def test_what_is_kept_comes_back(shelf: Shelf) -> None:
    assert shelf.current is None
    shelf.keep("r1", MINE)
    found = shelf.champion("r1")
    assert found.trades.equals(MINE.trades)
    assert (found.days, found.capital_usd, found.settings) == (MINE.days, 50_000.0, {"seed": 7})
    assert shelf.current == "r1"
    assert shelf.champion("r2") is None


def test_a_challenger_is_held_against_the_champion(shelf: Shelf) -> None:
    shelf.keep("r1", replace(MINE, capital_usd=1.0))
    found, _ = shelf.incumbent("r1", "r2", MINE)
    assert found.capital_usd == 1.0


def test_a_new_champion_is_held_against_whom_it_replaced_also_after_a_new_window(
    shelf: Shelf,
) -> None:
    shelf.keep("r1", replace(MINE, capital_usd=1.0))
    for _ in range(2):
        shelf.keep("r2", MINE)
        found, _ = shelf.incumbent("r2", "r2", MINE)
        assert found.capital_usd == 1.0


def test_with_nobody_to_compare_with_it_says_why(shelf: Shelf) -> None:
    assert shelf.incumbent(None, "r1", MINE) == (None, "the series has no champion")
    assert "were not kept" in shelf.incumbent("r0", "r1", MINE)[1]
    shelf.keep("r1", MINE)
    assert "first champion" in shelf.incumbent("r1", "r1", MINE)[1]
    later = replace(MINE, days=(date(2025, 5, 1),))
    assert "share no trading day" in shelf.incumbent("r1", "r2", later)[1]
