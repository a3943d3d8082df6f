"""What the trades' spread, luck and order came to, in rows that people read."""

from collections.abc import Mapping

from mlplatform.metrics.undefined import Metric, Undefined
from mlplatform.reports.rows import Cell, MetricRow
from mlplatform.reports.segment_rows import figure, ml_first
from mlplatform.reports.wording import POLICY_LABELS, in_unit, told
from mlplatform.studies.segments.analysis import Segments
from mlplatform.studies.segments.contribution import Contribution
from mlplatform.studies.segments.decay import Decay
from mlplatform.studies.segments.trade_order import TradeOrder

_QUANTILES = {"p01": "1 % end below", "p05": "5 % end below", "p95": "5 % end above"}
_QUANTILES |= {"p99": "1 % end above"}
_ORDERS = {"p50": "Half of the orders stay below", "p95": "95 % stay below"}
_ORDERS |= {"p99": "99 % stay below"}


def spread_rows(found: Segments) -> list[MetricRow]:
    """How R is spread, by policy."""
    r = found.distribution
    rows = [
        _row(label, {p: r[p].quantiles[name] for p in found.policies}, "r2")
        for name, label in _QUANTILES.items()
    ]
    return [
        *rows,
        _row("Worst trade", {p: r[p].worst_r for p in found.policies}, "r2"),
        _row("Best trade", {p: r[p].best_r for p in found.policies}, "r2"),
        _row(
            "Share of all winnings by the best 5 %",
            {p: r[p].best_twentieth_frac for p in found.policies},
            "share",
        ),
    ]


def excursion_rows(found: Segments) -> list[MetricRow]:
    """How far trades went for and against, by policy."""
    gone = found.excursions
    return [
        _row(
            "Winners had been behind (median)",
            {p: gone[p].winners_mae_r for p in found.policies},
            "r2",
        ),
        _row(
            "Losers had been ahead (median)",
            {p: gone[p].losers_mfe_r for p in found.policies},
            "r2",
        ),
        _row(
            "Losers that had been 1 R ahead",
            {p: gone[p].losers_up_one_r_frac for p in found.policies},
            "share",
        ),
        _row("Mean MFE / mean MAE", {p: gone[p].edge_ratio for p in found.policies}, "ratio"),
        _row(
            "Of the best excursion, kept", {p: gone[p].kept_frac for p in found.policies}, "share"
        ),
    ]


def left_rows(found: Contribution) -> list[MetricRow]:
    """What is left of ML without its best and its worst trades."""
    return [
        MetricRow(
            row.what.capitalize(),
            (
                Cell(in_unit(row.trades, "count")),
                Cell(in_unit(row.net_usd, "plain")),
                figure(row.expectancy_r, "r2"),
                figure(row.profit_factor, "ratio"),
            ),
        )
        for row in found.rows
    ]


def concentration_line(found: Contribution) -> str:
    """How many trades the result hangs on; empty where there is no trade."""
    if not found.rows:
        return ""
    if isinstance(found.best_five_frac, Undefined) or isinstance(found.trades_of_net, Undefined):
        return "ML made no net profit, so there is nothing that a few trades could have made."
    needed = int(found.trades_of_net)
    share = in_unit(found.best_five_frac, "share")
    trades = "trade alone makes" if needed == 1 else f"{needed:,} trades alone make"
    return (
        f"ML's best {trades} as much as all {found.rows[0].trades:,} together; the best five make"
        f" {share} of the net profit."
    )


def order_rows(orders: Mapping[str, TradeOrder | Undefined]) -> list[MetricRow]:
    """The drawdown as traded, and what other orders would have shown."""
    rows = [_order_row("As traded", orders, lambda order: order.actual_frac, "frac")]
    for name, label in _ORDERS.items():
        rows.append(_order_row(label, orders, lambda o, n=name: o.drawdown_frac[n], "frac"))
    rows.append(_order_row("The same in USD", orders, lambda o: o.drawdown_usd["p99"], "plain"))
    rows.append(_order_row("Orders worse than traded", orders, lambda o: o.deeper_frac, "share"))
    for n, limit in ((1, 10), (2, 20)):
        label = f"Orders beyond {limit} %"
        rows.append(_order_row(label, orders, lambda o, n=n: o.beyond[n][1], "frac"))
    return rows


def decay_lines(decay: Mapping[str, Decay]) -> list[str]:
    """Whether each policy's expectancy fades, a sentence each."""
    lines = []
    for name in ml_first(decay):
        found, label = decay[name], POLICY_LABELS[name]
        made = f"{label} made money in {found.profitable_windows} of {found.traded_windows} windows"
        halves = (
            f"{told(found.first_half_r, 'r2')} a trade in the first half of the windows,"
            f" {told(found.second_half_r, 'r2')} in the second"
        )
        if not found.traded_windows:
            lines.append(f"{label} traded in no window.")
        elif isinstance(found.slope_r, Undefined):
            lines.append(f"{made}; {halves}. No trend: {found.slope_r.reason}.")
        else:
            lines.append(f"{made}; {halves}. Change from window to window: {_slope(found)}.")
    return lines


def _slope(found: Decay) -> str:
    if isinstance(found.slope_r_low, Undefined) or isinstance(found.slope_r_high, Undefined):
        return told(found.slope_r, "r")
    low, high = found.slope_r_low, found.slope_r_high
    word = "fades" if high < 0.0 else "grows" if low > 0.0 else "no clear trend"
    bounds = f"{in_unit(low, 'r').removesuffix(' R')} to {in_unit(high, 'r')}"
    return f"{told(found.slope_r, 'r')} (95 % interval {bounds}): {word}"


def _row(label: str, figures: Mapping[str, Metric], unit: str) -> MetricRow:
    return MetricRow(label, tuple(figure(each, unit) for each in figures.values()))


def _order_row(
    label: str, orders: Mapping[str, TradeOrder | Undefined], of: object, unit: str
) -> MetricRow:
    assert callable(of)
    figures = {p: o if isinstance(o, Undefined) else of(o) for p, o in orders.items()}
    return _row(label, figures, unit)
