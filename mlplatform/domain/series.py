"""A series: an instrument at a base timeframe, such as MES-1m."""

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from mlplatform.domain.errors import InputError
from mlplatform.domain.instrument import Instrument, instrument_of

_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_TIMEFRAME = re.compile(r"([1-9][0-9]*)([smhd])")
_SERIES = re.compile(r"([A-Z0-9]+)-([0-9]+[smhd])")


@dataclass(frozen=True)
class Timeframe:
    """A bar's length, written as count and unit: 15s, 1m, 5m, 1h, 1d."""

    name: str

    def __post_init__(self) -> None:
        if not _TIMEFRAME.fullmatch(self.name):
            raise InputError(
                f"Unknown timeframe '{self.name}': write a count and one of s, m, h, d, such as 5m."
            )

    @property
    def seconds(self) -> int:
        """The bar's length in seconds."""
        return int(self.name[:-1]) * _UNIT_SECONDS[self.name[-1]]

    @property
    def delta(self) -> timedelta:
        """The bar's length."""
        return timedelta(seconds=self.seconds)


@dataclass(frozen=True)
class Series:
    """An instrument at a base timeframe; `name` is its partition key."""

    instrument: Instrument
    timeframe: Timeframe

    @cached_property
    def name(self) -> str:
        """For example MES-1m."""
        return f"{self.instrument.symbol}-{self.timeframe.name}"

    @classmethod
    def parse(cls, name: str) -> "Series":
        """The series of that name; raises InputError with an example."""
        match = _SERIES.fullmatch(name)
        if match is None:
            raise InputError(
                f"'{name}' is no series: write instrument and timeframe, such as MES-1m."
            )
        return cls(instrument_of(match[1]), Timeframe(match[2]))
