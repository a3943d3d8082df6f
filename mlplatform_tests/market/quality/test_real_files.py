"""What the checks say of real bars: known defects are named, real crashes are left alone."""

from datetime import date

import polars as pl
import pytest

from mlplatform.domain.tables import RAW_BARS
from mlplatform.market.quality.catalog import QUALITY
from mlplatform.market.quality.evidence import Finding
from mlplatform.market.validation import validate
from mlplatform_tests.market.quality.evidence_of import (
    DATA,
    evidence_of,
    judged,
    months_of,
    needs_data,
    real_bars,
    with_expected,
)

pytestmark = needs_data


def _failures(name: str, file: str, series: str) -> dict[str, Finding]:
    months = months_of(real_bars(file), series)
    findings = {key: judged(name, evidence) for key, evidence in months.items()}
    return {key: finding for key, finding in findings.items() if not finding.passed}


@pytest.mark.parametrize(
    ("file", "series"), [("mes_1m.parquet", "MES-1m"), ("es_5m_by_contract.parquet", "ES-5m")]
)
def test_true_bars_pass_every_check_in_every_month_crash_and_rolls_included(
    file: str, series: str
) -> None:
    """April 2025 (the lows of the 6th, the 9th's rise) and two or five contract changes."""
    for key, evidence in months_of(real_bars(file), series).items():
        for check in QUALITY:
            finding = check.judge(evidence)
            assert finding.passed, (key, check.name, finding.description)


def test_misadjusted_rolls_are_named_with_their_points() -> None:
    found = _failures("no_price_jumps", "defects/mes_1m_misadjusted_rolls.parquet", "MES-1m")
    assert sorted(found) == ["2025-06", "2025-09"]
    june, september = found["2025-06"], found["2025-09"]
    assert june.figures["jumps"] == september.figures["jumps"] == 1
    assert "2025-06-15 22:00 UTC (17:00 Chicago) from MESM5 to MESU5 by +162.00" in june.description
    assert "2025-09-14 22:00 UTC (17:00 Chicago) from MESU5 to MESZ5 by +437.50" in (
        september.description
    )


def test_a_splice_is_the_only_jump_in_nine_years_of_nq() -> None:
    found = _failures("no_price_jumps", "nq_5m_2016_2025.parquet", "NQ-5m")
    assert list(found) == ["2024-12"]
    assert found["2024-12"].figures["jumps"] == 1
    assert "2024-12-03 00:00 UTC (2024-12-02 18:00 Chicago)" in found["2024-12"].description
    assert "+290.47 points" in found["2024-12"].description


def test_two_prices_of_the_other_adjustment_are_the_only_bad_ticks_in_nine_years_of_nq() -> None:
    found = _failures("no_outlier_returns", "nq_5m_2016_2025.parquet", "NQ-5m")
    assert list(found) == ["2024-12"]
    assert found["2024-12"].figures["outliers"] == 2
    for time in ("2024-12-17 04:25 UTC", "2024-12-17 06:35 UTC"):
        assert time in found["2024-12"].description


def test_ratio_adjusted_years_are_off_tick_and_the_others_are_not() -> None:
    found = _failures("prices_on_tick", "nq_5m_2016_2025.parquet", "NQ-5m")
    assert {f"{year}-{month:02d}" for year in range(2016, 2024) for month in range(1, 13)} < set(
        found
    )
    assert "2025-05" not in found
    assert "ratio-adjusted" in found["2020-06"].description
    assert "in 1 bar, first at 2025-06-16 04:50 UTC" in found["2025-06"].description


def test_the_missing_session_of_june_2025_is_named() -> None:
    june = months_of(real_bars("es_5m_by_contract.parquet"), "ES-5m")["2025-06"]
    finding = judged("missing_minutes", with_expected(june, date(2025, 6, 1), date(2025, 6, 30)))
    assert not finding.passed
    assert "Largest gaps: 2025-06-29 22:00 UTC (17:00 Chicago) to 2025-06-30 20:55 UTC" in (
        finding.description
    )
    assert finding.figures["missing_rth_bars"] == 78


def test_the_back_month_of_es_is_illiquid_while_the_front_month_is_not() -> None:
    raw = pl.read_parquet(DATA / "es_5m_by_contract.parquet").rename({"symbol": "contract"})
    back = raw.filter(
        (pl.col("contract") == "ESH5") & (pl.col("ts").dt.date() < date(2024, 12, 11))
    )
    bars = validate(RAW_BARS.frame(back.with_row_index("row"))).bars
    finding = judged("no_stale_runs", evidence_of(bars, "ES-5m"))
    assert float(finding.figures["zero_volume_frac"]) > 0.01


def test_es_and_mes_are_told_from_nq_and_from_copies() -> None:
    es, mes = real_bars("es_5m_by_contract.parquet"), real_bars("mes_1m.parquet")
    nq = real_bars("nq_5m_2016_2025.parquet").filter(pl.col("ts").dt.year() == 2025)
    for key, evidence in months_of(es, "ES-5m").items():
        if not "2025-03" < key < "2025-09":
            continue
        own = evidence.bars
        others = {"MES-1m": mes, "NQ-5m": nq}
        finding = judged("label_is_right", evidence_of(own, "ES-5m", others=others))
        assert finding.passed, (key, finding.description)
        assert finding.figures["compared_series"] == 2
        for wrong in ({"NQ-5m": mes}, {"MES-5m": own}):
            assert not judged("label_is_right", evidence_of(own, "ES-5m", others=wrong)).passed
        assert not judged(
            "label_is_right", evidence_of(own, "NQ-5m", others={"MES-1m": mes})
        ).passed
        month = nq.filter(pl.col("ts").is_between(own["ts"][0], own["ts"][-1]))
        assert not judged(
            "label_is_right", evidence_of(month, "MES-5m", others={"ES-5m": own})
        ).passed
