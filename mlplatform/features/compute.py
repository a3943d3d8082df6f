"""Features of a series: period by period, each from its own anchor (law 3)."""

import math
from datetime import date

import polars as pl

from mlplatform.domain.periods import Cadence, PeriodAxis
from mlplatform.domain.series import Timeframe
from mlplatform.features.evaluation import evaluate
from mlplatform.features.graph import FeaturePlan
from mlplatform.market.segments import contract_segment
from mlplatform.market.sessions import bars_a_session

_FEWEST_SESSIONS = {Cadence.MONTH: 18, Cadence.WEEK: 4}
"""Trading days that any period surely has."""


def warmup_sessions(plan: FeaturePlan, timeframe: Timeframe) -> int:
    """Whole sessions of history before a period's first bar; one spare for short sessions."""
    return math.ceil(plan.warmup_bars / bars_a_session(timeframe)) + 1


def warmup_periods(plan: FeaturePlan, timeframe: Timeframe, cadence: Cadence) -> int:
    """How many earlier periods surely hold that history."""
    return math.ceil(warmup_sessions(plan, timeframe) / _FEWEST_SESSIONS[cadence])


def compute_features(plan: FeaturePlan, bars: pl.DataFrame) -> pl.DataFrame:
    """Features of the bars given (table `bars`, sorted): `ts` and one column a feature.

    Each contract is computed by itself, so no difference crosses a roll.
    """
    if bars.is_empty():
        schema = {"ts": bars.schema["ts"], **dict.fromkeys(plan.names, pl.Float64())}
        return pl.DataFrame(schema=schema)
    segment = bars.select(contract_segment()).to_series()
    first = segment.arg_unique().to_list()
    parts = zip(first, [*first[1:], bars.height], strict=True)
    return pl.concat(evaluate(plan, bars[start:end]) for start, end in parts)


def features_of_period(
    plan: FeaturePlan, timeframe: Timeframe, axis: PeriodAxis, period: str, bars: pl.DataFrame
) -> pl.DataFrame:
    """Features of one period's bars, computed from the period's anchor.

    `bars` holds the period and enough of the past; what lies before the anchor is cut off, so that
    the bytes do not depend on how much past was given.
    """
    day = bars["session_date"]
    first, end = (
        int(day.search_sorted(limit)) for limit in (axis.start_of(period), axis.end_of(period))
    )
    start = _anchor(day[:first], warmup_sessions(plan, timeframe))
    return compute_features(plan, bars[start:end])[first - start :]


def features_of_day(
    plan: FeaturePlan, timeframe: Timeframe, axis: PeriodAxis, day: date, bars: pl.DataFrame
) -> pl.DataFrame:
    """Features of one trading day, computed from its period's anchor: the period's own bytes.

    What a day's new bars cost, however long the history in `bars` is. Bars after the day change
    nothing.
    """
    end = int(bars["session_date"].search_sorted(day, "right"))
    first = int(bars["session_date"].search_sorted(day))
    period = features_of_period(plan, timeframe, axis, axis.key_of(day), bars[:end])
    return period.tail(end - first)


def _anchor(earlier: pl.Series, sessions: int) -> int:
    """The row at which so many trading days before a period begin; 0 where there are fewer."""
    # Only as far back as needed is looked at: a history may be ten years long.
    row = len(earlier)
    for _ in range(sessions):
        if row == 0:
            break
        row = int(earlier.search_sorted(earlier[row - 1]))
    return row
