"""What holds for every quality check."""

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from mlplatform.domain.tables import BARS
from mlplatform.market.quality.catalog import QUALITY
from mlplatform.market.quality.evidence import Curve, QualityCheck
from mlplatform.market.quality.wording import listed, moment
from mlplatform.market.sessions import expected_bars
from mlplatform.testing.bars import MES_5M, seeded_bars
from mlplatform_tests.market.quality.evidence_of import evidence_of, judged

every_check = pytest.mark.parametrize("check", QUALITY, ids=lambda check: check.name)


@every_check
def test_a_good_month_passes_with_a_sentence_figures_and_a_curve(check: QualityCheck) -> None:
    bars = seeded_bars(45, "5m", first_day="2025-02-03")
    own = bars.filter(pl.col("session_date").dt.month() == 3)
    days = own["session_date"]
    expected = expected_bars(days.min(), days.max(), MES_5M.timeframe)  # type: ignore[arg-type]
    earlier = bars.filter(pl.col("session_date").dt.month() == 2)
    finding = check.judge(evidence_of(own, earlier=earlier, expected=expected))
    assert finding.passed, finding.description
    assert finding.description.endswith(".")
    assert finding.curve is not None
    assert len(finding.curve.values) <= 240


@every_check
@pytest.mark.parametrize("bars", [BARS.empty(), seeded_bars(1, "5m").head(1)], ids=["none", "one"])
def test_a_period_without_bars_or_with_one_is_no_error(
    check: QualityCheck, bars: pl.DataFrame
) -> None:
    finding = check.judge(evidence_of(bars, others={"ES-5m": bars}))
    assert finding.passed, finding.description


@every_check
def test_bars_without_volume_are_judged_by_price_alone(check: QualityCheck) -> None:
    bars = seeded_bars(5, "5m").with_columns(volume=pl.lit(None, pl.Float64))
    finding = check.judge(evidence_of(bars, others={"ES-5m": bars}))
    assert finding.passed, finding.description


def test_names_are_unique_and_the_blocking_ones_are_known() -> None:
    assert len({check.name for check in QUALITY}) == len(QUALITY)
    assert [check.name for check in QUALITY if check.is_blocking] == [
        "schema_and_types",
        "rows_are_conserved",
        "ohlc_is_sane",
        "no_duplicate_times",
        "times_ascend",
        "no_price_jumps",
    ]


def test_a_thinned_curve_keeps_a_single_spike() -> None:
    values = np.zeros(30_000)
    values[12_345] = -7.0
    curve = Curve.of(pl.Series(values), "points", "a spike")
    assert len(curve.values) == 240
    assert curve.values.min() == -7.0


def test_times_are_named_in_utc_and_in_chicago() -> None:
    assert moment(datetime(2025, 6, 15, 22, tzinfo=UTC)) == "2025-06-15 22:00 UTC (17:00 Chicago)"
    winter_night = datetime(2024, 12, 3, tzinfo=UTC)
    assert moment(winter_night) == "2024-12-03 00:00 UTC (2024-12-02 18:00 Chicago)"


def test_long_lists_name_the_first_and_count_the_rest() -> None:
    assert listed("abc") == "a; b; c"
    assert listed("abcde") == "a; b; c and 2 more"


def test_a_finding_is_the_same_however_often_it_is_asked_for() -> None:
    evidence = evidence_of(seeded_bars(5, "5m"))
    before = evidence.bars.clone()
    first, second = (judged("no_price_jumps", evidence) for _ in range(2))
    assert first.description == second.description
    assert evidence.bars.equals(before)
