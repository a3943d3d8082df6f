"""What the page says, read as text."""

import json
import re
from dataclasses import replace

import pytest

from mlplatform.reports.evaluation import evaluate
from mlplatform.reports.figures import figure_json, r_figure
from mlplatform.reports.page import report_html
from mlplatform.reports.rows import source_line
from mlplatform.studies.segments.analysis import segments_of
from mlplatform.testing.judged import judged_study
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


@pytest.mark.parametrize("plan", [StudyPlan(), StudyPlan(first="2015-01", periods=120)], ids=str)
def test_a_full_report_stays_small(plan: StudyPlan) -> None:
    assert len(report_html(judged_study(plan)).encode()) < 6_000_000


def test_every_part_of_the_question_has_its_section() -> None:
    html = report_html(judged_study())
    found = re.findall(r'<h2 id="([a-z]+)"', html)
    assert found == [
        "targets", "equity", "certainty", "segments", "distribution", "time", "windows",
        "figures", "again",
    ]  # fmt: skip
    assert set(re.findall(r'href="#([a-z]+)"', html)) == set(found)
    assert set(re.findall(r'id="([a-z]+)-figure"', html)) == {
        "equity", "r", "left", "excursions", "rolling", "order", "windows", "costs",
    }  # fmt: skip


def test_a_chart_has_its_figure_and_a_figure_its_chart() -> None:
    for plan in (StudyPlan(), StudyPlan(only=0), StudyPlan(only=1), StudyPlan(periods=0)):
        html = report_html(judged_study(plan))
        charts = set(re.findall(r'id="([a-z]+)-chart"', html))
        assert charts == set(re.findall(r'id="([a-z]+)-figure"', html))
        assert set(re.findall(r'data-chart="([a-z]+)-chart"', html)) <= charts


def test_the_verdict_shows_its_rules_and_the_interval_of_each_headline() -> None:
    text = _body(report_html(judged_study()))
    assert "The rules of this verdict" in text
    assert "Fewer than 30 trades of ML" in text
    assert "9,594 USD 6,101 to 13,092 baseline 391 USD" in text


def test_segments_are_written_with_trades_net_and_expectancy() -> None:
    text = _body(report_html(judged_study()))
    assert "Long 200 4,708" in text
    assert "0.37 R 0.02 R" in text
    assert "18 of 19 segments have an ML interval that does not hold zero" in text
    assert "2025 ML 1,089 1,596" in text
    lost = _body(report_html(judged_study(StudyPlan(outcome="losers"))))
    assert "19 of 19 segments have an ML interval that does not hold zero" in lost


def test_what_a_few_trades_made_is_in_words() -> None:
    text = _body(report_html(judged_study()))
    assert "Without the best five 385 8,443 0.33 R 1.75" in text
    assert "as much as all 390 together; the best five make 12 % of the net profit" in text
    lost = _body(report_html(judged_study(StudyPlan(outcome="losers"))))
    assert "ML made no net profit" in lost


def test_doubts_are_answered_or_the_reason_is_given() -> None:
    text = _body(report_html(judged_study()))
    assert "And had the 180 trials of its searches seen these days? 98.8 %" in text
    assert "How much dearer may trading be? 4.34 x" in text
    none = _body(report_html(judged_study(StudyPlan(only=0))))
    assert "How much dearer may trading be? – there is no trade" in none


def test_earlier_studies_deflate_the_answer() -> None:
    study = judged_study(StudyPlan(edge_r=0.08))
    study = replace(study, provenance={**study.provenance, "earlier_studies": 3})
    text, found = _body(report_html(study)), evaluate(study).certainty
    severest, looks, alone = (
        f"{100 * dsr:.1f} %" for dsr in (found.with_earlier.dsr, found.looks.dsr, found.psr)
    )
    assert len({severest, looks, alone}) == 3
    asked = "had the 720 trials of its searches and of 3 earlier studies seen these days?"
    assert f"{asked} {severest}" in text
    assert f"Counting only the studies: {looks}" in text


def test_many_windows_are_folded_away() -> None:
    many = report_html(judged_study(StudyPlan(first="2015-01", periods=30)))
    assert '<details class="all"><summary>Each of the 30 windows' in many
    assert '<details class="all" open>' in report_html(judged_study())


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
    figure = r_figure(segments_of(fake_study())).update_layout(title="</script>")
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
