"""The page as a browser shows it."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mlplatform.reports.page import report_html
from mlplatform.testing.judged import judged_study
from mlplatform.testing.studies import StudyPlan

from .chromium import Page, chromium

PROGRAM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no chromium on the PATH")
PLANS = {
    "usual": StudyPlan(),
    "long": StudyPlan(first="2015-01", periods=60, trades_a_day=1, edge_r=0.05),
    "one trade": StudyPlan(only=1),
    "winners, one window empty": StudyPlan(outcome="winners", empty_period=1),
    "no windows": StudyPlan(periods=0),
    "no trade": StudyPlan(only=0),
    "losers": StudyPlan(outcome="losers"),
    "zero variance": StudyPlan(outcome="flat"),
    "wiped out": StudyPlan(edge_r=-5.0, capital_usd=500.0),
}
OWN_EXITS = "a strategy with exits of its own"

OVERFLOW = """[...document.querySelectorAll("body *")]
  .filter((e) => !e.closest(".scroll") && !e.closest("svg")
    && e.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
  .map((e) => e.tagName + "." + e.className)"""
OVERLAPS = """(() => {
  const parts = ".legend, .chart, .note, .lead, .said, h2, h3, .scroll, .tile, .card, .question,"
    + ".box";
  const boxes = [...document.querySelectorAll(parts)]
    .filter((e) => e.checkVisibility() && !e.closest("nav"))
    .map((e) => [e, e.getBoundingClientRect()]);
  const crossing = [];
  const meet = (a, b, c, d) => a < d - 1 && c < b - 1;
  boxes.forEach(([a, p], i) => boxes.slice(i + 1).forEach(([b, q]) => {
    if (meet(p.left, p.right, q.left, q.right) && meet(p.top, p.bottom, q.top, q.bottom)
        && !a.contains(b) && !b.contains(a))
      crossing.push([a.className || a.textContent, b.className || b.textContent]);
  }));
  return crossing;
})()"""
CROWDED_TICKS = """[...document.querySelectorAll(".chart")].flatMap((chart) => {
  const boxes = [...chart.querySelectorAll(".xtick text")].map((t) => t.getBoundingClientRect())
    .sort((a, b) => a.left - b.left);
  return boxes.slice(1).filter((b, n) => b.left < boxes[n].right).map(() => chart.id);
})"""
CUT_TEXT = """[...document.querySelectorAll(".tile dd, .segment th, .segment td, .question p")]
  .filter((e) => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1)
  .map((e) => e.textContent)"""
CUT_TICKS = """[...document.querySelectorAll(".chart")].flatMap((chart) => {
  const box = chart.getBoundingClientRect();
  return [...chart.querySelectorAll("text")].filter((t) => t.textContent).filter((t) => {
    const r = t.getBoundingClientRect();
    return r.left < box.left - 1 || r.right > box.right + 1 || r.bottom > box.bottom + 1;
  }).map((t) => t.textContent);
})"""


FAULTS = (OVERFLOW, OVERLAPS, CROWDED_TICKS, CUT_TEXT, CUT_TICKS)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    assert PROGRAM is not None
    with chromium(PROGRAM, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    paths = {}
    for number, (name, plan) in enumerate(PLANS.items()):
        paths[name] = folder / f"{number}.html"
        paths[name].write_text(report_html(judged_study(plan)), encoding="utf-8")
    usual, other = judged_study(), judged_study(StudyPlan(seed=9))
    own = replace(usual, policies={**usual.policies, "strategy": other.policies["ml"]})
    paths[OWN_EXITS] = folder / "strategy.html"
    paths[OWN_EXITS].write_text(report_html(own), encoding="utf-8")
    return paths


LINES = "document.querySelectorAll('#equity-chart .scatterlayer .trace').length"
TICK_COLOR = "getComputedStyle(document.querySelector('#equity-chart .xtick text')).fill"
GROUND_COLOR = "getComputedStyle(document.body).backgroundColor"
FITTED = """[...document.querySelectorAll(".chart .main-svg")]
  .every((svg) => svg.clientWidth <= svg.closest(".chart").clientWidth)"""


@pytest.mark.parametrize("name", [*PLANS, OWN_EXITS])
def test_it_fits_a_desk_and_a_phone_without_an_error(
    page: Page, files: dict[str, Path], name: str
) -> None:
    page.open(files[name], 1440)
    for width in (1440, 390):
        page.resize(width)
        page.settle(f"{FITTED} && {CROWDED_TICKS}.length === 0")
        assert page.evaluate("innerWidth") == width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for fault in FAULTS:
            assert page.evaluate(fault) == [], (width, fault)
    assert page.errors == []


def test_opened_on_a_phone_it_fits_too(page: Page, files: dict[str, Path]) -> None:
    page.open(files["usual"], 390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert [fault for fault in FAULTS if page.evaluate(fault)] == []


WIDER_THAN_ITS_BOX = """[...document.querySelectorAll(".intervals")]
  .filter((table) => table.scrollWidth > table.parentElement.clientWidth)
  .map((table) => table.textContent)"""


@pytest.mark.parametrize("name", ["usual", "losers", "long"])
def test_on_a_phone_the_difference_to_the_baseline_is_seen_whole(
    page: Page, files: dict[str, Path], name: str
) -> None:
    page.open(files[name], 390)
    assert page.evaluate("document.querySelectorAll('.intervals').length") == 1
    assert page.evaluate(WIDER_THAN_ITS_BOX) == []


def test_it_asks_for_nothing_but_itself(page: Page, files: dict[str, Path]) -> None:
    page.open(files["usual"], 1440)
    own = ("file:", "data:", "blob:")
    assert [url for url in page.requests if not url.startswith(own)] == []
    assert any(url.startswith("file:") for url in page.requests)


@pytest.fixture
def usual(page: Page, files: dict[str, Path]) -> Page:
    """The usual page on a light desk, left as it is where it is open already."""
    if page.evaluate("location.href") != files["usual"].as_uri():
        page.open(files["usual"], 1440)
    page.resize(1440)
    page.darken(False)
    page.settle()
    return page


def test_every_chart_is_drawn(usual: Page) -> None:
    empty = "[...document.querySelectorAll('.chart')].filter((c) => !c.querySelector('.main-svg'))"
    assert usual.evaluate("document.querySelectorAll('.chart').length") == 8
    assert usual.evaluate(f"{empty}.map((c) => c.id)") == []
    assert usual.evaluate("document.querySelectorAll('#excursions-chart .point').length") == 390
    assert usual.evaluate(LINES) == 6
    assert usual.evaluate("document.querySelectorAll('#r-chart .bars .point').length") > 5


def test_text_of_charts_and_page_turns_light_in_the_dark(usual: Page) -> None:
    brightness = {}
    for dark in (False, True):
        usual.darken(dark)
        usual.settle()
        for what, script in (("text", TICK_COLOR), ("ground", GROUND_COLOR)):
            rgb = usual.evaluate(f"({script}).match(/[0-9]+/g).slice(0, 3).map(Number)")
            brightness[what, dark] = sum(rgb) / 3
    assert brightness["text", False] < 120 < brightness["text", True]
    assert brightness["ground", False] > 240
    assert brightness["ground", True] < 40


def test_a_click_on_the_legend_hides_a_policy_and_its_drawdown(usual: Page) -> None:
    click = "document.querySelector('.legend [data-policy=ml]').click()"
    usual.evaluate(click)
    assert usual.evaluate(LINES) == 4
    usual.evaluate(click)
    assert usual.evaluate(LINES) == 6


def test_it_prints_in_black_on_white_without_a_cut(usual: Page) -> None:
    usual.darken(True)
    usual.call("Emulation.setEmulatedMedia", media="print")
    usual.resize(720)
    usual.settle(FITTED)
    ground = usual.evaluate(GROUND_COLOR)
    wide = usual.evaluate("document.documentElement.scrollWidth")
    sheet = usual.call("Page.printToPDF")["data"]
    usual.call("Emulation.setEmulatedMedia", media="")
    assert ground == "rgb(255, 255, 255)"
    assert wide <= 720
    assert len(sheet) > 50_000


def test_the_screenshot_shows_more_than_an_empty_sheet(usual: Page) -> None:
    picture = usual.screenshot()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 50_000
