"""Dukascopy's tick files, made as its server makes them."""

import io
import json
import lzma
import struct
import urllib.error
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from email.message import Message
from itertools import pairwise
from typing import Any
from unittest.mock import patch

from mlplatform.adapters.bars.network import http
from mlplatform.testing.network_sources import TOKEN, Fault, utc

Tick = tuple[int, float, float, float, float]
"""Milliseconds of the hour, ask, bid, ask volume, bid volume."""

ROOT = f"https://user:{TOKEN}@mirror.example/datafeed"
TICKS: dict[str, list[Tick]] = {
    "USA500IDXUSD/2025/04/02/10h_ticks.bi5": [
        (60_250, 5601.0, 5600.5, 0.5, 0.25),
        (60_900, 5602.0, 5601.5, 0.5, 0.25),
        (75_000, 5600.25, 5599.75, 1.0, 0.5),
        (119_999, 5601.25, 5600.75, 0.5, 0.5),
        (120_000, 5601.5, 5601.0, 0.25, 0.25),
    ],
    "USA500IDXUSD/2025/04/02/11h_ticks.bi5": [(0, 5605.0, 5604.5, 0.5, 0.5)],
    "USA500IDXUSD/2025/04/02/13h_ticks.bi5": [(3_599_999, 5610.0, 5609.5, 0.5, 0.5)],
    "USA500IDXUSD/2025/04/02/15h_ticks.bi5": [
        (1_740_000, 5620.0, 5619.5, 0.5, 0.5),
        (1_800_100, 5621.0, 5620.5, 0.5, 0.5),
    ],
}
"""2 May 2025: months are written from 00. The last tick lies in a bar that is under way."""


def bi5(ticks: Sequence[Tick]) -> bytes:
    """Big-endian records in points times 1000, compressed in the old LZMA form."""
    raw = b"".join(
        struct.pack(">IIIff", ms, round(ask * 1000), round(bid * 1000), ask_volume, bid_volume)
        for ms, ask, bid, ask_volume, bid_volume in ticks
    )
    return lzma.compress(raw, lzma.FORMAT_ALONE)


def tick_json(hour: datetime, ticks: Sequence[Tick]) -> bytes:
    """First prices, then differences in units of a thousandth; the first differences are zero."""
    units = [(ms, round(ask * 1000), round(bid * 1000)) for ms, ask, bid, *_ in ticks]
    steps = [[b - a for a, b in pairwise([row[i] for row in units])] for i in range(3)]
    answer = {
        "timestamp": round(hour.timestamp() * 1000),
        "multiplier": 0.001,
        "ask": ticks[0][1] if ticks else None,
        "bid": ticks[0][2] if ticks else None,
        "times": [row[0] for row in units[:1]] + steps[0],
        "asks": [0 for _ in units[:1]] + steps[1],
        "bids": [0 for _ in units[:1]] + steps[2],
        "askVolumes": [volume * 1_000_000 for *_, volume, _ in ticks],
        "bidVolumes": [volume * 1_000_000 for *_, volume in ticks],
    }
    return json.dumps(answer).encode()


def json_bodies() -> dict[str, bytes]:
    """The same ticks at the addresses of the json form; the newest hour is asked by its start."""
    bodies = {}
    for name, ticks in TICKS.items():
        hour = utc(f"2025-05-02 {name[-13:-11]}:00")
        path = f"2025/5/2/{hour.hour}" if hour.hour < 15 else "?from=1746198000000"
        bodies[f"ticks/USA500.IDX-USD/{path}".replace("/?", "?")] = tick_json(hour, ticks)
    return bodies


class RecordedDukascopy:
    """The server behind one `Get`: what it was asked for, and its answers."""

    def __init__(
        self, faults: Sequence[Fault] = (), bodies: dict[str, bytes] | None = None
    ) -> None:
        self.faults = deque(faults)
        self.bodies = {name: bi5(ticks) for name, ticks in TICKS.items()} | (bodies or {})
        self.asked: list[str] = []

    def __call__(self, url: str) -> bytes | None:
        with patch.object(http.urllib.request, "urlopen", self._open):
            return http.http_get(url)

    def _open(self, asked: Any, timeout: float) -> Any:
        assert asked.full_url.startswith(f"{ROOT}/")
        assert timeout > 0
        name = asked.full_url.removeprefix(f"{ROOT}/")
        self.asked.append(name)
        if self.faults:
            raise self._fault(self.faults.popleft(), asked.full_url)
        if name not in self.bodies:
            raise urllib.error.HTTPError(asked.full_url, 404, TOKEN, Message(), io.BytesIO())
        return io.BytesIO(self.bodies[name])

    def _fault(self, fault: Fault, url: str) -> Exception:
        if fault is Fault.TIMEOUT:
            return TimeoutError(f"timed out {url}")
        code = 503 if fault is Fault.PASSING else 403
        return urllib.error.HTTPError(url, code, TOKEN, Message(), io.BytesIO(TOKEN.encode()))
