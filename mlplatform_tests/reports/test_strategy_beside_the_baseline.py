"""A strategy's own exits stand in the report beside baseline and ML, where a study has them."""

from dataclasses import replace

from mlplatform.reports.console import comparison_table
from mlplatform.reports.evaluation import policies_of, trades_frame
from mlplatform.reports.page import report_html
from mlplatform.reports.summary import report_json
from mlplatform.testing.studies import StudyPlan, fake_study

PLAIN = fake_study(StudyPlan())
OWN = replace(
    PLAIN,
    policies={**PLAIN.policies, "strategy": fake_study(StudyPlan(seed=9)).policies["ml"]},
)


def test_it_is_a_policy_of_the_figures_the_trades_and_the_page():
    report, trades = report_json(OWN), OWN.policies["strategy"].trades
    assert report["strategy"]["trades"] == trades.height
    assert set(report["strategy"]) == set(report["ml"])
    named = trades_frame(OWN)
    assert named.filter(named["policy"] == "strategy").height == trades.height
    page = report_html(OWN)
    assert (
        page.index(">Baseline</th>")
        < page.index(">Strategy</th>")
        < page.index(">Random entry</th>")
    )
    assert '"meta":"strategy"' in page.replace(" ", "")


def test_the_command_prints_it_between_the_two():
    headings = [column.header for column in comparison_table(report_json(OWN)).columns]
    assert headings[1:4] == ["Baseline", "Strategy", "ML"]
    plain = [column.header for column in comparison_table(report_json(PLAIN)).columns]
    assert plain[1:3] == ["Baseline", "ML"]


def test_without_one_the_report_knows_nothing_of_it():
    assert "strategy" not in report_json(PLAIN)
    assert ">Strategy</th>" not in report_html(PLAIN)
    assert policies_of(PLAIN) == ("baseline", "ml", "random_entry", "buy_and_hold")
