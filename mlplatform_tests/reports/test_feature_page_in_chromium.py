"""The page of features as a browser shows it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlplatform.reports.feature_page import FeatureSource, feature_html
from mlplatform_tests.reports import analysed

from .chromium import Page, chromium
from .test_page_in_chromium import CUT_TICKS, FITTED, OVERFLOW, OVERLAPS

PROGRAM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no chromium on the PATH")
# What is folded away lies where it would open.
SEEN_OVERLAPS = OVERLAPS.replace(".map((e) =>", ".filter((e) => e.checkVisibility()).map((e) =>", 1)
PAGES = {
    "usual": analysed.usual,
    "no candidates": analysed.without_candidates,
    "one period": analysed.one_period_one_side,
    "no outcomes": analysed.without_outcomes,
    "one input": analysed.one_input,
}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    assert PROGRAM is not None
    with chromium(PROGRAM, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    paths = {}
    for number, (name, analysis) in enumerate(PAGES.items()):
        paths[name] = folder / f"{number}.html"
        text = feature_html(FeatureSource("MES-5m", "file"), analysis())
        paths[name].write_text(text, encoding="utf-8")
    return paths


@pytest.mark.parametrize("name", PAGES)
def test_it_fits_a_desk_and_a_phone_without_an_error(
    page: Page, files: dict[str, Path], name: str
) -> None:
    page.open(files[name], 1440)
    for width in (1440, 390):
        page.resize(width)
        page.settle(FITTED)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for fault in (OVERFLOW, SEEN_OVERLAPS, CUT_TICKS):
            assert page.evaluate(fault) == [], width
    assert page.errors == []
    own = ("file:", "data:", "blob:")
    assert [url for url in page.requests if not url.startswith(own)] == []


def test_every_chart_is_drawn(page: Page, files: dict[str, Path]) -> None:
    page.open(files["usual"], 1440)
    charts = "[...document.querySelectorAll('.chart')].map((c) => c.id)"
    drawn = "[...document.querySelectorAll('.chart')].filter((c) => c.querySelector('.main-svg'))"
    expected = [f"curve{n}-chart" for n in range(6)]
    expected += ["stability-chart", "drift-chart", "correlation-chart"]
    assert page.evaluate(charts) == expected
    assert page.evaluate(f"{drawn}.length") == len(expected)
    assert page.evaluate("document.querySelectorAll('#drift-chart .bars .point').length") == 20
