"""The rows of a comparison as people read them, for the console and the page."""

from typing import TYPE_CHECKING

from mlplatform.metrics.bootstrap import Interval
from mlplatform.metrics.undefined import Metric, Undefined
from mlplatform.reports.wording import NONE, WORDING, in_unit
from mlplatform.studies.comparison.value import Comparison, TradeGroup

if TYPE_CHECKING:
    from rich.table import Table

HEADINGS = ("Figure", "A", "B", "B − A", "98 % interval")
_OWN = {"mean_day_usd": ("Mean day", "usd_cents")}
"""Figures that a summary does not have: label and unit."""


def figure_rows(found: Comparison) -> list[tuple[str, ...]]:
    """A row a figure: label, A, B, difference, and the interval of the difference."""
    return [
        (
            label_of(name),
            _cell(name, found.figures_a[name]),
            _cell(name, found.figures_b[name]),
            _signed(name, found.gaps[name]),
            bounds(name, found.differences[name]),
        )
        for name in found.gaps
    ]


def trade_rows(found: Comparison) -> list[tuple[str, ...]]:
    """What each makes of the shared trades, and of those that the other did not make."""
    rows = [
        ("Both made, as A made them", found.same.a),
        ("Both made, as B made them", found.same.b),
        ("Only A made", found.only_a),
        ("Only B made", found.only_b),
    ]
    return [(label, *_group(group)) for label, group in rows]


TRADE_HEADINGS = ("Trades", "Count", "Net", "Expectancy", "Win rate")


def shared_line(found: Comparison) -> str:
    """What the shared trades say in a sentence."""
    same = found.same
    if not same.a.trades:
        return "They share no trade."
    told = (
        f"They share {same.a.trades:,} trade{'s' * (same.a.trades != 1)}, "
        f"{same.same_exit:,} with the same exit"
    )
    gap = same.difference_r
    if isinstance(gap, Undefined):
        return f"{told}; no interval of their difference: {gap.reason}."
    return (
        f"{told}; on these B − A is {_signed('expectancy_r', gap.value)} a trade "
        f"(98 % interval {bounds('expectancy_r', gap)})."
    )


def setting_rows(found: Comparison) -> list[tuple[str, str, str]]:
    """The settings that differ."""
    return [(name, _plain(a), _plain(b)) for name, a, b in found.settings]


def label_of(name: str) -> str:
    """A figure's name for people."""
    return _OWN[name][0] if name in _OWN else WORDING[name].label


def bounds(name: str, interval: Interval | Undefined) -> str:
    """The interval's bounds; a dash where it does not exist."""
    if isinstance(interval, Undefined):
        return NONE
    low, high = _signed(name, interval.low), _signed(name, interval.high)
    unit = high.partition(" ")[2]
    return f"{low.removesuffix(unit).rstrip()} to {high}" if unit else f"{low} to {high}"


def comparison_tables(found: Comparison) -> "list[Table]":
    """What the command prints."""
    from rich.table import Table

    tables = []
    for headings, rows in (
        (HEADINGS, figure_rows(found)),
        (TRADE_HEADINGS, trade_rows(found)),
        (("Setting that differs", "A", "B"), setting_rows(found)),
    ):
        table = Table()
        for place, heading in enumerate(headings):
            table.add_column(heading, justify="right" if place else "left", no_wrap=True)
        for row in rows:
            table.add_row(*row)
        if rows:
            tables.append(table)
    return tables


def _unit(name: str) -> str:
    return _OWN[name][1] if name in _OWN else WORDING[name].unit


def _cell(name: str, figure: Metric) -> str:
    return NONE if isinstance(figure, Undefined) else in_unit(figure, _unit(name))


def _signed(name: str, figure: Metric) -> str:
    if isinstance(figure, Undefined):
        return NONE
    told = in_unit(figure, _unit(name))
    is_more = figure > 0 and any(digit in told for digit in "123456789")
    return f"+{told}" if is_more else told


def _group(group: TradeGroup) -> tuple[str, ...]:
    return (
        f"{group.trades:,}",
        in_unit(group.net_usd, "usd"),
        _cell("expectancy_r", group.expectancy_r),
        _cell("win_rate", group.win_rate),
    )


def _plain(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_plain(item) for item in value) or NONE
    return NONE if value is None or value == "" else str(value)
