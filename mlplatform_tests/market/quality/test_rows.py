"""Schema, conservation, OHLC, duplicates, order: what holds by construction must still be seen."""

from dataclasses import replace

import polars as pl
import pytest

from mlplatform.domain.tables import RAW_BARS
from mlplatform.market.quality import no_duplicate_times, ohlc_is_sane, times_ascend
from mlplatform.market.validation import validate
from mlplatform.testing.bars import joined, raw_bars, seeded_bars
from mlplatform_tests.market.quality.evidence_of import changed, evidence_of, judged

BARS = seeded_bars(3, "5m")
RAW = raw_bars("2025-06-02 08:30", [100.0] * 6)


@pytest.mark.parametrize(
    ("defect", "named"),
    [
        (changed(BARS, 5, close=None), "close"),
        (BARS.with_columns(pl.col("high").cast(pl.Float32)), "high"),
        (BARS.drop("row"), "row"),
        (BARS.with_columns(extra=1), "extra"),
        (BARS.with_columns(pl.col("session").cast(pl.String)), "session"),
        (BARS.select(reversed(BARS.columns)), "ordered"),
    ],
    ids=["null", "dtype", "missing", "extra", "enum", "order"],
)
def test_a_table_that_is_not_as_declared_is_named(defect: pl.DataFrame, named: str) -> None:
    finding = judged("schema_and_types", evidence_of(BARS))
    assert finding.passed
    finding = judged("schema_and_types", replace(evidence_of(BARS), bars=defect))
    assert not finding.passed
    assert finding.severity == "error"
    assert named in finding.description


def test_nullable_columns_may_be_null() -> None:
    silent = BARS.with_columns(volume=pl.lit(None, pl.Float64), source=pl.lit(None, pl.String))
    assert judged("schema_and_types", evidence_of(silent)).passed


def test_the_quarantine_has_a_schema_too() -> None:
    aside = validate(joined(RAW, RAW.head(1))).quarantined
    assert judged("schema_and_types", evidence_of(BARS, quarantined=aside)).passed
    broken = evidence_of(BARS, quarantined=aside.with_columns(reason=pl.lit(None, pl.String)))
    assert "quarantined_bars" in judged("schema_and_types", broken).description


@pytest.mark.parametrize(("extra", "word"), [(1, "1 lost"), (-1, "1 too many")])
def test_a_lost_or_invented_row_is_counted(extra: int, word: str) -> None:
    good = evidence_of(BARS, quarantined=validate(joined(RAW, RAW)).quarantined)
    finding = judged("rows_are_conserved", good)
    assert finding.passed
    assert finding.figures["quarantined_rows"] == good.quarantined.height > 0
    finding = judged("rows_are_conserved", replace(good, raw_rows=good.raw_rows + extra))
    assert not finding.passed
    assert word in finding.description


@pytest.mark.parametrize(
    "values",
    [{"high": 1.0}, {"low": 1e9}, {"open": float("nan")}, {"close": float("inf")}, {"low": -1.0}],
)
def test_a_bar_that_contradicts_itself_is_named(values: dict[str, float]) -> None:
    finding = judged("ohlc_is_sane", evidence_of(changed(BARS, 7, **values)))
    assert not finding.passed
    assert finding.figures["broken_bars"] == 1
    assert f"{BARS['ts'][7]:%Y-%m-%d %H:%M} UTC" in finding.description


def test_a_bar_may_close_at_its_high_and_open_at_its_low() -> None:
    bars = changed(BARS, 7, open=90.0, low=90.0, close=91.0, high=91.0)
    assert judged("ohlc_is_sane", evidence_of(bars)).passed


def test_a_repeated_time_is_named() -> None:
    twice = pl.concat([BARS.head(4), BARS.slice(3, 10)])
    finding = judged("no_duplicate_times", evidence_of(twice))
    assert not finding.passed
    assert finding.figures["repeated_bars"] == 1
    assert f"{BARS['ts'][3]:%Y-%m-%d %H:%M} UTC" in finding.description


def test_a_step_back_is_named_also_across_the_border_of_the_period() -> None:
    swapped = pl.concat([BARS.slice(0, 5), BARS.slice(6, 1), BARS.slice(5, 1), BARS.slice(7)])
    assert judged("times_ascend", evidence_of(swapped)).figures["steps_back"] == 1
    first, rest = BARS.head(10), BARS.slice(10)
    assert judged("times_ascend", evidence_of(rest, earlier=first)).passed
    assert not judged("times_ascend", evidence_of(first, earlier=rest)).passed


@pytest.mark.parametrize(
    ("check", "reasons", "defect"),
    [
        ("ohlc_is_sane", ohlc_is_sane.REASONS, changed(RAW, 5, high=1.0, low=2.0)),
        ("ohlc_is_sane", ohlc_is_sane.REASONS, changed(RAW, 5, close=None)),
        ("ohlc_is_sane", ohlc_is_sane.REASONS, changed(RAW, 5, low=-1.0)),
        ("no_duplicate_times", no_duplicate_times.REASONS, joined(RAW, RAW.tail(1))),
        ("times_ascend", times_ascend.REASONS, joined(RAW.tail(5), RAW.head(1))),
    ],
    ids=["contradiction", "no price", "negative", "duplicate", "backwards"],
)
def test_rows_refused_at_the_door_are_counted_by_the_check_that_they_concern(
    check: str, reasons: tuple[str, ...], defect: pl.DataFrame
) -> None:
    split = validate(RAW_BARS.frame(defect))
    assert split.quarantined.height == 1
    finding = judged(check, evidence_of(split.bars, quarantined=split.quarantined))
    assert finding.passed
    assert finding.figures["refused_rows"] == 1, split.quarantined["reason"].to_list()
    assert "1 row" in finding.description
