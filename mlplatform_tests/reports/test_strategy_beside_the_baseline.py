"""A strategy's own exits stand in the report beside baseline and ML, where a study has them."""

from dataclasses import replace

import pytest

from mlplatform.reports.console import comparison_table
from mlplatform.reports.evaluation import evaluate, policies_of, trades_frame
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


def test_it_is_as_sure_as_its_own_days_say_and_paired_with_the_baseline():
    """Put in ML's place, the same trades get the same intervals, costs and segments."""
    found = evaluate(OWN)
    policies = {**PLAIN.policies, "ml": OWN.policies["strategy"]}
    as_ml = evaluate(replace(PLAIN, policies=policies))
    assert found.certainty.strategy == as_ml.certainty.ml
    assert found.certainty.strategy_difference == as_ml.certainty.difference
    assert found.certainty.verdict == evaluate(PLAIN).certainty.verdict
    costs = [row.net_usd for row in found.certainty.costs if row.policy == "strategy"]
    assert costs == [row.net_usd for row in as_ml.certainty.costs if row.policy == "ml"]
    side = found.segments.dimension("side").rows
    assert [row.strategy for row in side] == [
        row.ml for row in as_ml.segments.dimension("side").rows
    ]
    assert found.segments.contribution["strategy"] == as_ml.segments.contribution["ml"]


def test_every_part_of_the_report_has_it():
    report = report_json(OWN)
    certainty, segments = report["certainty"], report["segments"]
    assert {"strategy", "strategy_difference"} < set(certainty["intervals"])
    assert {row["policy"] for row in certainty["slippage"]} == {"baseline", "ml", "strategy"}
    for part in ("contribution", "distribution", "excursions", "trade_order", "decay"):
        assert set(segments[part]) == {"baseline", "ml", "strategy"}, part
    for name, rows in segments["dimensions"].items():
        trades = sum(row["strategy"]["trades"] for row in rows)
        assert trades == report["strategy"]["trades"], name
    page = report_html(OWN)
    assert "Strategy − baseline" in page
    assert page.count('class="dot strategy"') == 1
    assert "Strategy − baseline" not in report_html(PLAIN)


def test_its_days_must_be_those_of_the_others():
    short = OWN.policies["strategy"]
    policies = {**OWN.policies, "strategy": replace(short, daily=short.daily[1:])}
    with pytest.raises(ValueError, match="same trading days"):
        evaluate(replace(OWN, policies=policies))
