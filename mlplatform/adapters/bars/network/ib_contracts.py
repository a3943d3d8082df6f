"""Quarterly futures contracts by rule, so that requests can be planned without a connection."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from mlplatform.adapters.bars.network.port import Span

_LETTERS = {3: "H", 6: "M", 9: "U", 12: "Z"}
_OVERLAP = timedelta(days=14)
"""A contract is asked for from two weeks before the one before expires: volume moves over about
eight days before expiry, and the roll is judged by the volume of both."""
_FRIDAY = 4


@dataclass(frozen=True)
class Quarterly:
    """One quarterly contract of an equity index future, such as ESM5."""

    root: str
    year: int
    month: int

    @property
    def name(self) -> str:
        """Root, month letter, last digit of the year."""
        return f"{self.root}{_LETTERS[self.month]}{self.year % 10}"

    @property
    def month_code(self) -> str:
        """The contract month as brokers write it, such as 202506."""
        return f"{self.year:04d}{self.month:02d}"

    @property
    def expiry(self) -> date:
        """The third Friday of its month; where that is a holiday it expires a day earlier."""
        first = date(self.year, self.month, 1)
        return first + timedelta(days=(_FRIDAY - first.weekday()) % 7 + 14)

    @property
    def previous(self) -> "Quarterly":
        """The contract that expires a quarter earlier."""
        earlier = self.month - 3
        year, month = (self.year, earlier) if earlier else (self.year - 1, 12)
        return Quarterly(self.root, year, month)

    @property
    def next(self) -> "Quarterly":
        """The contract that expires a quarter later."""
        later = self.month + 3
        return Quarterly(self.root, *((self.year, later) if later <= 12 else (self.year + 1, 3)))

    @property
    def front(self) -> Span:
        """The times in which it may be the front month, two weeks of overlap included."""
        begin = _midnight(self.previous.expiry) - _OVERLAP
        return Span(begin, _midnight(self.expiry + timedelta(days=1)))


def fronts_within(root: str, wanted: Span) -> Iterator[Quarterly]:
    """The contracts that may be the front month at some time of a span, by expiry."""
    month = (wanted.first.month + 2) // 3 * 3
    contract = Quarterly(root, wanted.first.year, month).previous
    while contract.front.first < wanted.last:
        if contract.front.overlaps(wanted):
            yield contract
        contract = contract.next


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
