"""The connection to TWS or IB Gateway, with IB's error codes sorted into the port's errors."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mlplatform.adapters.bars.network.answers import clause
from mlplatform.adapters.bars.network.ib_contracts import Quarterly
from mlplatform.adapters.bars.network.port import TransientError
from mlplatform.domain.errors import InputError

_EXCHANGE, _CURRENCY = "CME", "USD"
_HISTORY_SERVICE = 162
"""One code for pacing, missing data, missing rights and more: its text tells them apart."""
_MAY_PASS = frozenset({366, 502, 504, 1100, 1300, 2103, 2105, 2110, 10182})
_NO_RIGHTS = frozenset({354, 420, 10089, 10090, 10168, 10186, 10187, 10189, 10197})
_UNKNOWN_CONTRACT = 200
_PACING_PAUSE_S = 150.0
"""Five such pauses are longer than the ten minutes over which IB counts."""


@dataclass(frozen=True)
class IbSettings:
    """Where TWS or IB Gateway listens, and as whom to connect; the account is never written."""

    host: str = "127.0.0.1"
    port: int = 4002
    client_id: int = 17
    account: str = field(default="", repr=False)
    timeout_s: float = 60.0


@dataclass(frozen=True)
class IbParts:
    """What is used of ib_async: a connected client, its Future type, its error type."""

    client: Any
    future: Callable[..., Any]
    request_error: type[Exception]


@dataclass(frozen=True)
class HistoryQuestion:
    """What one historical request says besides its contract, in IB's words."""

    end: datetime | str
    """The last moment; an empty text for now."""
    duration: str
    bar_size: str
    regular_hours_only: bool


Connect = Callable[[IbSettings], IbParts]


def connect_ib(settings: IbSettings) -> IbParts:
    """A connected, read-only client; InputError where ib_async or the gateway is not there."""
    try:
        import ib_async
        from ib_async.ib import StartupFetchNONE
        from ib_async.wrapper import RequestError
    except ModuleNotFoundError:
        raise InputError(
            "Interactive Brokers needs the package ib_async: run pip install 'mlplatform[ib]'."
        ) from None
    for part in ("ib", "client", "wrapper"):  # they write account numbers
        logging.getLogger(f"ib_async.{part}").disabled = True
    client = ib_async.IB()
    client.RaiseRequestErrors = True
    where = f"{settings.host}:{settings.port}"
    try:
        client.connect(
            settings.host,
            settings.port,
            settings.client_id,
            timeout=min(settings.timeout_s, 20.0),
            readonly=True,
            account=settings.account,
            fetchFields=StartupFetchNONE,
        )
    except OSError as error:
        if isinstance(error, TimeoutError | ConnectionResetError):
            raise TransientError(
                f"no answer from {where}, is client id {settings.client_id} in use"
            ) from None
        raise InputError(
            f"Nothing listens at {where}: start TWS or IB Gateway there, log in, and allow API "
            "clients in its settings."
        ) from None
    client.RequestTimeout = settings.timeout_s  # it would cut the connecting short too
    return IbParts(client, ib_async.Future, RequestError)


class IbGateway:
    """Historical bars of single contracts over one connection, opened when first needed."""

    def __init__(self, settings: IbSettings, connect: Connect = connect_ib) -> None:
        self._settings = settings
        self._connect = connect
        self._parts: IbParts | None = None
        self._known: dict[str, Any] = {}

    def bars(self, contract: Quarterly, question: HistoryQuestion) -> list[Any]:
        """IB's bars (`date` in UTC, open, high, low, close, volume); empty where it has none."""
        parts = self._parts = self._parts or self._connect(self._settings)
        try:
            answer = parts.client.reqHistoricalData(
                self._qualified(contract, parts),
                endDateTime=question.end,
                durationStr=question.duration,
                barSizeSetting=question.bar_size,
                whatToShow="TRADES",
                useRTH=question.regular_hours_only,
                formatDate=2,
                timeout=0,  # the client's own time-out is an error, not an empty answer
            )
        except parts.request_error as error:
            self._judge(contract, error)
            return []
        except TimeoutError:
            raise TransientError("no answer in time") from None
        except OSError as error:
            self.close()
            raise TransientError(f"connection lost, {type(error).__name__}") from None
        return list(answer)

    def close(self) -> None:
        """Disconnect; the next question connects again."""
        if self._parts is not None:
            self._parts.client.disconnect()
        self._parts = None
        self._known.clear()

    def _qualified(self, contract: Quarterly, parts: IbParts) -> Any:
        if contract.name not in self._known:
            asked = parts.future(
                contract.root,
                contract.month_code,
                _EXCHANGE,
                currency=_CURRENCY,
                includeExpired=True,
            )
            details = parts.client.reqContractDetails(asked)
            found = [one.contract for one in details if one.contract.localSymbol == contract.name]
            if not found:
                raise self._unknown(contract)
            found[0].includeExpired = True
            self._known[contract.name] = found[0]
        return self._known[contract.name]

    def _judge(self, contract: Quarterly, error: Any) -> None:
        """Return where the error means an empty answer, else raise what it means."""
        code, said = int(error.code), clause(str(error.message), self._settings.account)
        words = said.lower()
        if code == _HISTORY_SERVICE and "pacing" in words:
            raise TransientError(f"pacing violation, error {code}", _PACING_PAUSE_S) from None
        if code == _HISTORY_SERVICE and "no data" in words:
            return
        if code == _UNKNOWN_CONTRACT:
            raise self._unknown(contract) from None
        if code in _NO_RIGHTS or "permission" in words or "not subscribed" in words:
            raise InputError(
                f"Interactive Brokers gives this login no {contract.name} ({said}, error {code}): "
                "subscribe to CME market data in its Client Portal."
            ) from None
        if code in _MAY_PASS or code == _HISTORY_SERVICE:
            raise TransientError(f"{said}, error {code}") from None
        raise InputError(
            f"Interactive Brokers refused {contract.name} ({said}, error {code}): check the "
            "settings of TWS or IB Gateway."
        ) from None

    def _unknown(self, contract: Quarterly) -> InputError:
        return InputError(
            f"Interactive Brokers knows no contract {contract.name} (error 200): it keeps expired "
            "futures for two years, so begin later."
        )
