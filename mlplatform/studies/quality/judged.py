"""Every candidate that the ML policy judged, with what the engine makes of it alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from mlplatform.decisions.plans import TARGET_ATR
from mlplatform.decisions.policy import unpack
from mlplatform.domain.series import Series
from mlplatform.setups.entries import entry_columns

if TYPE_CHECKING:
    from mlplatform.execution import BarArrays, EachResult

_SHARED = ("candidate_id", "ts", "setup", "side", "period", "probability", "threshold", "take")


@dataclass(frozen=True)
class Comparator:
    """What a window's models have to beat, known before the window began."""

    base_rate: float
    """Share of wins among the candidates that the entry model was calibrated on."""
    constant_atr: float
    """The stop with the best mean outcome over the training candidates."""


def comparators_of(policies: pl.DataFrame) -> dict[str, Comparator]:
    """By period, from table `policies`; a window that fell back to the baseline has none."""
    found = {}
    for period, payload in policies.sort("period").select("period", "payload").iter_rows():
        if payload is not None:
            policy = unpack(payload)
            found[period] = Comparator(
                policy.entry.metrics.scores.base_rate, policy.stop.metrics.constant_atr
            )
    return found


def judged_candidates(
    series: Series,
    bars: pl.DataFrame,
    decisions: pl.DataFrame,
    comparators: Mapping[str, Comparator],
) -> pl.DataFrame:
    """A row a candidate of the windows that have models, in order of time.

    Columns: those of table `decisions` that name and judge it; `stop_atr` that the policy chose
    and `net_r`, `is_win` of one contract under it; `constant_atr` of its window's comparator and
    `constant_net_r` under that; `base_rate`. Results are net of costs, null where
    the order was not entered or the bars end before its exit. `decisions` carry their `period`.
    """
    known = pl.DataFrame(
        {
            "period": list(comparators),
            "base_rate": [item.base_rate for item in comparators.values()],
            "constant_atr": [item.constant_atr for item in comparators.values()],
        },
        schema={"period": pl.String, "base_rate": pl.Float64, "constant_atr": pl.Float64},
    )
    index = bars.select("ts").with_row_index("bar")
    rows = (
        decisions.filter(pl.col("policy") == "ml", pl.col("probability").is_not_null())
        .sort("ts", "setup", "candidate_id")
        .join(known, on="period", how="inner", maintain_order="left")
        .join(index, on="ts", how="left", maintain_order="left")
        .with_columns(atr_points=pl.col("target_points") / TARGET_ATR)
        .with_columns(stop_atr=pl.col("stop_points") / pl.col("atr_points"))
    )
    if rows["bar"].null_count():
        raise ValueError("a decision has no bar: bars and decisions do not match")
    told = rows.select(*_SHARED, "stop_atr", "constant_atr", "base_rate")
    return told.with_columns(_results(series, bars, rows))


def _results(series: Series, bars: pl.DataFrame, rows: pl.DataFrame) -> list[pl.Series]:
    """Under the policy's stop, and under the constant one."""
    if rows.is_empty():
        empty = {"net_r": pl.Float64, "is_win": pl.Boolean, "constant_net_r": pl.Float64}
        return list(pl.DataFrame(schema=empty).get_columns())
    from mlplatform.execution import BarArrays, Reason

    arrays = BarArrays.from_frame(bars, series.timeframe)
    atr = rows["atr_points"].to_numpy()
    own = _alone(series, arrays, rows, rows["stop_points"].to_numpy())
    plain = _alone(series, arrays, rows, rows["constant_atr"].to_numpy() * atr)
    won = (own.reason == Reason.TARGET) & (own.net_points > 0)
    return [
        _known("net_r", own.r[:, 0]),
        _where_complete("is_win", own.complete[:, 0], won[:, 0]),
        _known("constant_net_r", plain.r[:, 0]),
    ]


def _alone(
    series: Series, bars: "BarArrays", rows: pl.DataFrame, stop_points: np.ndarray
) -> "EachResult":
    """Each row's order as if no other existed, with this stop and its own target."""
    from mlplatform.execution import OrderKind, Orders, Rules, Variants, simulate_each

    orders = Orders(
        rows["bar"].to_numpy().astype(np.int64),
        rows["side"].to_numpy(),
        stop_points=stop_points,
        target_points=rows["target_points"].to_numpy(),
        **entry_columns(rows, OrderKind),
    )
    return simulate_each(bars, orders, Variants(), Rules.for_instrument(series.instrument))


def _where_complete(name: str, complete: np.ndarray, values: np.ndarray) -> pl.Series:
    return pl.select(pl.when(pl.Series(complete)).then(pl.Series(values)).alias(name))[name]


def _known(name: str, values: np.ndarray) -> pl.Series:
    return pl.Series(name, values, dtype=pl.Float64).fill_nan(None)
