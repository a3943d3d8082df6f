"""What the page of features says, read as text."""

import re
from io import BytesIO

import pytest

from mlplatform.reports.feature_page import FeatureSource, feature_html
from mlplatform.reports.feature_thumbnails import feature_thumbnails
from mlplatform.studies.feature_analysis.analysis import FeatureAnalysis
from mlplatform_tests.reports import analysed

SOURCE = FeatureSource("MES-5m", "file", None, {"input_with_a_long_name_0": ("a trend", "atr")})


def _body(html: str) -> str:
    main = html[html.index("<main>") : html.index("</main>")].replace("<wbr>", "")
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


@pytest.fixture(scope="module")
def usual() -> FeatureAnalysis:
    return analysed.usual()


@pytest.fixture(scope="module")
def html(usual: FeatureAnalysis) -> str:
    return feature_html(SOURCE, usual)


def test_it_says_what_is_more_than_chance_and_what_is_noise(html: str):
    text = _body(html)
    assert "3 of 58 features say more about the outcome than chance would." in text
    assert "2,400 candidates have an outcome, but they lie on 120 trading days" in text
    assert "Of 58 features that say nothing, about 3 would have p below 0.05" in text
    assert "Corrected for 58 looks by Benjamini and Hochberg at 5%, 3 remain." in text


def test_shapes_drift_and_redundancy_are_in_words(html: str):
    text = _body(html)
    assert "better when high" in text
    assert "better at extremes" in text
    assert re.search(r"input_with_a_long_name_4 [^%]*% [^ ]* [0-9.]+ [0-9.]+ drifted", text)
    assert "input_with_a_long_name_0 says the same" in text or (
        "input_with_a_long_name_1 says the same" in text
    )
    assert "input_with_a_long_name_6: constant: 3 on every candidate" in text
    assert "input_with_a_long_name_7: null on every candidate" in text
    assert "Lewis 1994, Siddiqi 2006" in text


def test_it_carries_plotly_once_and_asks_for_no_other_place(html: str):
    assert html.count("plotly.js v") == 1
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=[\"'](?!data:)", html)
    assert len(html.encode()) < 6_000_000


def test_equal_findings_give_equal_pages(usual: FeatureAnalysis, html: str):
    assert feature_html(SOURCE, usual) == html


def test_synthetic_bars_are_called_so():
    source = FeatureSource("MES-5m", "synthetic", "an edge of 0.25 R")
    text = _body(feature_html(source, analysed.one_input())).strip()
    assert text.startswith(
        "Synthetic bars: made from a seed, no market. Planted: an edge of 0.25 R."
    )


def test_a_noisy_input_is_not_made_more_than_it_is():
    text = _body(feature_html(SOURCE, analysed.one_input()))
    assert "None of 1 features says more about the outcome than chance would." in text
    assert "though none says more than chance would" in text


@pytest.mark.parametrize(
    ("analysis", "reason"),
    [
        (analysed.without_candidates, "There is no candidate: nothing can be said of any feature"),
        (analysed.one_period_one_side, "There is one period, 2025-01: nothing can be said of"),
        (analysed.one_period_one_side, "All candidates are long: the other side was not seen"),
        (analysed.without_outcomes, "Outcomes are known on 0 trading days, 10 are needed"),
    ],
)
def test_a_page_that_lacks_something_renders_with_its_reason(analysis, reason: str):
    assert reason in _body(feature_html(SOURCE, analysis()))


def test_a_name_of_the_user_cannot_become_markup(usual: FeatureAnalysis):
    evil = "</script><script>alert(1)</script>"
    assert evil not in feature_html(FeatureSource(evil, evil, evil), usual)


def test_the_small_pictures_are_small(usual: FeatureAnalysis):
    from PIL import Image

    pictures = feature_thumbnails(usual)
    assert set(pictures) == {"quantile_curves", "correlations", "drift"}
    for picture in pictures.values():
        assert len(picture) < 20_000
        assert Image.open(BytesIO(picture)).width <= 400
    assert feature_thumbnails(analysed.without_candidates()) == {}
    assert set(feature_thumbnails(analysed.one_period_one_side())) == {
        "quantile_curves",
        "correlations",
    }
