"""Trades become bars, whatever batches they come in, and no trade is lost."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mlplatform.adapters.bars.formats.ticks import aggregate_ticks
from mlplatform.domain.series import Timeframe
from mlplatform_tests.adapters.formats.test_dialects import bars_of, opened, written

START = datetime(2025, 6, 2, 13, 30, tzinfo=UTC)
SUMS = ("volume", "bid_volume", "ask_volume")


def trades(
    count: int = 2000, seed: int = 3, contracts: tuple[str, ...] = ("ESM5",)
) -> pl.DataFrame:
    """Seeded trades in order of time, some of an unknown side."""
    draw = np.random.default_rng(seed)
    times = np.cumsum(draw.integers(0, 4000, count))
    return pl.DataFrame(
        {
            "ts": pl.Series([START + timedelta(milliseconds=int(t)) for t in times]).cast(
                pl.Datetime("us", "UTC")
            ),
            "price": 5900 + draw.integers(-20, 21, count) / 4,
            "size": draw.integers(1, 30, count).astype(float),
            "side": pl.Series(draw.choice([1, -1, 0], count, p=[0.5, 0.49, 0.01])).cast(pl.Int8),
            "contract": draw.choice(contracts, count),
            "row": np.arange(count),
        }
    ).with_columns(side=pl.col("side").replace(0, None))


def slow_bars(ticks: pl.DataFrame, seconds: int) -> dict[tuple[str, datetime], dict[str, object]]:
    """The obvious loop: every trade into the bar of its time."""
    grouped = defaultdict(list)
    for tick in ticks.iter_rows(named=True):
        since = (tick["ts"] - START) // timedelta(seconds=seconds)
        grouped[tick["contract"], START + since * timedelta(seconds=seconds)].append(tick)
    bars = {}
    for key, group in grouped.items():
        prices = [tick["price"] for tick in group]
        known = all(tick["side"] is not None for tick in group)
        bars[key] = {
            "open": prices[0], "high": max(prices), "low": min(prices), "close": prices[-1],
            "volume": sum(tick["size"] for tick in group),
            "bid_volume": sum(t["size"] for t in group if t["side"] == -1) if known else None,
            "ask_volume": sum(t["size"] for t in group if t["side"] == 1) if known else None,
            "row": group[0]["row"],
        }  # fmt: skip
    return bars


def fast_bars(ticks: pl.DataFrame, timeframe: str, size: int) -> pl.DataFrame:
    batches = (ticks[start : start + size] for start in range(0, ticks.height, size))
    return pl.concat(list(aggregate_ticks(batches, Timeframe(timeframe))))


@pytest.mark.parametrize("size", [1, 7, 100, 1999, 5000])
@pytest.mark.parametrize(("timeframe", "seconds"), [("15s", 15), ("1m", 60), ("5m", 300)])
def test_bars_of_trades_agree_with_the_slow_loop_across_batches(
    size: int, timeframe: str, seconds: int
) -> None:
    ticks = trades(600 if size == 1 else 2000)
    bars = fast_bars(ticks, timeframe, size)
    expected = slow_bars(ticks, seconds)
    found = {(row.pop("contract"), row.pop("ts")): row for row in bars.iter_rows(named=True)}
    assert found == expected
    assert bars.height == len(expected)
    assert bars["ts"].is_sorted()


@pytest.mark.parametrize("size", [7, 100, 5000])
def test_contracts_that_trade_at_once_have_bars_of_their_own(size: int) -> None:
    ticks = trades(contracts=("ESM5", "ESU5"))
    bars = fast_bars(ticks, "1m", size)
    expected = slow_bars(ticks, 60)
    found = {(row.pop("contract"), row.pop("ts")): row for row in bars.iter_rows(named=True)}
    assert found == expected
    assert bars.height == len(expected)


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_trade_without_time_or_price_is_a_row_of_its_own(size: int) -> None:
    ticks = trades(60).with_columns(
        price=pl.when(pl.col("row") == 10).then(None).otherwise("price"),
        ts=pl.when(pl.col("row") == 20).then(None).otherwise("ts"),
    )
    bars = fast_bars(ticks, "1m", size)
    assert bars.filter(pl.col("open").is_null())["row"].to_list() == [10]
    assert bars.filter(pl.col("ts").is_null())["row"].to_list() == [20]
    assert bars["volume"].sum() == ticks["size"].sum()


def test_trades_of_databento_become_bars_with_both_sides(tmp_path: Path) -> None:
    head = "ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,depth,price,size,symbol\n"
    rows = [
        ("2025-06-02T13:30:00.000000001Z", "T", "B", "5900.25", 3),
        ("2025-06-02T13:30:10.000000000Z", "T", "A", "5900.00", 4),
        ("2025-06-02T13:30:20.000000000Z", "C", "A", "5000.00", 9),
        ("2025-06-02T13:30:59.999999999Z", "T", "B", "5901.00", 5),
        ("2025-06-02T13:31:00.000000000Z", "T", "N", "5901.25", 2),
    ]
    text = head + "".join(
        f"{t},{t},0,1,4916,{action},{side},0,{price},{size},ESM5\n"
        for t, action, side, price, size in rows
    )
    file = opened(written(tmp_path / "a.csv", text))
    assert (file.understanding.vendor, file.understanding.kind) == ("Databento trades", "ticks")
    bars = bars_of(file, size=2)
    assert bars.select("open", "high", "low", "close", *SUMS, "row").rows() == [
        (5900.25, 5901.0, 5900.0, 5901.0, 12.0, 4.0, 8.0, 0),
        (5901.25, 5901.25, 5901.25, 5901.25, 2.0, None, None, 4),
    ]
    assert [str(ts) for ts in bars["ts"]] == [
        "2025-06-02 13:30:00+00:00",
        "2025-06-02 13:31:00+00:00",
    ]
    assert set(bars["contract"]) == {"ESM5"}


def test_the_quote_at_a_trade_tells_its_side(tmp_path: Path) -> None:
    text = (
        "20250602 133000 0000000;5900.25;5900;5900.25;3\n"
        "20250602 133010 1230000;5900;5900;5900.25;4\n"
        "20250602 133100 0000000;5900.5;5900.25;5900.75;1\n"
    )
    file = opened(written(tmp_path / "ES 06-25.Last.txt", text), timezone="UTC")
    bars = bars_of(file)
    assert file.understanding.vendor == "NinjaTrader ticks"
    assert bars.select(*SUMS).rows() == [(7.0, 4.0, 3.0), (1.0, None, None)]


@pytest.mark.parametrize(
    ("side", "is_bought"), [("B", True), ("buy", True), ("S", False), ("Sell", False)]
)
def test_plain_trades_say_their_side_by_its_first_letter(
    side: str, is_bought: bool, tmp_path: Path
) -> None:
    rows = [f"1748871000123,5900.25,3,{side}", f"1748871001000,5900.5,2,{side}"]
    text = "\n".join(["timestamp,price,size,side", *rows, ""])
    bars = bars_of(opened(written(tmp_path / "a.csv", text), timeframe="15s"))
    assert bars.select(*SUMS).rows() == [(5.0, 0.0, 5.0) if is_bought else (5.0, 5.0, 0.0)]
    assert str(bars["ts"][0]) == "2025-06-02 13:30:00+00:00"


def test_ticks_become_bars_of_the_length_that_the_user_says(tmp_path: Path) -> None:
    text = "timestamp,price,size\n" + "".join(
        f"{1748871000 + 30 * n},5900.25,1\n" for n in range(20)
    )
    path = written(tmp_path / "a.csv", text)
    assert opened(path).understanding.timeframe.name == "1m"
    assert bars_of(opened(path))["volume"].to_list() == [2.0] * 10
    assert bars_of(opened(path, timeframe="5m"))["volume"].to_list() == [10.0, 10.0]
