"""The clock, label and length of bars in a file, against what the market and the user say."""

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from mlplatform.testing.bars import seeded_bars
from mlplatform_tests.adapters.formats.test_dialects import (
    EXPORTS,
    bars_of,
    opened,
    refusal,
    written,
)

DATA = Path(__file__).parents[4] / "shared" / "data"
FIRSTRATE, NINJA = "vendor/firstrate_nq_1m.csv", "vendor/ninjatrader_es_1m_volumetric.csv"
REAL = [
    ("es_5m_by_contract.parquet", "ES", "UTC", "certain", "start", "5m"),
    ("mes_1m.parquet", "MES", "UTC", "certain", "start", "1m"),
    ("nq_5m_2016_2025.parquet", "NQ", "UTC", "certain", "start", "5m"),
    ("defects/mes_1m_misadjusted_rolls.parquet", "MES", "UTC", "certain", "start", "1m"),
    (FIRSTRATE, "NQ", "America/New_York", "supported by the market", "start", "1m"),
    (NINJA, "ES", "America/New_York", "supported by the market", "end", "1m"),
    ("vendor/mes_15s_utc.csv", "MES", "UTC", "certain", "start", "15s"),
]
EURUSD = "defects/mt5_eurusd_m5_duplicate_block.csv"


def real(name: str) -> Path:
    if not (DATA / name).exists():
        pytest.skip(f"{name} is not here")
    return DATA / name


def exported(
    path: Path,
    zone: str,
    form: str = "%Y-%m-%d %H:%M:%S",
    late_minutes: int = 0,
    first_day: str = "2025-03-03",
    header: str = "timestamp,open,high,low,close,volume\n",
    separator: str = ",",
) -> Path:
    """Two weeks of seeded 5-minute bars in the times of that zone."""
    bars = seeded_bars(sessions=10, first_day=first_day)
    local = bars["ts"].dt.convert_time_zone(zone) + timedelta(minutes=late_minutes)
    frame = bars.select(
        local.dt.strftime(form).alias("ts"),
        "open",
        "high",
        "low",
        "close",
        pl.col("volume").cast(int),
    )
    return written(path, header + frame.write_csv(include_header=False, separator=separator))


@pytest.mark.parametrize(("name", "symbol", "zone", "sure", "label", "timeframe"), REAL)
def test_the_clock_label_and_length_of_real_files_are_found(
    name: str, symbol: str, zone: str, sure: str, label: str, timeframe: str
) -> None:
    known = opened(real(name), symbol=symbol).understanding
    assert (known.clock, known.clock_finding.how_sure) == (zone, sure)
    assert (known.label.value, known.timeframe.name) == (label, timeframe)
    assert "the market's open (09:30 New York) is seen at" in known.clock_finding.evidence


@pytest.mark.parametrize(("name", "symbol", "zone"), [row[:3] for row in REAL])
@pytest.mark.parametrize("wrong", ["America/Los_Angeles", "Asia/Tokyo"])
def test_a_wrong_timezone_for_a_real_file_is_refused_and_the_right_one_named(
    name: str, symbol: str, zone: str, wrong: str
) -> None:
    message = refusal(real(name), symbol=symbol, timezone=wrong)
    assert wrong in message
    assert f"say --timezone {zone}" in message


def test_a_file_that_is_no_cme_future_is_asked_for_its_clock_and_taken_with_it() -> None:
    message = refusal(real(EURUSD))
    assert "rhythm of a CME future" in message
    assert "--timezone" in message
    known = opened(real(EURUSD), timezone="Etc/GMT+3").understanding
    assert known.clock_finding.how_sure == "assumed"
    assert (known.rows, known.timeframe.name) == (50_000, "5m")


def test_the_volumetric_export_gives_starts_in_utc_and_both_sides_of_the_volume() -> None:
    bars = bars_of(opened(real(NINJA)))
    assert str(bars["ts"][0]) == "2026-02-05 23:00:00+00:00"
    assert bars.row(0, named=True)["bid_volume"] == 449.0
    assert (bars["bid_volume"] + bars["ask_volume"] == bars["volume"]).all()


def test_firstrate_needs_no_option_where_the_market_supports_it(tmp_path: Path) -> None:
    path = exported(tmp_path / "a.csv", "America/New_York")
    file = opened(path)
    assert file.understanding.vendor == "FirstRate"
    assert file.understanding.clock_finding.how_sure == "supported by the market"
    expected = seeded_bars(sessions=10, first_day="2025-03-03")
    assert bars_of(file)["ts"].to_list() == expected["ts"].to_list()


def test_firstrates_shape_in_another_clock_is_refused_and_that_clock_named(tmp_path: Path) -> None:
    path = exported(tmp_path / "a.csv", "Europe/Berlin")
    assert "say --timezone Europe/Berlin" in refusal(path)
    known = opened(path, timezone="Europe/Berlin").understanding
    assert known.clock_finding.how_sure == "supported by the market"


def test_ninjatrader_needs_no_option_where_the_market_supports_it(tmp_path: Path) -> None:
    path = exported(tmp_path / "a.txt", "UTC", "%Y%m%d %H%M%S", 5, header="", separator=";")
    file = opened(path)
    known = file.understanding
    assert (known.vendor, known.clock) == ("NinjaTrader", "UTC")
    assert (known.label.value, known.label.how_sure) == ("end", "supported by the market")
    expected = seeded_bars(sessions=10, first_day="2025-03-03")
    assert bars_of(file)["ts"].to_list() == expected["ts"].to_list()


def test_naive_times_of_no_vendor_are_never_guessed_but_the_likely_zone_is_named(
    tmp_path: Path,
) -> None:
    path = exported(
        tmp_path / "a.csv", "America/Chicago", header="date,open,high,low,close,volume\n"
    )
    message = refusal(path)
    assert "name no time zone" in message
    assert "say --timezone America/Chicago" in message
    assert opened(path, timezone="America/Chicago").understanding.clock == "America/Chicago"


def test_metatraders_server_clock_is_taken_from_the_market_where_it_is_clear(
    tmp_path: Path,
) -> None:
    head = "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\n"
    path = exported(tmp_path / "a.csv", "Asia/Tokyo", "%Y.%m.%d\t%H:%M:%S", header=head,
                    separator="|")  # fmt: skip
    path.write_text(path.read_text().replace("|", "\t").replace('"', ""))
    known = opened(path).understanding
    assert (known.clock, known.clock_finding.how_sure) == ("Asia/Tokyo", "supported by the market")
    short = written(tmp_path / "b.csv", EXPORTS["metatrader tick volume"].text)
    assert "--timezone" in refusal(short)


@pytest.mark.parametrize(
    "vendor",
    [
        "firstrate header",
        "firstrate bare",
        "ninjatrader end label",
        "naive local, day first",
        "interactive brokers naive",
    ],
)
def test_too_little_data_asks_for_the_clock_and_calls_it_assumed(
    vendor: str, tmp_path: Path
) -> None:
    export = EXPORTS[vendor]
    path = written(tmp_path / export.name, export.text)
    assert "too little data" in refusal(path)
    finding = opened(path, **export.hints).understanding.clock_finding  # type: ignore[arg-type]
    assert finding.how_sure == "assumed"
    assert "too little data" in finding.evidence


@pytest.mark.parametrize(("late", "said", "right"), [(0, "end", "start"), (5, "start", "end")])
def test_a_label_that_the_market_contradicts_is_refused(
    late: int, said: str, right: str, tmp_path: Path
) -> None:
    path = exported(tmp_path / "a.csv", "America/New_York", late_minutes=late)
    assert f"say --label {right}" in refusal(path, label=said)
    if late:  # FirstRate's own convention is contradicted too
        assert "say --label end" in refusal(path)
    known = opened(path, label=right).understanding  # type: ignore[arg-type]
    assert (known.label.value, known.label.how_sure) == (right, "supported by the market")


def test_the_label_of_few_bars_is_assumed(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", EXPORTS["epoch seconds"].text)
    assert opened(path).understanding.label.how_sure == "assumed"


def test_a_timeframe_that_the_bars_contradict_is_refused_and_the_right_one_named(
    tmp_path: Path,
) -> None:
    path = exported(tmp_path / "a.csv", "America/New_York")
    assert "say --timeframe 5m" in refusal(path, timeframe="1m")
    assert opened(path, timeframe="5m").understanding.timeframe.name == "5m"


def test_utc_that_the_file_claims_and_the_market_denies_is_refused(tmp_path: Path) -> None:
    path = exported(tmp_path / "a.csv", "America/New_York", "%Y-%m-%dT%H:%M:%SZ")
    message = refusal(path)
    assert "not UTC as the file claims" in message
    assert "say --timezone America/New_York" in message
    known = opened(path, timezone="America/New_York").understanding
    assert "claims UTC" in known.clock_finding.evidence


def test_offsets_of_one_zone_over_a_change_of_clocks_are_one_clock(tmp_path: Path) -> None:
    path = exported(tmp_path / "a.csv", "America/New_York", "%Y-%m-%d %H:%M:%S%z")
    file = opened(path)
    assert file.understanding.clock == "as written, with offset"
    expected = seeded_bars(sessions=10, first_day="2025-03-03")
    assert bars_of(file, size=400)["ts"].to_list() == expected["ts"].to_list()
    assert opened(path, timezone="America/New_York").understanding.clock_finding.value == "UTC"
    assert "leave it out" in refusal(path, timezone="Asia/Tokyo")


@pytest.mark.parametrize("word", ["Mars/Olympus", "ET+", ""])
def test_an_unknown_timezone_is_refused(word: str, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", EXPORTS["firstrate header"].text)
    assert "Unknown time zone" in refusal(path, timezone=word)


def test_lines_tell_what_was_understood_and_how_sure_it_is(tmp_path: Path) -> None:
    lines = opened(exported(tmp_path / "a.csv", "America/New_York")).understanding.lines()
    told = {what: (value, sure) for what, value, sure in lines}
    assert list(told) == [
        "source",
        "columns",
        "clock",
        "bar label",
        "timeframe",
        "contracts",
        "rows",
    ]
    assert told["source"] == ("FirstRate (bars)", "by its header and shape")
    assert told["columns"][0].startswith("ts = timestamp, open = open")
    assert told["clock"][0] == "America/New_York"
    assert told["clock"][1].startswith("supported by the market: the market's open")
    assert told["bar label"][0] == "start"
    assert told["timeframe"][0] == "5m"
    assert told["contracts"][0] == "not named (continuous)"
    assert "2025-03-02 23:00 to 2025-03-14 20:55 UTC" in told["rows"][0]
