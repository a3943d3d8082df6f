"""What came of each candidate: the engine's own trade under each bracket of a grid, with costs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from mlplatform.domain.schema import UTC_US
from mlplatform.domain.series import Series
from mlplatform.domain.tables import LABELS
from mlplatform.setups.entries import entry_columns

if TYPE_CHECKING:
    from mlplatform.execution import EachResult


TRADED_TARGET_ATR = 2.0
"""The target that baseline and model policy trade: models learn from its labels."""


@dataclass(frozen=True)
class LabelRules:
    """The grid of stops and targets, in ATR of the signal bar; every pair is one bracket."""

    stop_grid_atr: tuple[float, ...] = (0.75, 1.0, 1.5, 2.0, 2.5, 3.0)
    target_grid_atr: tuple[float, ...] = (1.0, TRADED_TARGET_ATR, 3.0)

    @property
    def brackets(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Stops (K,) and targets (K,): targets in order within each stop."""
        stops, targets = np.array(self.stop_grid_atr), np.array(self.target_grid_atr)
        return np.repeat(stops, len(targets)), np.tile(targets, len(stops))


def label_candidates(
    series: Series, rules: LabelRules, bars: pl.DataFrame, candidates: pl.DataFrame
) -> pl.DataFrame:
    """Table `labels`: a row a candidate and bracket, each traded alone with the instrument's costs.

    A trade is flat by its session's end, so a label ends within the candidate's period. Where a
    stop or limit order was not entered, or the bars end before the trade closed, everything but
    the bracket is null: not guessed. A win is a target before the stop, positive net of costs.
    """
    if candidates.is_empty():
        return LABELS.empty()
    from mlplatform.execution import Reason

    index = bars.select("ts").with_row_index("bar")
    rows = candidates.join(index, on="ts", how="left", maintain_order="left")
    if rows["bar"].null_count():
        raise ValueError("a candidate has no bar: bars and candidates do not match")
    atr, (stops, targets) = rows["atr_points"].to_numpy(), rules.brackets
    each = _traded_alone(series, rules, bars, rows)
    # A bar longer than what is left of its session ends with it.
    known_at = pl.min_horizontal(pl.col("ts") + series.timeframe.delta, "session_end")
    ends = bars.select(known_at).to_series()
    ends = ends.gather(np.where(each.complete, each.exit_bar, 0).ravel())
    won = (each.reason == Reason.TARGET) & (each.net_points > 0)
    known = each.complete.ravel()
    return LABELS.frame(
        {
            "candidate_id": rows["candidate_id"].gather(
                np.repeat(np.arange(len(rows)), len(stops))
            ),
            "stop_atr": np.tile(stops, len(rows)),
            "target_atr": np.tile(targets, len(rows)),
            "label_end": _known(known, ends.cast(UTC_US)),
            "net_atr": _known(known, pl.Series((each.net_points / atr[:, None]).ravel())),
            "r": _known(known, pl.Series(each.r.ravel())),
            "is_win": _known(known, pl.Series(won.ravel())),
            "mae_points": _known(known, pl.Series(each.mae_points.ravel())),
            "mfe_points": _known(known, pl.Series(each.mfe_points.ravel())),
        }
    )


def at_traded_target(labels: pl.DataFrame) -> pl.DataFrame:
    """The labels of the target that policies trade: a row a candidate and stop."""
    return labels.filter(pl.col("target_atr") == TRADED_TARGET_ATR)


def mean_by_bracket(labels: pl.DataFrame) -> pl.DataFrame:
    """What every constant bracket would have made of all candidates: `stop_atr`, `target_atr`,
    `known` labels, `win_rate`, `mean_net_atr`.
    """
    known = labels.drop_nulls("label_end").group_by("stop_atr", "target_atr")
    figures = known.agg(
        known=pl.len(), win_rate=pl.col("is_win").mean(), mean_net_atr=pl.col("net_atr").mean()
    )
    return figures.sort("stop_atr", "target_atr")


def _traded_alone(
    series: Series, rules: LabelRules, bars: pl.DataFrame, rows: pl.DataFrame
) -> "EachResult":
    """Each candidate with its setup's order as if no other existed, under each bracket."""
    from mlplatform.execution import BarArrays, OrderKind, Orders, Rules, Variants, simulate_each

    # Distances of one ATR: the variants' multiples are then in ATR.
    atr = rows["atr_points"].to_numpy()
    orders = Orders(
        rows["bar"].to_numpy().astype(np.int64),
        rows["side"].to_numpy(),
        stop_points=atr,
        target_points=atr,
        **entry_columns(rows, OrderKind),
    )
    variants = Variants(*rules.brackets)
    arrays = BarArrays.from_frame(bars, series.timeframe)
    return simulate_each(arrays, orders, variants, Rules.for_instrument(series.instrument))


def _known(known: npt.NDArray[np.bool_], values: pl.Series) -> pl.Series:
    """Null where the trade did not complete."""
    return pl.select(pl.when(pl.Series(known)).then(values)).to_series()
