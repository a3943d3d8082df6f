"""What the page says, read as text."""

import json
import re
from dataclasses import replace

import pytest

from mlplatform.reports.figures import figure_json, r_figure
from mlplatform.reports.page import report_html
from mlplatform.reports.rows import source_line
from mlplatform.testing.studies import StudyPlan, fake_study


def _body(html: str) -> str:
    """The visible text, scripts and style cut away."""
    main = html[html.index("<main>") : html.index("</main>")].replace("<wbr>", "")
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


def test_it_opens_with_the_source_and_says_what_was_planted() -> None:
    text = _body(report_html(fake_study())).strip()
    assert text.startswith("Synthetic bars")
    assert "an edge of 0.25 R" in text[:120]


@pytest.mark.parametrize(
    ("kind", "origin"), [("file", "a file of the user"), ("yahoo", "Yahoo Finance")]
)
def test_real_bars_are_not_called_synthetic(kind: str, origin: str) -> None:
    source = replace(fake_study().source, kind=kind, note=None)
    expected = f"53,268 bars from {origin}, 2024-12-01 to 2025-08-29."
    assert source_line(source) == expected
    assert "ynthetic" not in source_line(source)


def test_it_carries_plotly_once_and_links_to_no_other_place() -> None:
    html = report_html(fake_study())
    assert html.count("plotly.js v") == 1
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=[\"'](?!data:)", html)
    assert len(html.encode()) < 6_000_000


def test_equal_studies_give_equal_pages() -> None:
    assert report_html(fake_study()) == report_html(fake_study())


def test_a_missed_target_is_printed_as_missed() -> None:
    text = _body(report_html(fake_study(StudyPlan(only=0))))
    assert "Targets: 0 of 6 met" in text
    assert text.count("✗ missed") == 6


def test_money_has_separators_and_units() -> None:
    text = _body(report_html(fake_study()))
    assert "50,000 USD" in text
    assert "9,594 USD" in text
    assert "−1,311 USD" in text


def test_a_missing_figure_gives_its_reason() -> None:
    text = _body(report_html(fake_study(StudyPlan(outcome="winners"))))
    assert "there is no losing trade: Profit factor (Baseline)" in text


def test_text_in_a_chart_cannot_end_its_script_element() -> None:
    figure = r_figure(fake_study()).update_layout(title="</script>")
    text = figure_json(figure)
    assert "<" not in text
    assert json.loads(text)["layout"]["title"]["text"] == "</script>"


def test_windows_show_their_notes() -> None:
    text = _body(report_html(fake_study(StudyPlan(empty_period=1))))
    assert "no candidates: nothing was traded" in text
    assert "There is no window" in _body(report_html(fake_study(StudyPlan(periods=0))))


def test_every_setting_and_the_command_are_shown() -> None:
    text = _body(report_html(fake_study()))
    for name in ("train_periods", "costs.slippage_ticks", "limit_through_ticks", "sha256"):
        assert name in text
    assert "mlplatform run --data synthetic" in text


def test_text_of_the_user_cannot_become_markup() -> None:
    evil = "</script><script>alert(1)</script>"
    study = replace(fake_study(), settings={"seed": 1, "name": evil}, series=evil)
    assert evil not in report_html(study)
