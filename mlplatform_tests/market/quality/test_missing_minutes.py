"""Missing bars against the session calendar."""

from datetime import date

import polars as pl

from mlplatform.market.sessions import expected_bars
from mlplatform.testing.bars import MES_5M, chicago, seeded_bars
from mlplatform_tests.market.quality.evidence_of import evidence_of, judged

BARS = seeded_bars(20, "5m")
DAYS = BARS["session_date"]
EXPECTED = expected_bars(DAYS.min(), DAYS.max(), MES_5M.timeframe)  # type: ignore[arg-type]


def _without(where: pl.Expr) -> pl.DataFrame:
    return BARS.filter(~where)


def _span(first: str, last: str) -> pl.Expr:
    return pl.col("ts").is_between(chicago(first), chicago(last), closed="left")


def test_a_complete_period_misses_nothing() -> None:
    finding = judged("missing_minutes", evidence_of(BARS, expected=EXPECTED))
    assert finding.passed
    assert finding.figures["missing_bars"] == finding.figures["unexpected_bars"] == 0


def test_a_missing_regular_session_is_named_before_a_longer_hole_at_night() -> None:
    rth = _span("2025-01-14 08:30", "2025-01-14 15:00")
    night = _span("2025-01-15 17:00", "2025-01-16 08:00")
    finding = judged("missing_minutes", evidence_of(_without(rth | night), expected=EXPECTED))
    assert not finding.passed
    assert finding.figures["missing_rth_bars"] == 78
    assert finding.figures["widest_rth_gap_minutes"] == 390
    largest = finding.description.split("Largest gaps: ")[1].split("; ")
    assert largest[0].startswith("2025-01-14 14:30 UTC (08:30 Chicago) to 2025-01-14 20:55 UTC")
    assert "2025-01-15 23:00 UTC" in largest[1]
    assert finding.curve is not None
    assert finding.curve.values.min() < 75


def test_half_an_hour_of_regular_trading_is_too_much_and_less_is_not() -> None:
    year = seeded_bars(120, "5m")
    expected = expected_bars(
        year["session_date"].min(), year["session_date"].max(), MES_5M.timeframe
    )  # type: ignore[arg-type]
    for end, passes in (("10:25", True), ("10:30", False)):
        bars = year.filter(~_span("2025-01-14 10:00", f"2025-01-14 {end}"))
        assert judged("missing_minutes", evidence_of(bars, expected=expected)).passed is passes


def test_scattered_regular_bars_count_from_one_in_a_thousand() -> None:
    rth = BARS.filter(pl.col("session") == "rth")["ts"]
    for step, passes in ((rth.len(), True), (200, False)):
        holes = rth.gather_every(step)
        bars = BARS.filter(~pl.col("ts").is_in(holes.implode()))
        assert judged("missing_minutes", evidence_of(bars, expected=EXPECTED)).passed is passes


def test_night_bars_may_be_missing_up_to_one_in_twenty() -> None:
    nights = BARS.filter(pl.col("session") == "eth")["ts"]
    for count, passes in ((EXPECTED.len() // 20, True), (EXPECTED.len() // 20 + 1, False)):
        bars = BARS.filter(~pl.col("ts").is_in(nights.sample(count, seed=1).implode()))
        finding = judged("missing_minutes", evidence_of(bars, expected=EXPECTED))
        assert finding.passed is passes
        assert finding.figures["missing_rth_bars"] == 0


def test_whole_sessions_at_both_ends_of_a_period_are_missed_too() -> None:
    own = BARS.filter(pl.col("session_date").is_between(date(2025, 1, 6), date(2025, 1, 22)))
    finding = judged("missing_minutes", evidence_of(own, expected=EXPECTED))
    assert finding.figures["gaps"] == 2
    assert finding.figures["missing_bars"] == EXPECTED.len() - own.height


def test_bars_that_the_calendar_does_not_expect_are_counted() -> None:
    finding = judged("missing_minutes", evidence_of(BARS, expected=EXPECTED.slice(7)))
    assert finding.passed
    assert finding.figures["unexpected_bars"] == 7
