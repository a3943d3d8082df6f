"""Yahoo's chart answers, as its server words them."""

import json
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from unittest.mock import patch

from curl_cffi.requests import exceptions as curl
from yfinance.data import YfData

from mlplatform.adapters.bars.network.yahoo import yfinance_history
from mlplatform.testing.network_sources import TOKEN, Fault, utc

BARS = {
    utc("2025-05-20 14:30"): (5951.25, 5953.0, 5950.5, 5952.0, 1211),
    utc("2025-05-20 14:31"): (5952.0, 5952.25, 5949.75, 5950.0, 1032),
    utc("2025-05-27 13:30"): (5880.0, 5884.5, 5879.0, 5883.75, 2901),
    utc("2025-06-03 13:30"): (5941.5, 5942.0, 5938.25, 5939.0, 2544),
    utc("2025-06-03 13:31"): (5939.0, 5940.75, 5938.5, 5940.25, 1876),
    utc("2025-06-03 13:32"): (5940.25, 5941.0, 5940.0, 5940.5, 310),
}
"""Start of the bar: open, high, low, close, volume. The last one is under way."""
LIVE_PRICE = utc("2025-06-03 13:32:11"), (5940.5, 5940.5, 5940.5, 5940.5, 0)
"""Yahoo puts the newest price behind the bars of the present, at its own time."""


class Answer:
    """What yfinance sees of an HTTP answer."""

    url = "https://query2.finance.yahoo.com/v8/finance/chart/ES=F"

    def __init__(self, status_code: int, text: str) -> None:
        self.status_code = status_code
        self.text = text

    def json(self) -> Any:
        return json.loads(self.text)


def chart(rows: Sequence[tuple[datetime, tuple[float | None, ...]]]) -> str:
    meta = {
        "currency": "USD",
        "symbol": "ES=F",
        "exchangeName": "CME",
        "instrumentType": "FUTURE",
        "gmtoffset": -14400,
        "timezone": "EDT",
        "exchangeTimezoneName": "America/New_York",
        "priceHint": 2,
        "dataGranularity": "1m",
        "range": "",
        "validRanges": ["1d", "5d"],
    }
    names = ("open", "high", "low", "close", "volume")
    quote = {name: [values[i] for _, values in rows] for i, name in enumerate(names)}
    result: dict[str, Any] = {"meta": meta, "indicators": {"quote": [quote if rows else {}]}}
    if rows:
        result["timestamp"] = [int(ts.timestamp()) for ts, _ in rows]
    return json.dumps({"chart": {"result": [result], "error": None}})


def refusal(description: str) -> str:
    error = {"code": "Not Found", "description": description}
    return json.dumps({"chart": {"result": None, "error": error}})


class RecordedYahoo:
    """The server behind yfinance: a `History` for the source, and what it was asked."""

    def __init__(self, faults: Sequence[Fault] = (), answers: Sequence[Answer] = ()) -> None:
        self.faults = deque(faults)
        self.answers = deque(answers)
        self.asked: list[dict[str, Any]] = []

    def __call__(self, symbol: str, interval: str, first: datetime, last: datetime) -> Any:
        def made(_: YfData, url: str, *args: Any, params: Any = None, **kwargs: Any) -> Answer:
            return self.answer(url, dict(params))

        with patch.object(YfData, "_make_request", made):
            return yfinance_history(symbol, interval, first, last)

    def answer(self, url: str, params: dict[str, Any]) -> Answer:
        if params.get("range") == "1d":  # yfinance asks for the time zone first
            return Answer(200, chart([]))
        self.asked.append(params)
        if self.faults:
            return self._fail(self.faults.popleft(), url)
        if self.answers:
            return self.answers.popleft()
        rows = [*BARS.items(), LIVE_PRICE]
        first, last = params["period1"], params["period2"]
        return Answer(200, chart([row for row in rows if first <= row[0].timestamp() <= last]))

    def _fail(self, fault: Fault, url: str) -> Answer:
        match fault:
            case Fault.PASSING:
                return Answer(503, f"<html>crumb={TOKEN}: Service Unavailable</html>")
            case Fault.TIMEOUT:
                raise curl.Timeout(f"(28) Operation timed out for {url}?crumb={TOKEN}")
            case _:
                return Answer(404, refusal(f"No data found, symbol may be delisted. crumb={TOKEN}"))
