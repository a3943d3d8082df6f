"""An IB client in memory, with IB's error codes and their words."""

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from mlplatform.adapters.bars.network.ib_gateway import IbParts, IbSettings
from mlplatform.testing.network_sources import TOKEN, Fault, utc

BARS = {
    "ESM5": {
        utc("2025-05-28 13:30"): (5925.0, 5931.25, 5922.5, 5930.0, 21_344),
        utc("2025-06-03 13:30"): (5941.5, 5947.0, 5938.25, 5945.75, 30_101),
        utc("2025-06-03 13:35"): (5945.75, 5946.5, 5941.0, 5942.25, 18_422),
        utc("2025-06-10 13:55"): (6011.25, 6013.0, 6009.5, 6012.0, 22_954),
        utc("2025-06-10 14:00"): (6012.0, 6012.25, 6011.75, 6012.0, 102),
    },
    "ESU5": {
        utc("2025-06-03 13:30"): (5996.0, 6001.5, 5993.0, 6000.25, 401),
        utc("2025-06-10 13:55"): (6065.0, 6067.0, 6063.5, 6066.0, 2_004),
    },
}
"""Start of the bar, UTC: open, high, low, close, volume. The last one of ESM5 is under way."""
_UNITS = {"S": timedelta(seconds=1), "D": timedelta(days=1), "W": timedelta(days=7)}
_UNITS["M"] = timedelta(days=30)


class RequestError(Exception):
    """As ib_async raises it."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"[reqId 4] API error: {code}: {message}")
        self.code = code
        self.message = message


class RecordedIb:
    """The client: what it was asked, and its answers."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        faults: Sequence[Fault | Exception] = (),
        bars: dict[str, dict[datetime, tuple[float, ...]]] | None = None,
    ) -> None:
        self.clock = clock
        self.faults = deque(faults)
        self.bars = BARS if bars is None else bars
        self.asked: list[SimpleNamespace] = []
        self.connections = 0
        self.disconnections = 0

    def connect(self, settings: IbSettings) -> IbParts:
        self.connections += 1
        return IbParts(self, self.future, RequestError)

    def future(self, symbol: str, month: str, exchange: str, **more: Any) -> SimpleNamespace:
        assert more == {"currency": "USD", "includeExpired": True}
        assert exchange == "CME"
        return SimpleNamespace(symbol=symbol, month=month, includeExpired=True)

    def reqContractDetails(self, contract: SimpleNamespace) -> list[SimpleNamespace]:
        letters = {"03": "H", "06": "M", "09": "U", "12": "Z"}
        year, month = contract.month[:4], contract.month[4:]
        name = f"{contract.symbol}{letters[month]}{year[-1]}"
        found = SimpleNamespace(localSymbol=name, includeExpired=False, conId=1)
        return [SimpleNamespace(contract=found)] if name in self.bars else []

    def reqHistoricalData(self, contract: SimpleNamespace, **asked: Any) -> list[SimpleNamespace]:
        assert contract.includeExpired, "IB finds expired contracts only so"
        assert (asked["whatToShow"], asked["formatDate"]) == ("TRADES", 2)
        assert asked["timeout"] == 0, "ib_async would give an empty answer after its own time-out"
        self.asked.append(SimpleNamespace(contract=contract.localSymbol, **asked))
        if self.faults:
            self._fail(self.faults.popleft())
        end = asked["endDateTime"] or self.clock()
        count, unit = asked["durationStr"].split()
        first = end - int(count) * _UNITS[unit] - timedelta(days=1)  # more than asked, as IB does
        names = ("open", "high", "low", "close", "volume")
        return [
            SimpleNamespace(date=ts, **dict(zip(names, values, strict=True)))
            for ts, values in self.bars[contract.localSymbol].items()
            if first <= ts <= end
        ]

    def disconnect(self) -> None:
        self.disconnections += 1

    def _fail(self, fault: Fault | Exception) -> None:
        match fault:
            case Fault.PASSING:
                raise RequestError(162, f"Historical data query cancelled for account {TOKEN}.")
            case Fault.TIMEOUT:
                raise TimeoutError(TOKEN)
            case Fault.REFUSED:
                raise RequestError(354, f"Requested market data is not subscribed. {TOKEN}")
            case _:
                raise fault
