"""Every vendor's export in its exact form gives the very bars it stands for."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from mlplatform.adapters.bars.formats.dialect import BarLabel
from mlplatform.adapters.bars.formats.file_bars import FileBars
from mlplatform.adapters.bars.formats.settle import Hints
from mlplatform.domain.errors import InputError
from mlplatform.domain.instrument import instrument_of
from mlplatform.domain.series import Timeframe
from mlplatform.domain.tables import RAW_BARS

NOW = datetime(2026, 11, 21, tzinfo=UTC)
Row = tuple[str, float, float, float, float, float | None]
ROWS: list[Row] = [
    ("2025-06-02 13:30:00", 5900.25, 5902.5, 5899.75, 5901.0, 1200.0),
    ("2025-06-02 13:31:00", 5901.0, 5903.75, 5900.5, 5903.25, 800.0),
    ("2025-06-02 13:32:00", 5903.25, 5903.5, 5901.25, 5902.0, 650.0),
]
"""Three minutes from the open in New York's summer: 09:30 there, 08:30 in Chicago."""
NUMBERS = [",".join(str(cell) for cell in row[1:]) for row in ROWS]
TIMES = ("2025-06-02 13:30:00", "2025-06-02 13:31:00", "2025-06-02 13:32:00")


def opened(
    path: Path,
    timezone: str | None = None,
    label: BarLabel | None = None,
    timeframe: str | None = None,
    symbol: str = "ES",
    now: datetime = NOW,
) -> FileBars:
    """A file understood with these hints."""
    length = Timeframe(timeframe) if timeframe else None
    return FileBars(path, Hints(instrument_of(symbol), length, timezone, label), now)


def written(path: Path, text: str) -> Path:
    path.write_text(text, newline="")
    return path


def bars_of(file: FileBars, size: int = 500_000) -> pl.DataFrame:
    """All bars of a file; every frame is of table `raw_bars`."""
    frames = list(file.batches(size))
    for frame in frames:
        assert frame.schema == RAW_BARS.schema
    return pl.concat(frames)


def rows_of(bars: pl.DataFrame) -> list[Row]:
    """Times to the second and OHLCV, as ROWS has them."""
    times = bars["ts"].dt.strftime("%Y-%m-%d %H:%M:%S")
    return bars.select(times, "open", "high", "low", "close", "volume").rows()


def refusal(path: Path, **hints: str) -> str:
    """The sentence by which a file is refused."""
    with pytest.raises(InputError) as caught:
        opened(path, **hints)  # type: ignore[arg-type]
    message = str(caught.value)
    assert "\n" not in message
    return message


@dataclass(frozen=True)
class Export:
    """A vendor's text, and what must be understood of it beside ROWS."""

    vendor: str
    text: str
    name: str = "export.csv"
    hints: dict[str, str] = field(default_factory=dict)
    label: str = "start"
    contracts: tuple[str, str, str] = ("", "", "")
    sides: tuple[tuple[float, float], ...] | None = None
    rows: tuple[Row, ...] = tuple(ROWS)
    clock: str = "UTC"


def lines(header: str, times: list[str], numbers: list[str], form: str) -> str:
    """A header, and each time and its numbers in a form such as "{t},{n}"."""
    body = [form.format(t=t, n=n) for t, n in zip(times, numbers, strict=True)]
    return "\n".join([header, *body] if header else body) + "\n"


NEW_YORK = {"timezone": "America/New_York"}
NANO = ["1748871000000000000", "1748871060000000000", "1748871120000000000"]
SECONDS = [text[:10] for text in NANO]
FIXED = [",".join(str(round(p * 1e9)) for p in row[1:5]) + f",{row[5]:.0f}" for row in ROWS]
OHLC = [",".join(str(cell) for cell in row[1:5]) for row in ROWS]
VOLUMES = ["1200", "800", "650"]
EASTERN = ["2025-06-02 09:30:00", "2025-06-02 09:31:00", "2025-06-02 09:32:00"]
CONTRACTS = ("ESM5", "ESM5", "ESM5")

EXPORTS = {
    "databento fixed-point ns": Export(
        "Databento OHLCV",
        lines(
            "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol",
            NANO, FIXED, "{t},33,1,4916,{n},ESM5",
        ),
        contracts=CONTRACTS,
    ),
    "databento pretty": Export(
        "Databento OHLCV",
        lines(
            "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol",
            [f"2025-06-02T13:3{n}:00.000000000Z" for n in range(3)], NUMBERS,
            "{t},33,1,4916,{n},ESM5",
        ),
        contracts=CONTRACTS,
    ),
    "firstrate header": Export(
        "FirstRate",
        lines("timestamp,open,high,low,close,volume", EASTERN, NUMBERS, "{t},{n}"),
        hints=NEW_YORK, clock="America/New_York",
    ),
    "firstrate bare": Export(
        "FirstRate", lines("", EASTERN, NUMBERS, "{t},{n}"),
        name="ES_1min.txt", hints=NEW_YORK, clock="America/New_York",
    ),
    "ninjatrader end label": Export(
        "NinjaTrader",
        lines(
            "", [f"20250602 093{n}00" for n in (1, 2, 3)],
            [n.replace(",", ";") for n in NUMBERS], "{t};{n}",
        ),
        name="ES 06-25.Last.txt", hints=NEW_YORK, label="end", clock="America/New_York",
    ),
    "ninjatrader volumetric": Export(
        "NinjaTrader volumetric",
        "#schema: NinjaDataExport/v2.3, volumetric=True\n"
        "timestamp,instrument,period,open,high,low,close,volume,ema20,vol_ask,vol_bid,vol_delta\n"
        f"2025-06-02T09:31:00.000,ES,Volumetric_1,{NUMBERS[0]},1.5,700,500,200\n"
        f"2025-06-02T09:32:00.000,ES,Volumetric_1,{NUMBERS[1]},1.5,300,500,-200\n"
        f"2025-06-02T09:33:00.000,ES,Volumetric_1,{NUMBERS[2]},1.5,325,325,0\n",
        label="end", clock="America/New_York",
        sides=((500.0, 700.0), (500.0, 300.0), (325.0, 325.0)),
    ),
    "tradingview unix": Export(
        "TradingView",
        lines("time,open,high,low,close,Volume", SECONDS, NUMBERS, "{t},{n}"),
    ),
    "tradingview iso": Export(
        "TradingView",
        lines(
            "time,open,high,low,close,Volume",
            [f"2025-06-02T08:3{n}:00-05:00" for n in range(3)], NUMBERS, "{t},{n}",
        ),
        clock="as written, with offset",
    ),
    "metatrader tick volume": Export(
        "MetaTrader 5 (tick volume)",
        lines(
            "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>",
            [f"2025.06.02\t16:3{n}:00" for n in range(3)],
            [n.replace(",", "\t") for n in NUMBERS], "{t}\t{n}\t0\t1",
        ),
        hints={"timezone": "America/New_York+7h"}, clock="America/New_York+7h",
    ),
    "metatrader real volume": Export(
        "MetaTrader 5",
        lines(
            "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>",
            [f"2025.06.02\t16:3{n}:00" for n in range(3)],
            [f"{p}\t77\t{v}".replace(",", "\t") for p, v in zip(OHLC, VOLUMES, strict=True)],
            "{t}\t{n}\t1",
        ),
        hints={"timezone": "America/New_York+7h"}, clock="America/New_York+7h",
    ),
    "dukascopy gmt": Export(
        "Dukascopy",
        lines(
            "Gmt time,Open,High,Low,Close,Volume",
            [f"02.06.2025 13:3{n}:00.000" for n in range(3)], NUMBERS, "{t},{n}",
        ),
    ),
    "dukascopy local": Export(
        "Dukascopy",
        lines(
            "Local time,Open,High,Low,Close,Volume",
            [f"02.06.2025 15:3{n}:00.000 GMT+0200" for n in range(3)], NUMBERS, "{t},{n}",
        ),
        clock="as written, with offset",
    ),
    "interactive brokers named": Export(
        "Interactive Brokers",
        lines(
            "date,open,high,low,close,volume,average,barCount",
            [f"20250602 09:3{n}:00 US/Eastern" for n in range(3)], NUMBERS, "{t},{n},5900.0,99",
        ),
        clock="US/Eastern",
    ),
    "interactive brokers naive": Export(
        "Interactive Brokers",
        lines(
            ",date,open,high,low,close,volume,average,barCount",
            [f"{n},2025-06-02 15:3{n}:00" for n in range(3)], NUMBERS, "{t},{n},5900.0,99",
        ),
        hints={"timezone": "Europe/Berlin"}, clock="Europe/Berlin",
    ),
    "yahoo": Export(
        "Yahoo",
        lines(
            "Datetime,Open,High,Low,Close,Adj Close,Volume",
            [f"2025-06-02 09:3{n}:00-04:00" for n in range(3)],
            [f"{p},{row[4]},{v}" for p, row, v in zip(OHLC, ROWS, VOLUMES, strict=True)],
            "{t},{n}",
        ),
        clock="as written, with offset",
    ),
    "naive local, day first": Export(
        "plain columns",
        lines(
            "Date,Time,Open,High,Low,Close,Volume",
            [f"31/01/2025,08:3{n}" for n in range(3)], NUMBERS, "{t},{n}",
        ),
        hints={"timezone": "America/Chicago"}, clock="America/Chicago",
        rows=tuple((f"2025-01-31 14:3{n}:00", *row[1:]) for n, row in enumerate(ROWS)),  # type: ignore[misc]
    ),
}  # fmt: skip
for _unit, _zeros in {"seconds": 0, "milliseconds": 3, "microseconds": 6, "nanoseconds": 9}.items():
    EXPORTS[f"epoch {_unit}"] = Export(
        "plain columns",
        lines("timestamp,o,h,l,c,v", [text + "0" * _zeros for text in SECONDS], NUMBERS, "{t},{n}"),
    )
for _name, _records in {
    "records": "[" + ",".join(
        f'{{"timestamp":"{t.replace(" ", "T")}Z","open":{r[1]},"high":{r[2]},"low":{r[3]},'
        f'"close":{r[4]},"volume":{r[5]}}}' for t, r in zip(TIMES, ROWS, strict=True)
    ) + "]",
    "columns": '{"t":[' + ",".join(SECONDS) + "]" + "".join(
        f',"{key}":[{",".join(str(row[place]) for row in ROWS)}]'
        for place, key in enumerate("ohlcv", 1)
    ) + "}",
    "nested bars": '{"symbol":"ESM5","bars":[' + ",".join(
        f'{{"t":"{t.replace(" ", "T")}Z","o":{r[1]},"h":{r[2]},"l":{r[3]},"c":{r[4]},"v":{r[5]}}}'
        for t, r in zip(TIMES, ROWS, strict=True)
    ) + "]}",
}.items():  # fmt: skip
    EXPORTS[f"json {_name}"] = Export("plain columns", _records, name="export.json")


@pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS.keys())
def test_a_vendors_export_gives_the_very_bars_it_stands_for(export: Export, tmp_path: Path) -> None:
    file = opened(written(tmp_path / export.name, export.text), **export.hints)  # type: ignore[arg-type]
    bars, known = bars_of(file), file.understanding
    assert rows_of(bars) == list(export.rows)
    assert (known.vendor, known.label.value, known.clock) == (
        export.vendor,
        export.label,
        export.clock,
    )
    assert known.timeframe.name == "1m"
    if not export.name.endswith(".json"):
        assert tuple(bars["contract"]) == export.contracts
    sides = bars.select("bid_volume", "ask_volume").rows()
    assert sides == (list(export.sides) if export.sides else [(None, None)] * 3)
    assert bars["row"].to_list() == [0, 1, 2]
    assert set(bars["source"]) == {known.sha256[:16]}
    assert (known.rows, known.first, known.last) == (3, bars["ts"][0], bars["ts"][2])
