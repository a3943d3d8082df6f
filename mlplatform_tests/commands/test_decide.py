"""What is printed of the champion's decisions, alone and beside positions of other series."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from mlplatform.commands import decide as command
from mlplatform_tests.conftest import Bench

Told = Callable[..., str]


@pytest.fixture
def told(finished: Bench, small_bars: Path, monkeypatch: pytest.MonkeyPatch) -> Told:
    """What it prints with these open positions; models come from the home's own tracker."""
    platform = finished.open(small_bars).platform
    monkeypatch.setattr(command, "build_platform", lambda *_: platform)

    def printed(*positions: str) -> str:
        out = io.StringIO()
        command.decide(finished.root, "MES-5m", 200, Console(file=out, width=160), positions)
        return out.getvalue()

    return printed


def lots(text: str) -> list[int]:
    """Contracts of the candidates that are traded, in order."""
    rows = [line.split("│") for line in text.splitlines() if re.search(r"│ (long|short) +│", line)]
    cells = [[cell.strip() for cell in row] for row in rows]
    return [int(found) for row in cells for found in row if re.fullmatch(r"\d+", found)]


def test_an_open_position_elsewhere_leaves_fewer_contracts(told: Told) -> None:
    alone, beside = told(), told("MNQ-5m:long:1:20")
    assert "Correlation" not in alone
    assert "Correlation with MNQ-5m, hourly returns of 60 days: not known from this home" in beside
    assert len(lots(alone)) > 0
    assert sum(lots(beside)) <= sum(lots(alone))
    assert lots(told("MNQ-5m:long:100:500")) == []


def test_a_position_in_the_same_series_is_fully_alike(told: Told) -> None:
    assert "Correlation with MES-5m, hourly returns of 60 days: +1.00." in told("MES-5m:short:1:9")
