"""Periods: the months or weeks of CME trading days that partition everything stored."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from mlplatform.domain.errors import InputError


class Cadence(StrEnum):
    """The length of a period; one home has one cadence."""

    MONTH = "month"
    WEEK = "week"


@dataclass(frozen=True)
class PeriodAxis:
    """The periods of one home, from `first` on.

    Keys are `2025-06` for months and the Monday's date, `2025-06-02`, for weeks.
    """

    cadence: Cadence
    first: str

    def key_of(self, day: date) -> str:
        """The key of the period that holds a trading day."""
        if self.cadence is Cadence.MONTH:
            return f"{day:%Y-%m}"
        return (day - timedelta(days=day.weekday())).isoformat()

    def start_of(self, key: str) -> date:
        """The first calendar day of a period; raises InputError where the key is malformed."""
        try:
            day = date.fromisoformat(f"{key}-01" if self.cadence is Cadence.MONTH else key)
        except ValueError:
            day = None
        if day is None or self.key_of(day) != key:
            example = "2025-06" if self.cadence is Cadence.MONTH else "2025-06-02 (a Monday)"
            raise InputError(
                f"'{key}' is no period of cadence {self.cadence}: write it like {example}."
            )
        return day

    def shift(self, key: str, steps: int) -> str:
        """The key `steps` periods later (earlier where negative)."""
        start = self.start_of(key)
        if self.cadence is Cadence.WEEK:
            return self.key_of(start + timedelta(weeks=steps))
        months = start.year * 12 + start.month - 1 + steps
        return f"{months // 12:04d}-{months % 12 + 1:02d}"

    def end_of(self, key: str) -> date:
        """The first calendar day after a period."""
        return self.start_of(self.shift(key, 1))

    def between(self, first: str, last: str) -> Iterator[str]:
        """The keys from `first` to `last`, both included."""
        while first <= last:
            yield first
            first = self.shift(first, 1)
