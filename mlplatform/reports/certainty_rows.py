"""How sure the study is, in rows that people read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from mlplatform.decisions.exits import STRATEGY
from mlplatform.metrics.undefined import Metric, Undefined
from mlplatform.reports.rows import Cell
from mlplatform.reports.sparks import Bar, Scale, interval_svg
from mlplatform.reports.wording import NONE, POLICY_LABELS, WORDING, Wording, in_unit, told
from mlplatform.studies.certainty import Certainty, CostRow, Interval
from mlplatform.studies.certainty.value import Intervals
from mlplatform.studies.segments.trade_order import TradeOrder

_EXTRA = {"mean_day_usd": Wording("Mean day", "usd_cents", "")}


@dataclass(frozen=True)
class IntervalCell:
    """A figure, and beneath it the bounds between which it lies; `reason` where there are none."""

    value: str
    bounds: str
    reason: str = ""
    is_sure: bool = False
    """Of a difference: the bounds do not hold zero."""


@dataclass(frozen=True)
class IntervalLine:
    """A figure of baseline and a policy and their difference, with the difference drawn."""

    label: str
    baseline: IntervalCell
    policy: IntervalCell
    difference: IntervalCell
    drawing: Markup


@dataclass(frozen=True)
class IntervalTable:
    """A policy by name against the baseline: every figure that was resampled."""

    name: str
    lines: tuple[IntervalLine, ...]


@dataclass(frozen=True)
class Question:
    """A doubt in plain words, the figure that answers it, and what the figure means."""

    asked: str
    figure: Cell
    meaning: str
    kind: str
    """good, bad or open: how the figure speaks."""


@dataclass(frozen=True)
class CostLine:
    """The policies under some costs; `is_actual` marks the costs that were traded."""

    label: str
    nets: tuple[Cell, ...]
    """By policy, in the order of the study."""
    ml_r: Cell
    ml_sharpe: Cell
    is_actual: bool


def interval_tables(found: Certainty) -> list[IntervalTable]:
    """ML against the baseline, then a strategy's own exits, where the study has them."""
    tables = [_interval_table("ml", found.baseline, found.ml, found.difference)]
    if found.strategy is not None and found.strategy_difference is not None:
        of = (found.baseline, found.strategy, found.strategy_difference)
        tables.append(_interval_table(STRATEGY, *of))
    return tables


def _interval_table(
    policy: str, baseline: Intervals, own: Intervals, difference: Intervals
) -> IntervalTable:
    label, lines = POLICY_LABELS[policy], []
    for name in difference:
        if name == "net_usd":  # the mean day says the same per day
            continue
        wording = _EXTRA.get(name) or WORDING[name]
        cells = [_interval_cell(part[name], wording.unit) for part in (baseline, own, difference)]
        words = f"{wording.label}, {label} minus baseline"
        drawing = Markup(_drawn(policy, difference[name], words))
        lines.append(IntervalLine(wording.label, cells[0], cells[1], cells[2], drawing))
    return IntervalTable(label, tuple(lines))


def bounds_of(intervals: Mapping[str, Interval | Undefined], name: str, unit: str) -> str:
    """The bounds of one figure in short; empty where there are none."""
    interval = intervals.get(name)
    return _bounds(interval, unit) if isinstance(interval, Interval) else ""


def _interval_cell(interval: Interval | Undefined, unit: str) -> IntervalCell:
    if isinstance(interval, Undefined):
        return IntervalCell(NONE, "", interval.reason)
    sure = interval.low > 0.0 or interval.high < 0.0
    return IntervalCell(in_unit(interval.value, unit), _bounds(interval, unit), is_sure=sure)


def _bounds(interval: Interval, unit: str) -> str:
    low, high = (in_unit(end, unit).split(" ")[0] for end in (interval.low, interval.high))
    return f"{low} to {high}"


def _drawn(policy: str, interval: Interval | Undefined, words: str) -> str:
    """The difference with zero in the middle: what counts is on which side it lies."""
    if isinstance(interval, Undefined):
        return ""
    edge = max(abs(interval.low), abs(interval.high), 1e-12)
    bar = Bar(policy, interval.value, interval.low, interval.high)
    return interval_svg([bar], Scale(-1.1 * edge, 1.1 * edge), words)


def questions_of(found: Certainty, orders: TradeOrder | Undefined) -> list[Question]:
    """The tests beyond the intervals, as questions that a sceptic asks."""
    rows = [
        _probability(
            "Is ML's true Sharpe ratio above zero?",
            found.psr,
            "Probability of it, skewed and fat-tailed returns allowed for (PSR).",
        ),
        _deflated(found),
    ]
    return [*rows, _overfitting(found), _scores(found), _break_even(found), _ready(orders)]


def _probability(asked: str, figure: Metric, meaning: str) -> Question:
    if isinstance(figure, Undefined):
        return Question(asked, Cell(NONE, figure.reason), figure.reason, "open")
    kind = "good" if figure >= 0.95 else "bad" if figure < 0.5 else "open"
    return Question(asked, Cell(_per_cent(figure)), meaning, kind)


def _per_cent(share: float) -> str:
    """A probability: what is nearly sure is not called sure."""
    if share > 0.999:
        return "> 99.9 %"
    return "< 0.1 %" if share < 0.001 else in_unit(share, "frac")


def _deflated(found: Certainty) -> Question:
    """The severest reading; it speaks for ML, never against it: the trials saw no tested day."""
    deflated, earlier = found.with_earlier, found.earlier_studies
    words = f" and of {earlier:,} earlier {'study' if earlier == 1 else 'studies'}"
    meaning = (
        "Deflated Sharpe ratio (DSR), the severest reading: the best of so many without skill"
        f" shows {told(deflated.sr0, 'ratio')}."
    )
    if earlier and not isinstance(found.looks.dsr, Undefined):
        meaning += f" Counting only the studies: {_per_cent(found.looks.dsr)}."
    row = _probability(
        f"And had the {deflated.trials:,} trials of its searches{words if earlier else ''} seen"
        " these days?",
        deflated.dsr,
        meaning,
    )
    return replace(row, kind="open") if row.kind == "bad" else row


def _overfitting(found: Certainty) -> Question:
    asked = "Would the best choice have stayed a good one?"
    if isinstance(found.pbo, Undefined):
        return Question(asked, Cell(NONE, found.pbo.reason), found.pbo.reason, "open")
    kind = "good" if found.pbo < 0.2 else "bad" if found.pbo >= 0.5 else "open"
    meaning = (
        f"Probability of overfitting (PBO): how often the best of {found.pbo_variants} variants of"
        " setup and threshold in one half of the days is below the median in the other."
    )
    return Question(asked, Cell(_per_cent(found.pbo)), meaning, kind)


def _scores(found: Certainty) -> Question:
    asked, test = "Do the entry model's scores know anything?", found.permutation
    if isinstance(test.p, Undefined):
        return Question(asked, Cell(NONE, test.p.reason), test.p.reason, "open")
    kind = "good" if test.p <= 0.05 else "bad" if test.p > 0.2 else "open"
    meaning = (
        f"p: share of {test.resamples:,} shuffles of the scores that do as well. Taken"
        f" {test.taken:,} of {test.candidates:,} candidates at {told(test.mean_taken_r, 'r2')}"
        f" each; all of them: {told(test.mean_all_r, 'r2')}."
    )
    return Question(
        asked, Cell(f"p {test.p:.3f}" if test.p >= 0.001 else "p < 0.001"), meaning, kind
    )


def _break_even(found: Certainty) -> Question:
    asked, multiple = "How much dearer may trading be?", found.break_even_multiple["ml"]
    if isinstance(multiple, Undefined):
        return Question(asked, Cell(NONE, multiple.reason), multiple.reason, "open")
    kind = "good" if multiple >= 2.0 else "bad" if multiple < 1.0 else "open"
    meaning = "The multiple of the costs at which nothing is left of ML's result."
    return Question(asked, Cell(f"{in_unit(multiple, 'ratio')} x"), meaning, kind)


def _ready(order: TradeOrder | Undefined) -> Question:
    asked = "Which drawdown to be ready for?"
    if isinstance(order, Undefined):
        return Question(asked, Cell(NONE, order.reason), order.reason, "open")
    deep = order.drawdown_frac["p99"]
    meaning = (
        f"One order of the same trades in a hundred goes deeper; as traded it was"
        f" {in_unit(order.actual_frac, 'frac')}."
    )
    kind = "good" if deep < 0.1 else "bad" if deep > 0.25 else "open"
    return Question(asked, Cell(in_unit(deep, "frac")), meaning, kind)


def cost_lines(found: Certainty) -> list[CostLine]:
    """Every multiple of the costs, then every slippage shock."""
    return [
        *_cost_lines(found.costs, lambda row: f"{row.multiple:g} x costs"),
        *_cost_lines(
            [row for row in found.slippage if row.extra_ticks > 0.0],
            lambda row: (
                f"+{row.extra_ticks:g} {'tick' if row.extra_ticks == 1 else 'ticks'} slippage"
            ),
        ),
    ]


def _cost_lines(rows: Sequence[CostRow], label: object) -> list[CostLine]:
    assert callable(label)
    by_label: dict[str, dict[str, CostRow]] = {}
    for row in rows:
        by_label.setdefault(label(row), {})[row.policy] = row
    return [
        CostLine(
            label=name,
            nets=tuple(_cell(row.net_usd, "plain") for row in of.values()),
            ml_r=_cell(of["ml"].expectancy_r, "r2"),
            ml_sharpe=_cell(of["ml"].sharpe, "ratio"),
            is_actual=of["ml"].multiple == 1.0 and of["ml"].extra_ticks == 0.0,
        )
        for name, of in by_label.items()
    ]


def _cell(figure: Metric, unit: str) -> Cell:
    return Cell(told(figure, unit), figure.reason if isinstance(figure, Undefined) else "")
