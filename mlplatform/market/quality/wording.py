"""How findings name times and amounts: UTC first, Chicago behind it."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from mlplatform.market.sessions import CHICAGO

_CHICAGO = ZoneInfo(CHICAGO)


def moment(ts: datetime) -> str:
    """A UTC time as "2025-06-15 22:00 UTC (17:00 Chicago)"; the day again where it differs."""
    local = ts.astimezone(_CHICAGO)
    clock = "%H:%M:%S" if ts.second else "%H:%M"
    there = local.strftime(clock if local.date() == ts.date() else f"%Y-%m-%d {clock}")
    return f"{ts.strftime(f'%Y-%m-%d {clock}')} UTC ({there} Chicago)"


def listed(items: Iterable[str], show: int = 3) -> str:
    """The first few items, and how many more there are."""
    known = list(items)
    more = f" and {len(known) - show:,} more" if len(known) > show else ""
    return "; ".join(known[:show]) + more


def counted(number: int, noun: str) -> str:
    """A count with its noun: "1 bar", "1,200 bars"."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def percent(share: float) -> str:
    """A share from 0 to 1 as a percentage of up to three significant figures."""
    return f"{100 * share:.3g} %"
