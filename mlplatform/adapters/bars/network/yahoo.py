"""Bars from Yahoo: the front month as Yahoo splices it; its contract is unknown."""

import json
import logging
import warnings
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from mlplatform.adapters.bars.network.answers import clause, complete_bars
from mlplatform.adapters.bars.network.download import utc_now
from mlplatform.adapters.bars.network.pacing import Clock
from mlplatform.adapters.bars.network.port import (
    NotOfferedError,
    Pace,
    Request,
    Span,
    TransientError,
    UnreachableError,
)
from mlplatform.adapters.bars.network.spans import fixed_cells
from mlplatform.domain.errors import InputError
from mlplatform.domain.series import Series
from mlplatform.domain.tables import RAW_BARS

_TIMEOUT_S = 10
_DAYS = {"1m": (7, 30), "2m": (28, 60), "5m": (28, 60), "15m": (28, 60), "30m": (28, 60)}
_DAYS |= {"1h": (84, 730)}
"""Interval: days of one request, days back that Yahoo keeps. Yahoo gives 1m for 7 days at once."""
_MARGIN = timedelta(minutes=10)
"""Yahoo counts its days from the moment of the question."""
_PRICES = ("Open", "High", "Low", "Close")

History = Callable[[str, str, datetime, datetime], Any]
"""Symbol, interval, start, end in; a pandas frame with Open, High, Low, Close, Volume out, or None
where Yahoo has no rows."""


class YahooBars:
    """What Yahoo still has of a series; the cache keeps what Yahoo drops."""

    kind = "yahoo"
    vendor = "Yahoo"
    note: str | None = None
    pace = Pace(min_interval_s=1.0, max_per_window=60, window_s=60.0)
    settle = timedelta(hours=6)

    def __init__(
        self, series: Series, clock: Clock = utc_now, history: History | None = None
    ) -> None:
        if series.timeframe.name not in _DAYS:
            raise InputError(
                f"Yahoo has no bars of {series.timeframe.name}: use one of {', '.join(_DAYS)}, "
                "and resample."
            )
        self.series = series
        self._clock = clock
        self._history = history or yfinance_history
        days, kept = _DAYS[series.timeframe.name]
        self._length, self._kept = timedelta(days=days), timedelta(days=kept)

    def requests(self, wanted: Span) -> list[Request]:
        """Whole weeks from Monday 00:00 UTC, as many as Yahoo gives at once."""
        return [Request(cell.first, cell.last) for cell in fixed_cells(wanted, self._length)]

    def offered_from(self, now: datetime) -> datetime | None:
        """Yahoo keeps 30 days of 1m, 730 of 1h and 60 of the rest."""
        return now - self._kept + _MARGIN

    def fetch(self, request: Request) -> pl.DataFrame:
        """The bars of one request that Yahoo still has; table `raw_bars`."""
        now = self._clock()
        first, last = max(request.first, now - self._kept + _MARGIN), min(request.last, now)
        symbol, interval = self.series.instrument.yahoo_symbol, self.series.timeframe.name
        table = self._history(symbol, interval, first, last)
        if table is None or table.empty:
            return RAW_BARS.empty()
        times = [stamp.to_pydatetime() for stamp in table.index.tz_convert("UTC")]
        frame = pl.DataFrame(
            {"ts": pl.Series(times, dtype=pl.Datetime("us", "UTC"))}
            | {name.lower(): table[name].to_numpy() for name in _PRICES}
            | {"volume": table["Volume"].to_numpy(), "contract": [""] * len(times)}
        ).with_columns(pl.col("open", "high", "low", "close").cast(pl.Float64).fill_nan(None))
        return complete_bars(frame, request, self.series.timeframe, now)

    def close(self) -> None:
        """Nothing is held open."""


def yfinance_history(symbol: str, interval: str, first: datetime, last: datetime) -> Any:
    """The answer of yfinance; what it raises is sorted into the port's errors."""
    import yfinance  # slow to import
    from yfinance import data, exceptions

    yfinance.config.debug.hide_exceptions = False
    logging.getLogger("yfinance").disabled = True  # what goes wrong is raised, and said once
    data.YfData.cache_get.cache_clear()  # it keeps failed answers too: another try gets the same
    options = {"prepost": True, "actions": False, "auto_adjust": False, "timeout": _TIMEOUT_S}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what pandas deprecates inside yfinance
            ticker = yfinance.Ticker(symbol)
            return ticker.history(interval=interval, start=first, end=last, **options)
    except exceptions.YFRateLimitError:
        raise TransientError("HTTP 429, too many requests", pause_s=30.0) from None
    except exceptions.YFPricesMissingError as error:
        _check_rationale(symbol, clause(error.rationale))
        return None
    except exceptions.YFTickerMissingError:
        raise InputError(f"Yahoo does not know {symbol}: use a file of bars instead.") from None
    except (json.JSONDecodeError, exceptions.YFException):
        raise TransientError("an answer that is no data") from None
    except OSError as error:
        # The libraries below yfinance raise many types; all are of this one. Their texts may
        # hold an address with a cookie's crumb.
        said = f"connection failed, {type(error).__name__}"
        is_silent = "Timeout" in type(error).__name__
        raise (TransientError(said) if is_silent else UnreachableError(said)) from None
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise InputError(
            f"Yahoo's answer for {symbol} was not understood ({type(error).__name__}): update "
            "yfinance, or use a file of bars."
        ) from None


def _check_rationale(symbol: str, rationale: str) -> None:
    """Return where Yahoo only says that no price lies in the span."""
    said = rationale.lower()
    if "must be within" in said or "granularity" in said or "not available" in said:
        raise NotOfferedError(f"Yahoo says {rationale}") from None
    if "no data found" in said or "not found" in said:
        raise InputError(
            f"Yahoo does not know {symbol} ({rationale}): use a file of bars instead."
        ) from None
    if not said.startswith("no price data found"):
        raise TransientError(f"Yahoo says {rationale}") from None
