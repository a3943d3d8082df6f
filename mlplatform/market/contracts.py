"""What a contract's name says: the month in which it expires."""

import re
from dataclasses import dataclass, field
from datetime import date, timedelta

_NAME = re.compile(r"[A-Z0-9]+?([FGHJKMNQUVXZ])([0-9]{1,2})")
_MONTHS = {letter: month for month, letter in enumerate("FGHJKMNQUVXZ", start=1)}
_LATE = timedelta(days=365)
"""A name repeats every ten years. Bars up to a year after an expiry are late bars of that contract;
after it they belong to the next of that name."""


@dataclass(frozen=True, order=True)
class Contract:
    """A contract in the order of expiry; `expires` is null where its name says no month."""

    rank: date
    name: str
    expires: date | None = field(compare=False, default=None)

    def has_expired(self, day: date) -> bool:
        """Whether it no longer trades on that trading day."""
        return self.expires is not None and self.expires < day

    def is_due(self, day: date) -> bool:
        """Whether the Monday before its third Friday has come."""
        return self.expires is not None and self.expires - timedelta(days=4) <= day


def expiry_of(name: str, day: date) -> date | None:
    """The third Friday of the month that a name such as ESM5 or ESM25 says.

    The decade is that of the trading day `day` of its bars. None where the name says no month.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    every = 10 ** len(match[2])
    year = day.year - 1 + (int(match[2]) - day.year + 1) % every
    expires = third_friday(year, _MONTHS[match[1]])
    return expires if expires >= day - _LATE else third_friday(year + every, _MONTHS[match[1]])


def third_friday(year: int, month: int) -> date:
    """The last trading day of an equity index future."""
    first = date(year, month, 1)
    return first + timedelta(days=(4 - first.weekday()) % 7 + 14)
