"""The real ib_async against a gateway that speaks IB's wire on loopback."""

import logging
import socketserver
import struct
import threading
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from mlplatform.adapters.bars.network.download import Downloader
from mlplatform.adapters.bars.network.ib import IbBars
from mlplatform.adapters.bars.network.ib_gateway import IbSettings, connect_ib
from mlplatform.adapters.bars.network.port import Span
from mlplatform.domain.errors import InputError
from mlplatform.domain.series import Series
from mlplatform.testing.network_sources import FakeClock, is_one_sentence, utc
from mlplatform_tests.adapters.network.recorded_ib import BARS

ib_async = pytest.importorskip("ib_async", reason="the extra mlplatform[ib] is not installed")
ACCOUNT = "DU7654321"
NOW = utc("2025-06-10 14:00:05")
WANTED = Span(utc("2025-06-07 00:00"), utc("2025-06-10 14:05"))


class FakeGateway(socketserver.ThreadingTCPServer):
    """IB Gateway, server version 176: handshake, contract details, historical bars, errors."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.errors: list[tuple[int, str]] = []
        self.silent = False
        self.history: list[list[str]] = []


class Conversation(socketserver.StreamRequestHandler):
    """One client."""

    server: FakeGateway

    def handle(self) -> None:
        assert self.rfile.read(4) == b"API\0"
        self._read()
        self._send("176", "20250610 10:00:00 EST")
        while fields := self._read():
            match fields[0]:
                case "71":
                    self._send("15", "1", ACCOUNT)
                    self._send("9", "1", "1")
                case "61":  # ib_async asks for positions, wanted or not
                    self._send("62", "1")
                case "9":
                    self._describe(fields)
                case "20":
                    self._answer(fields)

    def _describe(self, fields: list[str]) -> None:
        request, symbol, month = fields[2], fields[4], fields[6]
        letter = {"06": "M", "09": "U"}[month[4:]]
        contract = [symbol, "FUT", f"{month}20", "0", "", "CME", "USD", f"{symbol}{letter}5"]
        details = [symbol, symbol, "495512563", "0.25", "50", "LMT,MKT", "CME", "1", "11004968"]
        hours = ["E-mini S&P 500", "", "JUN25", "", "", "", "US/Central", "", "", "", "0", "0"]
        rest = ["2147483647", symbol, "IND", "67", f"{month}20", "", "1", "1", "1"]
        self._send("10", request, *contract, *details, *hours, *rest)
        self._send("52", "1", request)

    def _answer(self, fields: list[str]) -> None:
        request, name = fields[1], fields[12]
        self.server.history.append(fields)
        if self.server.silent:
            return
        if self.server.errors:
            code, words = self.server.errors.pop(0)
            self._send("4", "2", request, str(code), words, "")
            return
        rows = [
            [str(int(ts.timestamp())), *map(str, prices), "0", "1"]
            for ts, prices in BARS[name].items()
            if WANTED.first <= ts
        ]
        self._send("17", request, "", "", str(len(rows)), *chain.from_iterable(rows))

    def _read(self) -> list[str]:
        head = self.rfile.read(4)
        if len(head) < 4:
            return []
        return self.rfile.read(struct.unpack(">I", head)[0]).decode().split("\0")

    def _send(self, *fields: str) -> None:
        body = "".join(f"{field}\0" for field in fields).encode()
        self.wfile.write(struct.pack(">I", len(body)) + body)
        self.wfile.flush()


@pytest.fixture
def gateway() -> Iterator[FakeGateway]:
    with FakeGateway() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def loader(gateway: FakeGateway, cache: Path, timeout_s: float = 10.0) -> Downloader:
    clock = FakeClock(NOW)
    settings = IbSettings(port=gateway.server_address[1], account=ACCOUNT, timeout_s=timeout_s)
    source = IbBars(Series.parse("ES-5m"), settings, clock=clock)
    return Downloader(source, cache, clock, clock.sleep)


def test_bars_come_over_the_wire_of_ib(
    gateway: FakeGateway, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bars = loader(gateway, tmp_path).download(WANTED).frame
    assert bars.select("ts", "contract", "close", "volume").rows() == [
        (utc("2025-06-10 13:55"), "ESM5", 6012.0, 22_954.0),
        (utc("2025-06-10 13:55"), "ESU5", 6066.0, 2_004.0),
    ]
    asked = gateway.history[0]
    assert asked[14:18] == ["1", "", "5 mins", "1 W"], "includeExpired, end, bar size, duration"
    assert asked[18:21] == ["0", "TRADES", "2"], "useRTH, what, UTC epoch times"
    assert ACCOUNT not in caplog.text


def test_an_error_of_ib_arrives_with_its_meaning(
    gateway: FakeGateway, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    words = f"Requested market data is not subscribed. Account {ACCOUNT}"
    gateway.errors = [(162, "Historical data request pacing violation"), (354, words)]
    with pytest.raises(InputError, match="error 354") as told:
        loader(gateway, tmp_path).download(WANTED)
    is_one_sentence(str(told.value))
    assert ACCOUNT not in str(told.value) + caplog.text
    assert len(gateway.history) == 2


def test_a_gateway_that_is_silent_is_left_in_time(gateway: FakeGateway, tmp_path: Path) -> None:
    gateway.silent = True
    with pytest.raises(InputError, match="no answer in time"):
        loader(gateway, tmp_path, timeout_s=0.2).download(WANTED)
    assert len(gateway.history) == 6


def test_where_nothing_listens_the_user_is_told_at_once() -> None:
    with pytest.raises(InputError, match="Nothing listens at") as told:
        connect_ib(IbSettings(port=1))
    is_one_sentence(str(told.value))
