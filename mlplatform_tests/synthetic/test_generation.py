"""Worlds are deterministic, sound tables of real sessions, and look like a market."""

from dataclasses import replace
from datetime import date, timedelta
from time import perf_counter

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from mlplatform.domain.errors import InputError
from mlplatform.domain.instrument import instrument_of
from mlplatform.domain.series import Timeframe
from mlplatform.domain.tables import RAW_BARS
from mlplatform.market.sessions import label_sessions, session_calendar
from mlplatform.market.validation import check_timeframe, validate
from mlplatform.synthetic.contracts import leading_contract
from mlplatform.synthetic.generation import generate, truth
from mlplatform.synthetic.world import Edge, World, demo_world, describe

SHORT = replace(demo_world(), sessions=13)  # holds the early close of 2025-01-20


@pytest.fixture(scope="module")
def year() -> pl.DataFrame:
    return generate(demo_world())


def expected_starts(first: date, last: date, seconds: int) -> list[int]:
    starts = []
    for _, start, end in session_calendar(first, last).iter_rows():
        ts = start
        while ts < end:
            starts.append(ts)
            ts += timedelta(seconds=seconds)
    return starts


def test_a_world_is_the_same_byte_for_byte():
    assert generate(SHORT).equals(generate(SHORT))
    assert generate(SHORT).hash_rows().to_list() == generate(SHORT).hash_rows().to_list()


def test_another_seed_is_another_world():
    assert not generate(SHORT)["close"].equals(generate(replace(SHORT, seed=8))["close"])


def test_a_longer_world_begins_with_the_shorter_one(year):
    short = generate(SHORT)
    assert_frame_equal(year.head(short.height), short, check_exact=True)


def test_worlds_that_differ_in_the_edge_share_their_volume():
    weaker = replace(SHORT, edge=Edge(0.01, 0.01))
    assert generate(weaker)["volume"].equals(generate(SHORT)["volume"])
    assert generate(replace(SHORT, edge=None))["volume"].equals(generate(SHORT)["volume"])


def test_a_noise_world_is_one_path_seen_through_any_timeframe():
    noise = replace(SHORT, edge=None, sessions=2)
    minutes = generate(replace(noise, timeframe=Timeframe("1m")))
    seconds = generate(replace(noise, timeframe=Timeframe("15s")))
    grouped = (
        seconds.with_columns(ts=pl.col("ts").dt.truncate("1m"))
        .group_by("ts", maintain_order=True)
        .agg(
            open=pl.col("open").first(),
            high=pl.col("high").max(),
            low=pl.col("low").min(),
            close=pl.col("close").last(),
        )
    )
    assert_frame_equal(grouped, minutes.select(grouped.columns), check_exact=True)


@pytest.mark.parametrize("name", ["5m", "1m", "15s", "1h"])
def test_every_bar_of_every_session_is_there_and_no_other(name):
    timeframe = Timeframe(name)
    bars = generate(replace(SHORT, timeframe=timeframe))
    assert bars["ts"].to_list() == expected_starts(
        date(2025, 1, 2), date(2025, 1, 20), timeframe.seconds
    )
    check_timeframe(bars["ts"], timeframe)


def test_the_demo_year_covers_2025_and_passes_the_door_whole(year):
    assert year.schema == RAW_BARS.schema
    assert year["row"].to_list() == list(range(year.height))
    days = label_sessions(year)["session_date"]
    assert days.null_count() == 0
    calendar = session_calendar(date(2025, 1, 1), date(2025, 12, 31))["session_date"]
    assert days.unique().sort().to_list() == calendar.to_list()
    assert validate(year).quarantined.is_empty()


@pytest.mark.parametrize("symbol", ["MES", "NQ"])
def test_prices_lie_on_the_tick_grid_and_volume_is_whole(symbol):
    bars = generate(replace(SHORT, instrument=instrument_of(symbol)))
    tick = instrument_of(symbol).tick_points
    for name in ("open", "high", "low", "close"):
        assert (bars[name] % tick == 0).all()
    assert (bars["volume"] >= 1).all()
    assert (bars["volume"] % 1 == 0).all()


def test_high_and_low_hold_open_and_close(year):
    body = year.select(
        top=pl.max_horizontal("open", "close"), bottom=pl.min_horizontal("open", "close")
    )
    assert (year["high"] >= body["top"]).all()
    assert (year["low"] <= body["bottom"]).all()
    assert (year["high"] > body["top"]).mean() > 0.8


@pytest.mark.parametrize(
    ("day", "contract"),
    [
        (date(2025, 3, 14), "MESH5"),
        (date(2025, 3, 17), "MESM5"),
        (date(2025, 6, 13), "MESM5"),
        (date(2025, 6, 16), "MESU5"),  # as in real MES bars
        (date(2025, 9, 12), "MESU5"),
        (date(2025, 9, 15), "MESZ5"),  # as in real MES bars
        (date(2025, 12, 12), "MESZ5"),
        (date(2025, 12, 15), "MESH6"),
        (date(2029, 12, 31), "MESH0"),
    ],
)
def test_contracts_roll_on_the_monday_of_expiry_week(day, contract):
    assert leading_contract("MES", day) == contract


def test_the_year_holds_four_rolls_with_a_small_gap_up(year):
    change = year.with_columns(before=pl.col("close").shift(1), old=pl.col("contract").shift(1))
    rolls = change.filter(pl.col("contract") != pl.col("old"))
    assert rolls["contract"].to_list() == ["MESM5", "MESU5", "MESZ5", "MESH6"]
    gaps = rolls["open"] / rolls["before"] - 1
    assert gaps.mean() == pytest.approx(0.009, abs=0.003)


def test_the_year_looks_like_a_market():
    """Bounds around real MES and ES 5-minute bars of 2024 and 2025, measured in the same way."""
    bars = label_sessions(generate(demo_world(strength="none"))).with_columns(
        move=pl.col("close").log().diff().over("session_date"),
        width=pl.col("high") - pl.col("low"),
    )
    rth = bars.filter(pl.col("session") == "rth")
    by_minute = pl.col("move").std().over("minute_of_session")
    z = rth.select(pl.col("move") / by_minute).to_series().drop_nulls().to_numpy()
    assert 7 < np.mean(z**4) / np.mean(z**2) ** 2 < 20  # fat tails; real 7 to 28
    assert 0.1 < np.corrcoef(np.abs(z[1:]), np.abs(z[:-1]))[0, 1] < 0.5  # clusters; real 0.3
    assert abs(np.corrcoef(z[1:], z[:-1])[0, 1]) < 0.03
    points = (rth["close"] - rth["open"]).abs().mean()
    assert rth["width"].mean() / points == pytest.approx(2.0, abs=0.1)  # real 2.03 to 2.09
    volatility = bars.group_by("minute_of_session").agg(
        pl.col("move").std(), pl.col("volume").mean()
    )
    peak = volatility.sort("minute_of_session")
    opening = peak.filter(pl.col("minute_of_session").is_between(930, 959))
    night = peak.filter(pl.col("minute_of_session").is_between(240, 479))
    assert 2.5 < opening["move"].mean() / night["move"].mean() < 5
    assert opening["volume"].mean() / night["volume"].mean() > 15
    daily = bars.group_by("contract", "session_date", maintain_order=True).agg(
        pl.col("close").last().log()
    )
    moves = daily.with_columns(pl.col("close").diff().over("contract"))["close"].drop_nulls()
    assert 0.11 < moves.std() * np.sqrt(252) < 0.20


def test_a_year_of_five_minute_bars_takes_no_more_than_two_seconds(year):
    best = np.inf
    for _ in range(3):  # the fastest of three: the machine may be busy
        start = perf_counter()
        generate(demo_world())
        best = min(best, perf_counter() - start)
    assert best < 2.0


def test_truth_has_a_row_for_each_bar():
    hidden = truth(SHORT)
    assert hidden.columns == ["ts", "busy", "trend"]
    assert hidden["ts"].equals(generate(SHORT)["ts"])
    assert set(hidden["trend"].unique()) <= {-1, 0, 1}


def test_the_description_names_seed_and_figures_in_one_sentence():
    said = describe(demo_world(seed=11))
    for part in ("Synthetic", "seed 11", "0.18", "0.08", "3 times", "43%", "MES", "5m", "258"):
        assert part in said
    assert "no edge" in describe(demo_world(strength="none"))
    assert said.count(". ") == 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"timeframe": Timeframe("10s")}, "multiple of 15s"),
        ({"timeframe": Timeframe("1d")}, "multiple of 15s"),
        ({"sessions": 0}, "is empty"),
        ({"seed": -1}, "negative"),
        ({"annual_volatility_frac": 0.0}, "annual_volatility_frac > 0"),
    ],
)
def test_a_world_that_cannot_be_is_refused_in_a_sentence(change, sentence):
    with pytest.raises(InputError, match=sentence):
        replace(demo_world(), **change)


def test_an_unknown_strength_names_the_known_ones():
    with pytest.raises(InputError, match="none, weak, modest, strong"):
        demo_world(strength="huge")
    with pytest.raises(InputError, match="drift_frac"):
        Edge(-0.1)
    with pytest.raises(InputError, match="one bar or more"):
        Edge(0.1, busy_bars=0.5)


def test_a_world_may_start_where_it_is_told():
    world = World(
        instrument_of("MES"), Timeframe("5m"), date(2024, 1, 2), 1, 3, start_points=4700.0
    )
    assert generate(world)["open"][0] == pytest.approx(4700.0, abs=15)
    assert generate(replace(world, start_points=0.0))["open"][0] == pytest.approx(6000.0, abs=20)
