"""The page of a comparison, as text and as a browser shows it."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mlplatform.metrics.bootstrap import Interval
from mlplatform.metrics.undefined import Undefined
from mlplatform.reports.comparison_json import comparison_json
from mlplatform.reports.comparison_page import comparison_html
from mlplatform.reports.comparison_rows import bounds, shared_line
from mlplatform.studies.comparison.comparing import compare
from mlplatform.studies.comparison.value import Comparison, Contender
from mlplatform.testing.studies import StudyPlan, fake_study

from .chromium import chromium

PROGRAM = shutil.which("chromium") or shutil.which("google-chrome")
COVERED = """
(() => {
  const boxes = [...document.querySelectorAll("svg text, h1, h2, figcaption span")]
    .map((e) => [e.textContent.trim(), e.getBoundingClientRect()]).filter(([t, b]) => t && b.width);
  const bad = [];
  boxes.forEach(([t, a], i) => boxes.slice(i + 1).forEach(([u, b]) => {
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 1 && high > 3) bad.push(t + " / " + u);
  }));
  return bad;
})()
"""


def contender(label: str, plan: StudyPlan) -> Contender:
    study = fake_study(plan)
    days = tuple(study.policies["ml"].daily["session_date"].to_list())
    trades = study.policies["ml"].trades
    return Contender(label, study.series, "ml", trades, days, study.capital_usd, study.settings)


def usual() -> Comparison:
    one = contender("MES-5m ml (.mlplatform)", StudyPlan())
    other = contender("MES-5m ml (.mlplatform-quiet)", StudyPlan(train_periods=2))
    return compare(one, replace(other, trades=other.trades[20:]), 7)


def nothing() -> Comparison:
    one = contender("a <script>alert(1)</script>", StudyPlan(only=0))
    return compare(one, replace(one, label="b"), 7)


def one_day() -> Comparison:
    one = contender("a", StudyPlan())
    return compare(one, replace(one, label="b", days=one.days[:1]), 7)


CASES = {"usual": usual, "nothing": nothing, "one day": one_day}


@pytest.mark.parametrize("name", CASES)
def test_the_page_and_its_figures_exist_for_every_comparison(name):
    found = CASES[name]()
    page = comparison_html(found)
    assert page == comparison_html(found)
    assert "nan" not in page.lower().replace("finance", "")
    assert "<script" not in page
    assert found.sentence in page
    figures = comparison_json(found)["figures"]
    for figure in figures.values():
        assert (figure["low"] is None) == (figure["reason"] is not None)


def test_what_differs_stands_on_the_page():
    page = comparison_html(usual())
    assert "Settings that differ" in page
    assert "<th>train_periods</th><td>3</td><td>2</td>" in page
    assert "Settings that differ" not in comparison_html(one_day())


def test_bounds_say_their_unit_once_and_signs_truly():
    assert bounds("net_usd", Interval(0.0, -1234.0, 56.0, 0.98)) == "−1,234 to +56 USD"
    assert bounds("sharpe_ratio", Interval(0.0, -1.5, 2.0, 0.98)) == "−1.50 to +2.00"
    assert bounds("net_usd", Undefined("why")) == "–"


def test_without_shared_trades_it_says_so():
    assert shared_line(nothing()) == "They share no trade."


@pytest.mark.skipif(PROGRAM is None, reason="no chromium on the PATH")
def test_it_fits_a_desk_and_a_phone_without_an_error(tmp_path: Path):
    assert PROGRAM is not None
    with chromium(PROGRAM, tmp_path / "profile") as page:
        for name, case in CASES.items():
            path = tmp_path / f"{name}.html"
            path.write_text(comparison_html(case()), encoding="utf-8")
            for width in (1440, 390):
                page.open(path, width)
                assert page.evaluate("document.documentElement.scrollWidth") <= width, name
                assert page.evaluate(COVERED) == [], (name, width)
                assert page.errors == []
                assert all(url.startswith("file:") for url in page.requests)


def test_the_docs_name_every_key_of_the_json():
    text = (Path(__file__).parents[2] / "docs" / "report.md").read_text(encoding="utf-8")
    told = comparison_json(usual())
    keys = {*told, *told["a"], *told["days"], *told["figures"]["win_rate"], *told["same_trades"]}
    assert [key for key in sorted(keys | set(told["only_a"])) if f"`{key}`" not in text] == []
