"""Sources of bars: files as vendors write them, Yahoo behind a fake."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from mlplatform.adapters.bars.files import FileBars
from mlplatform.adapters.bars.synthetic import SyntheticBars
from mlplatform.adapters.bars.yahoo import YahooBars
from mlplatform.domain.errors import InputError
from mlplatform.domain.series import Series
from mlplatform.domain.tables import RAW_BARS

ES_5M = Series.parse("ES-5m")


def csv(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "bars.csv"
    path.write_text(text)
    return path


def test_a_csv_with_a_zone_is_read_in_utc(tmp_path: Path) -> None:
    text = "Date,Open,High,Low,Close,Volume\n2025-06-02T09:30:00-04:00,1,3,0.5,2,10\n"
    raw = FileBars(csv(tmp_path, text)).read()
    assert raw.schema == RAW_BARS.schema
    assert raw["ts"].to_list() == [datetime(2025, 6, 2, 13, 30, tzinfo=UTC)]
    assert raw.select("open", "high", "low", "close", "volume").row(0) == (1.0, 3.0, 0.5, 2.0, 10.0)
    assert raw["contract"].to_list() == [""]


def test_naive_times_are_read_in_the_zone_named(tmp_path: Path) -> None:
    text = "timestamp,open,high,low,close\n2025-01-02 09:30:00,1,3,0.5,2\n"
    raw = FileBars(csv(tmp_path, text), "America/New_York").read()
    assert raw["ts"].to_list() == [datetime(2025, 1, 2, 14, 30, tzinfo=UTC)]
    assert raw["volume"].to_list() == [None], "no volume in the source: null, never zero"


def test_a_comment_header_is_passed_over(tmp_path: Path) -> None:
    text = "#vendor\nts,open,high,low,close,symbol\n2025-06-02T13:30:00Z,1,3,0.5,2,ESM5\n"
    assert FileBars(csv(tmp_path, text)).read()["contract"].to_list() == ["ESM5"]


def test_rows_keep_their_order_and_nothing_is_repaired(tmp_path: Path) -> None:
    text = "ts,open,high,low,close\n"
    text += "2025-06-02T13:35:00Z,5,4,6,\n2025-06-02T13:30:00Z,1,3,0.5,2\n"
    raw = FileBars(csv(tmp_path, text)).read()
    assert raw["row"].to_list() == [0, 1]
    assert raw["open"].to_list() == [5.0, 1.0]
    assert raw["close"].to_list() == [None, 2.0]


def yahoo_frame(first: datetime, bars: int) -> pd.DataFrame:
    index = pd.DatetimeIndex([first + timedelta(minutes=5 * n) for n in range(bars)])
    prices = {name: [100.0 + n for n in range(bars)] for name in ("Open", "High", "Low", "Close")}
    return pd.DataFrame(prices | {"Volume": [7] * bars}, index=index)


def test_yahoo_bars_are_those_that_are_complete() -> None:
    now = datetime.now(UTC)
    first = now.replace(second=0, microsecond=0) - timedelta(minutes=5 * 3 + 1)
    asked = []

    def download(symbol: str, interval: str) -> pd.DataFrame:
        asked.append((symbol, interval))
        return yahoo_frame(first, 4)

    raw = YahooBars(ES_5M, download).read()
    assert asked == [("ES=F", "5m")]
    assert raw.height == 3, "the bar that is still being made is left out"
    assert raw.schema == RAW_BARS.schema


def test_an_empty_answer_of_yahoo_is_an_error() -> None:
    with pytest.raises(InputError, match="no rows"):
        YahooBars(ES_5M, lambda *_: yahoo_frame(datetime.now(UTC), 0)).read()


def test_synthetic_bars_say_what_was_planted() -> None:
    source = SyntheticBars(Series.parse("MES-5m"), 7)
    assert source.note is not None
    assert "synthetic" in source.note.lower()
