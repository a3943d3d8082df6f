"""One instrument's bars under another's name."""

import numpy as np
import polars as pl
import pytest

from mlplatform.domain.tables import BARS as TABLE
from mlplatform.testing.bars import seeded_bars
from mlplatform_tests.market.quality.evidence_of import evidence_of, judged

S_AND_P = seeded_bars(20, "5m", seed=1)
_PRICES = ("open", "high", "low", "close")


def _nasdaq() -> pl.DataFrame:
    """Another index at 3.5 times the level, whose returns go along by two thirds."""
    other = seeded_bars(20, "5m", seed=2)
    start = float(S_AND_P["open"][0])
    mixed = [
        3.5 * start * (pl.col(n) / start) ** 0.9 * (other[n] / float(other["open"][0])) ** 0.6
        for n in _PRICES
    ]
    return S_AND_P.with_columns(
        *(price.alias(name) for price, name in zip(mixed, _PRICES, strict=True)),
        volume=other["volume"],
    )


def _other_size(bars: pl.DataFrame) -> pl.DataFrame:
    """The same index in another contract size: a tick of noise, volume of its own."""
    rng = np.random.default_rng(5)
    noise = pl.Series(rng.integers(-1, 2, bars.height) * 0.25)
    return bars.with_columns(
        *(pl.col(name) + noise for name in _PRICES),
        volume=(pl.col("volume") * pl.Series(rng.uniform(0.2, 0.6, bars.height))).round(),
    )


NASDAQ = _nasdaq()


def test_true_series_of_one_index_and_of_two_pass() -> None:
    others = {"MES-5m": _other_size(S_AND_P), "NQ-5m": NASDAQ, "ES-5m": S_AND_P}
    finding = judged("label_is_right", evidence_of(S_AND_P, "ES-5m", others=others))
    assert finding.passed, finding.description
    assert finding.figures["compared_series"] == 2  # itself is no witness


def test_an_index_under_the_name_of_the_other_is_named() -> None:
    """ES bars in a file named NQ, while ES is there; and NQ bars named MES, while ES is there."""
    copied = judged(
        "label_is_right", evidence_of(_other_size(S_AND_P), "NQ-5m", others={"ES-5m": S_AND_P})
    )
    assert not copied.passed
    assert copied.severity == "error"
    assert "returns of ES-5m, another index" in copied.description
    swapped = judged("label_is_right", evidence_of(NASDAQ, "MES-5m", others={"ES-5m": S_AND_P}))
    assert not swapped.passed
    assert "times the level of ES-5m" in swapped.description


def test_one_file_under_two_contract_sizes_is_named() -> None:
    finding = judged("label_is_right", evidence_of(S_AND_P, "MES-5m", others={"ES-5m": S_AND_P}))
    assert not finding.passed
    assert "the volume of ES-5m in 100 % of the hours" in finding.description
    assert finding.curve is not None
    assert set(finding.curve.values) == {1.0}


@pytest.mark.parametrize(("share", "passes"), [(0.05, False), (0.6, True)])
def test_nearly_all_volume_must_be_equal_to_be_a_copy(share: float, passes: bool) -> None:
    hours = pl.col("ts").dt.epoch("s") // 3600
    touched = pl.when(hours % 100 < 100 * share).then(pl.col("volume") + 1).otherwise("volume")
    bars = S_AND_P.with_columns(volume=touched)
    finding = judged("label_is_right", evidence_of(bars, "MES-5m", others={"ES-5m": S_AND_P}))
    assert finding.passed is passes


def test_timeframes_may_differ() -> None:
    quarter_hours = (
        S_AND_P.group_by_dynamic("ts", every="15m")
        .agg(
            pl.col("open").first(),
            pl.col("high").max(),
            pl.col("low").min(),
            pl.col("close").last(),
            pl.col("volume").sum(),
            pl.exclude("open", "high", "low", "close", "volume").first(),
        )
        .pipe(TABLE.frame)
    )
    for name in ("MES-15m", "NQ-15m"):
        finding = judged(
            "label_is_right", evidence_of(quarter_hours, name, others={"ES-5m": S_AND_P})
        )
        assert not finding.passed


def test_a_ratio_adjusted_series_of_the_same_index_keeps_its_name() -> None:
    adjusted = _other_size(S_AND_P).with_columns(pl.col(name) * 1.4 for name in _PRICES)
    finding = judged("label_is_right", evidence_of(adjusted, "MES-5m", others={"ES-5m": S_AND_P}))
    assert finding.passed, finding.description


def test_a_roll_of_only_one_of_the_two_is_no_difference() -> None:
    bars = seeded_bars(28, "5m", seed=3, first_day="2025-03-03")
    late = _other_size(bars).with_columns(
        contract=pl.when(pl.int_range(pl.len()) < 2800)
        .then(pl.lit("ESH5"))
        .otherwise(pl.lit("ESM5"))
    )
    finding = judged("label_is_right", evidence_of(bars, "MES-5m", others={"ES-5m": late}))
    assert finding.passed, finding.description


def test_too_little_in_common_says_nothing() -> None:
    hours = S_AND_P.head(12 * 20)
    finding = judged("label_is_right", evidence_of(S_AND_P, "MES-5m", others={"ES-5m": hours}))
    assert finding.passed
    assert finding.figures["compared_series"] == 0
    more = S_AND_P.head(12 * 23)
    assert not judged(
        "label_is_right", evidence_of(S_AND_P, "MES-5m", others={"ES-5m": more})
    ).passed


def test_one_instrument_at_two_timeframes_may_share_its_volume() -> None:
    thinned = {"MES-1m": S_AND_P}
    assert judged("label_is_right", evidence_of(S_AND_P, "MES-5m", others=thinned)).passed
