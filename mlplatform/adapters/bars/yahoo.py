"""Bars from Yahoo: the last 60 days at 5 minutes."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import polars as pl

from mlplatform.domain.errors import InputError
from mlplatform.domain.series import Series
from mlplatform.domain.tables import RAW_BARS

TIMEOUT_S = 10
DAYS = 60

Download = Callable[[str, str], Any]
"""Yahoo symbol and interval in, a pandas frame with columns Open, High, Low, Close, Volume out."""


class YahooBars:
    """The front month as Yahoo splices it; its contract is unknown."""

    kind = "yahoo"
    note = None

    def __init__(self, series: Series, download: Download | None = None) -> None:
        self.series = series
        self._download = download or _yfinance

    def read(self) -> pl.DataFrame:
        """The bars that are complete by now; raises InputError where Yahoo does not answer."""
        symbol = self.series.instrument.yahoo_symbol
        # yfinance wraps what goes wrong in types of many libraries, or gives an empty frame.
        try:
            table = self._download(symbol, self.series.timeframe.name)
            reason = "it gave no rows"
        except Exception as error:  # noqa: BLE001
            table, reason = None, f"{type(error).__name__}"
        if table is None or table.empty:
            raise InputError(
                f"Yahoo gave no bars of {symbol} ({reason}): check the network, or use --data FILE."
            )
        times = [stamp.to_pydatetime() for stamp in table.index.tz_convert("UTC")]
        frame = pl.DataFrame(
            {"ts": times}
            | {name.lower(): table[name].to_numpy() for name in ("Open", "High", "Low", "Close")}
            | {"volume": table["Volume"].to_numpy(), "contract": [""] * len(times)}
        ).with_row_index("row")
        complete = pl.col("ts") + self.series.timeframe.delta <= datetime.now(UTC)
        return RAW_BARS.frame(frame.filter(complete))


def _yfinance(symbol: str, interval: str) -> Any:
    import yfinance  # slow to import

    yfinance.config.debug.hide_exceptions = False
    logging.getLogger("yfinance").disabled = True  # what goes wrong is raised, and said once
    return yfinance.Ticker(symbol).history(
        interval=interval, period=f"{DAYS}d", prepost=True, timeout=TIMEOUT_S
    )
