"""Figures in words, on the console and in small pictures."""

import subprocess
import sys
from dataclasses import fields
from io import BytesIO, StringIO

import pytest
from rich.console import Console

from mlplatform.metrics.summary import Summary
from mlplatform.reports.console import study_summary
from mlplatform.reports.summary import report_json
from mlplatform.reports.thumbnail import equity_thumbnail
from mlplatform.reports.wording import WORDING, goal, in_unit
from mlplatform.testing.judged import judged_study
from mlplatform.testing.studies import StudyPlan, fake_study


def _printed(plan: StudyPlan | None = None) -> str:
    console = Console(width=100, file=StringIO())
    console.print(study_summary(report_json(judged_study(plan))))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_every_figure_has_words() -> None:
    assert set(WORDING) == {field.name for field in fields(Summary)}


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1234567.8, "usd", "1,234,568 USD"),
        (-1234.5, "usd_cents", "−1,234.50 USD"),
        (-0.0004, "frac", "0.0 %"),
        (-0.1234, "frac", "−12.3 %"),
        (0.25, "r", "0.250 R"),
        (1, "days", "1 day"),
        (12, "days", "12 days"),
        (-0.001, "ratio", "0.00"),
        (12345, "count", "12,345"),
    ],
)
def test_numbers_are_written_with_their_unit(value: float, unit: str, text: str) -> None:
    assert in_unit(value, unit) == text


def test_targets_are_written_short() -> None:
    assert goal("win_rate", 0.55, above=True) == "> 55 %"
    assert goal("profit_factor", 1.7, above=True) == "> 1.7"
    assert goal("max_drawdown_frac", 0.1, above=False) == "< 10 %"


def test_the_console_compares_baseline_ml_and_target() -> None:
    text = _printed()
    for part in ("MES-5m", "9,594 USD", "391 USD", "> 55 %", "met", "missed"):
        assert part in text


def test_the_console_opens_with_the_verdict_and_ends_with_the_doubts() -> None:
    lines = _printed().splitlines()
    assert lines[0].startswith("Evidence of an edge")
    assert any("Sharpe ratio" in line and "4.45 to 10.23" in line for line in lines)
    assert "Beats the luck of all trials (DSR) 98.8 %" in "".join(lines[-2:])
    assert _printed(StudyPlan(only=0)).startswith("Too little to judge.")


def test_the_console_shows_a_dash_where_a_figure_does_not_exist() -> None:
    row = next(line for line in _printed(StudyPlan(only=0)).splitlines() if "Sharpe" in line)
    assert row.count("–") == 2
    assert "missed" in row


@pytest.mark.parametrize("plan", [StudyPlan(), StudyPlan(only=0), StudyPlan(periods=0)], ids=str)
def test_the_thumbnail_is_a_small_picture_and_always_the_same(plan: StudyPlan) -> None:
    from PIL import Image

    picture = equity_thumbnail(fake_study(plan))
    assert len(picture) < 20_000
    assert Image.open(BytesIO(picture)).size == (480, 240)
    assert picture == equity_thumbnail(fake_study(plan))


def test_importing_the_rooms_imports_nothing_heavy() -> None:
    rooms = {
        "metrics": ["summary", "bootstrap"],
        "reports": [
            "summary",
            "page",
            "console",
            "figures",
            "thumbnail",
            "evaluation",
            "pictures",
        ],
    }
    names = [f"mlplatform.{room}.{module}" for room, found in rooms.items() for module in found]
    code = (
        f"import sys, {', '.join(names)}\n"
        "heavy = {'pandas', 'plotly', 'matplotlib', 'scipy', 'sklearn', 'jinja2', 'rich', 'PIL'}\n"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
