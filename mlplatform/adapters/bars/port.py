"""The port that every bar source implements."""

from typing import Protocol

import polars as pl


class BarSource(Protocol):
    """Bars of one series as the vendor has them, brought to table `raw_bars`.

    `read` gives all rows in the source's order, times in UTC and of the bar's start; it raises
    InputError where the source cannot be had or understood, and repairs nothing.
    """

    kind: str
    note: str | None
    """What a reader of a report must know of the source, such as what was planted."""

    def read(self) -> pl.DataFrame: ...
