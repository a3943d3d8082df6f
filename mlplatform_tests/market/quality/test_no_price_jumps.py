"""Roll and splice jumps, planted in synthetic worlds in several sizes."""

from datetime import date
from functools import lru_cache

import polars as pl
import pytest

from mlplatform.market.quality.evidence import Evidence
from mlplatform.market.quality.price_steps import quarters_between
from mlplatform.testing.bars import drawn_bars, seeded_bars
from mlplatform_tests.market.quality.evidence_of import evidence_of, judged, shifted

SEEDS = range(12)
ROLLED = pl.col("contract") == "MESM5"
"""The worlds roll from MESH5 to MESM5 at the opening of Monday 2025-03-17, by +0.9 %."""


@lru_cache(maxsize=len(SEEDS))
def _world(seed: int) -> pl.DataFrame:
    return seeded_bars(28, "5m", seed=seed, first_day="2025-02-10")


def _march(bars: pl.DataFrame) -> Evidence:
    is_march = pl.col("session_date").dt.month() == 3
    return evidence_of(bars.filter(is_march), earlier=bars.filter(~is_march))


def _moved(bars: pl.DataFrame, frac: float, where: pl.Expr) -> pl.DataFrame:
    return shifted(bars, round(float(bars["close"][0]) * frac * 4) / 4, where)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_ordinary_market_with_a_roll_raises_no_alarm(seed: int) -> None:
    finding = judged("no_price_jumps", _march(_world(seed)))
    assert finding.passed, finding.description
    assert finding.figures["contract_changes"] == 1
    assert "MESH5 to MESM5" in finding.description


@pytest.mark.parametrize(("frac", "least"), [(0.02, 0.5), (0.03, 0.9), (0.06, 1.0), (-0.045, 1.0)])
def test_a_wrong_adjustment_at_the_roll_is_found(frac: float, least: float) -> None:
    found = [judged("no_price_jumps", _march(_moved(_world(s), frac, ROLLED))) for s in SEEDS]
    hits = [finding for finding in found if not finding.passed]
    assert len(hits) >= least * len(found)
    for finding in hits:
        assert finding.severity == "error"
        assert finding.figures["jumps"] == 1
        assert "2025-03-16 22:00 UTC (17:00 Chicago) from MESH5 to MESM5" in finding.description


@pytest.mark.parametrize(("frac", "least"), [(0.005, 0.8), (0.01, 0.9), (0.02, 1.0), (-0.02, 1.0)])
def test_a_splice_inside_a_session_is_found(frac: float, least: float) -> None:
    hits = 0
    for seed in SEEDS:
        bars = _world(seed)
        march = bars.filter(pl.col("session_date").dt.month() == 3)
        at = march["ts"][300 + 97 * seed]  # any hour of the day, by the seed
        finding = judged("no_price_jumps", _march(_moved(bars, frac, pl.col("ts") >= at)))
        hits += not finding.passed
        if not finding.passed:
            assert finding.figures["jumps"] == 1, finding.description
            assert f"{at:%Y-%m-%d %H:%M} UTC" in finding.description
    assert hits >= least * len(SEEDS)


def test_the_step_itself_is_what_the_thumbnail_shows() -> None:
    bars = _moved(_world(1), 0.03, ROLLED)
    curve = judged("no_price_jumps", _march(bars)).curve
    assert curve is not None
    steps = pl.Series(curve.values).diff().abs()
    assert steps.max() > 150
    assert steps.arg_max() == 60


def test_the_finding_names_points_and_what_would_be_plausible() -> None:
    bars = _world(1)
    roll = bars.filter(ROLLED).height
    before = bars["close"][-roll - 1]
    finding = judged("no_price_jumps", _march(_moved(bars, 0.03, ROLLED)))
    gap = float(finding.figures["largest_jump_points"])
    assert gap == pytest.approx(
        bars["open"][-roll] - before + round(bars["close"][0] * 0.03 * 4) / 4
    )
    assert f"{gap:+,.2f} points" in finding.description
    assert float(finding.figures["plausible_high_points"]) < gap
    assert 0.015 < float(finding.figures["plausible_high_points"]) / before < 0.04


def test_a_bad_tick_is_no_jump_but_a_level_that_holds_is() -> None:
    bars = _world(2)
    row = bars.height - 700
    tick = shifted(bars, 150.0, pl.int_range(pl.len()) == row)
    assert judged("no_price_jumps", _march(tick)).passed
    held = shifted(bars, 150.0, pl.int_range(pl.len()).is_between(row, row + 40))
    assert judged("no_price_jumps", _march(held)).figures["jumps"] == 2


def test_a_jump_at_the_first_bar_of_the_period_needs_the_sessions_before() -> None:
    bars = _moved(_world(3), 0.09, pl.col("session_date").dt.month() == 3)
    evidence = _march(bars)
    assert judged("no_price_jumps", evidence).figures["jumps"] == 1
    assert judged("no_price_jumps", evidence_of(evidence.bars)).passed
    # ... and a jump of the period before is that period's finding.
    february = _moved(_world(3), 0.05, pl.col("session_date") > date(2025, 2, 10))
    assert judged("no_price_jumps", _march(february)).passed


def test_a_night_may_not_leap_beyond_the_limits_of_the_exchange() -> None:
    day = [6000.0 + i % 3 for i in range(60)]
    for points, passes in ((60.0, True), (-480.0, False)):
        bars = pl.concat(
            [
                drawn_bars("2025-06-02 10:00", day),
                drawn_bars("2025-06-03 10:00", [price + points for price in day]),
            ]
        )
        assert judged("no_price_jumps", evidence_of(bars)).passed is passes


def test_a_crash_from_bar_to_bar_is_no_jump() -> None:
    prices = [6000.0 + i % 5 for i in range(100)]
    falls = [(6000.0 - 60 * i, 6002.0 - 60 * i, 5938.0 - 60 * i, 5940.0 - 60 * i) for i in range(8)]
    bars = drawn_bars("2025-06-02 08:30", [*prices[:40], *falls])
    assert judged("no_price_jumps", evidence_of(bars)).passed


def test_a_hole_in_a_session_lets_the_market_move_meanwhile() -> None:
    bars = _world(4)
    row = bars.height - 700
    moved = _moved(bars, 0.008, pl.int_range(pl.len()) >= row)
    assert not judged("no_price_jumps", _march(moved)).passed
    holed = moved.filter(~pl.int_range(pl.len()).is_between(row - 3, row - 1))
    assert judged("no_price_jumps", _march(holed)).passed


def test_a_locked_market_has_a_scale_all_the_same() -> None:
    """At a limit bars have no range; the wild day before says how far it may open."""
    wild = [(6000.0, 6015.0, 5985.0, 6000.0)] * 120
    bars = drawn_bars("2025-06-01 17:00", [*wild, *[6000.0] * 40, *[6018.0] * 40])
    assert judged("no_price_jumps", evidence_of(bars)).passed


@pytest.mark.parametrize(
    ("old", "new", "quarters"),
    [
        ("MESM5", "MESU5", 1),
        ("MESZ5", "MESH6", 1),
        ("MESZ9", "MESH0", 1),
        ("ESM4", "ESZ4", 2),
        ("ESM5", "ESH5", -1),
        ("ESF5", "ESG5", 1 / 3),
        ("", "ESH5", 1),
        ("ESH5", "NQM5", 1),
    ],
)
def test_contract_names_tell_the_quarters_between_them(old: str, new: str, quarters: float) -> None:
    assert quarters_between(old, new) == pytest.approx(quarters)


def test_two_quarters_may_carry_twice_as_much() -> None:
    """A series that skips a quarterly contract carries the interest of both."""
    bars = _world(6)
    later = _moved(bars, 0.015, ROLLED)
    assert not judged("no_price_jumps", _march(later)).passed
    skipped = later.with_columns(pl.col("contract").replace("MESM5", "MESU5"))
    assert judged("no_price_jumps", _march(skipped)).passed


def test_over_weeks_without_bars_the_market_may_go_farther_than_over_a_night() -> None:
    day = [6000.0 + i % 3 for i in range(60)]
    for later, passes in (("2025-06-03 10:00", False), ("2025-07-07 10:00", True)):
        bars = pl.concat(
            [
                drawn_bars("2025-06-02 10:00", day),
                drawn_bars(later, [price - 480 for price in day]),
            ]
        )
        assert judged("no_price_jumps", evidence_of(bars)).passed is passes


def test_a_splice_is_found_also_where_short_bars_are_left_out_around_it() -> None:
    bars = seeded_bars(3, "15s")
    row = pl.int_range(pl.len())
    spliced = _moved(bars, 0.01, row >= 9000).filter((row % 3 != 1) & (row != 8999))
    finding = judged("no_price_jumps", evidence_of(spliced, "MES-15s"))
    assert finding.figures["jumps"] == 1
    assert judged("no_price_jumps", evidence_of(bars.filter(row % 3 != 1), "MES-15s")).passed


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_a_roll_over_a_night_is_judged_by_the_noise_of_nights(seed: int) -> None:
    """The same +2.4 % that a weekend might explain is too much between Tuesday and Wednesday."""
    new = pl.col("session_date") >= date(2025, 3, 12)
    bars = _world(seed).with_columns(
        contract=pl.when(new).then(pl.lit("MESM5")).otherwise(pl.lit("MESH5"))
    )
    bars = bars.filter(pl.col("session_date") < date(2025, 3, 17))  # before the world's own roll
    for frac, passes in ((0.009, True), (0.024, False)):
        finding = judged("no_price_jumps", _march(_moved(bars, frac, new)))
        assert finding.passed is passes, finding.description


@pytest.mark.parametrize(
    ("swing", "gap", "passes"), [(3.0, 60.0, True), (3.0, 120.0, False), (400.0, -570.0, False)]
)
def test_an_opening_may_move_by_1_5_percent_in_calm_and_by_7_5_at_the_wildest(
    swing: float, gap: float, passes: bool
) -> None:
    day = [6000.0 + swing * i / 60 for i in range(61)]
    parts = [
        drawn_bars(f"2025-06-0{2 + n} 10:00", [p + gap * (n > 2) for p in day]) for n in range(5)
    ]
    assert judged("no_price_jumps", evidence_of(pl.concat(parts))).passed is passes
