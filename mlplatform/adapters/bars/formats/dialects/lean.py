"""LEAN's zips, without header: milliseconds since midnight (minutes and seconds) or full times
(hours and days); the contract, and the date of the former, stand in the member's name.

Source: https://www.quantconnect.com/docs/v2/lean-engine/data-format. Midnight is that of the data
time zone, which LEAN's market-hours database gives as UTC for the futures of the CME.
"""

import re

from mlplatform.adapters.bars.formats.dialect import Dialect, Sample, positions

_MEMBER = re.compile(
    r"(?P<day>\d{8})_(?P<root>[a-z0-9]+)_(?P<unit>tick|second|minute)_(?P<what>trade|quote|openinterest)"
    r"_(?P<year>20\d\d)(?P<month>\d\d)(_\d{8})?\.csv"
)
_LONG_MEMBER = re.compile(
    r"(?P<root>[a-z0-9]+)_trade_(?P<year>20\d\d)(?P<month>\d\d)(_\d{8})?\.csv"
)
"""Hours and days: all dates of a contract in one member, written in full."""
_FRAMES = {"second": "1s", "minute": "1m"}
_NUMBER = r"-?[\d.]*"


def _part(sample: Sample, name: str) -> str:
    member = sample.member.rpartition("/")[2].lower()
    match = _MEMBER.fullmatch(member) or _LONG_MEMBER.fullmatch(member)
    return match.groupdict().get(name, "") if match else ""


def _contract(sample: Sample) -> str:
    return f"{_part(sample, 'root').upper()} {_part(sample, 'month')}-{_part(sample, 'year')}"


def _is(sample: Sample, what: str, cells: int) -> bool:
    shaped = sample.looks(r"\d{1,8}", *[_NUMBER] * cells)
    return shaped and _part(sample, "what") == what and _part(sample, "unit") != "tick"


BARS = Dialect(
    vendor="LEAN trade bars",
    recognises=lambda sample: _is(sample, "trade", 5),
    columns=positions("ts", "open", "high", "low", "close", "volume"),
    clock="UTC",
    label="start",
    timeframe=lambda sample: _FRAMES.get(_part(sample, "unit")),
    contract=_contract,
    day=lambda sample: _part(sample, "day"),
)
LONG_BARS = Dialect(
    vendor="LEAN trade bars",
    recognises=lambda sample: (
        sample.looks(r"\d{8} \d\d:\d\d", *[_NUMBER] * 5)
        and _LONG_MEMBER.fullmatch(sample.member.rpartition("/")[2].lower()) is not None
    ),
    columns=positions("ts", "open", "high", "low", "close", "volume"),
    clock="UTC",
    label="start",
    contract=_contract,
)
QUOTES = Dialect(
    vendor="LEAN quote bars",
    recognises=lambda sample: _is(sample, "quote", 10) or _is(sample, "openinterest", 1),
    columns={},
    refusal="holds quotes or open interest, not trades: give LEAN's ..._trade.zip files.",
)
