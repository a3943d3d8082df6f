"""A comparison as one HTML page without script: its chart is drawn in SVG."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, floor, log10

from mlplatform.metrics.undefined import Undefined
from mlplatform.reports.comparison_rows import (
    HEADINGS,
    TRADE_HEADINGS,
    bounds,
    figure_rows,
    setting_rows,
    shared_line,
    trade_rows,
)
from mlplatform.reports.rendering import rendered, template_text
from mlplatform.reports.wording import in_unit
from mlplatform.studies.comparison.value import Comparison

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 1000, 400, 110, 24, 56
_TICKS = 6
"""Steps of the scale, about."""


@dataclass(frozen=True)
class _Tick:
    y: float
    label: str


@dataclass(frozen=True)
class _Line:
    name: str
    path: str


@dataclass(frozen=True)
class _Chart:
    ticks: tuple[_Tick, ...]
    lines: tuple[_Line, ...]
    width: int = _WIDTH
    height: int = _HEIGHT
    left: int = _LEFT


def comparison_html(found: Comparison) -> str:
    """The whole page; equal comparisons give equal pages."""
    return rendered(
        "comparison.html",
        (),
        found=found,
        basis=basis(found),
        chart=_chart(found),
        headings=HEADINGS,
        figures=figure_rows(found),
        trade_headings=TRADE_HEADINGS,
        trades=trade_rows(found),
        shared=shared_line(found),
        settings=setting_rows(found),
        style=template_text("comparison.css"),
    )


def basis(found: Comparison) -> str:
    """The figures that the sentence rests on."""
    interval = found.differences["mean_day_usd"]
    if isinstance(interval, Undefined):
        return f"No interval of the difference: {interval.reason}."
    gap = in_unit(interval.value, "usd_cents")
    return (
        f"The difference of the mean day, B minus A: {gap} (98 % interval "
        f"{bounds('mean_day_usd', interval)}), over {len(found.days):,} trading days."
    )


def _chart(found: Comparison) -> _Chart:
    a, b = (list(accumulate(net, initial=0.0)) for net in (found.net_a_usd, found.net_b_usd))
    gap = [other - own for own, other in zip(a, b, strict=True)]
    low, high = min(*a, *b, *gap), max(*a, *b, *gap)
    reach = (high - low) or 1.0

    def y(value: float) -> float:
        return round(_TOP + (high - value) / reach * (_HEIGHT - _TOP - _BOTTOM), 1)

    ticks = tuple(_Tick(y(level), in_unit(level, "plain")) for level in _levels(low, high))
    lines = (("gap", gap), ("a", a), ("b", b))
    return _Chart(ticks, tuple(_Line(name, _path(values, y)) for name, values in lines))


def _levels(low: float, high: float) -> list[float]:
    """Round numbers from `low` to `high`, among them 0: steps of 1, 2 or 5 times a power of 10."""
    rough = (high - low) / _TICKS
    if rough < 1.0:
        return [0.0]
    power = 10.0 ** floor(log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough)
    return [n * step for n in range(ceil(low / step), floor(high / step) + 1)]


def _path(values: Sequence[float], y: Callable[[float], float]) -> str:
    step = (_WIDTH - _LEFT) / max(len(values) - 1, 1)
    return "M" + "L".join(f"{_LEFT + n * step:.1f},{y(v)}" for n, v in enumerate(values))
