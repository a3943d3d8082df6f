"""From a policy's view of candidates to order plans: table `decisions`."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from mlplatform.domain.tables import DECISIONS

BASELINE_STOP_ATR = 1.5
TARGET_ATR = 2.0
"""The static algorithm's bracket; the ML policy keeps the target and chooses the stop."""
_ENTRY = ("order_type", "order_price", "expiry_bars")
"""How the setup wants to be entered: no policy changes it."""


@dataclass(frozen=True)
class Plan:
    """What a policy wants for each candidate; arrays in the candidates' order."""

    take: npt.NDArray[np.bool_]
    contracts: npt.NDArray[np.int64]
    stop_atr: npt.NDArray[np.float64]
    probability: npt.NDArray[np.float64] | None = None
    threshold: float | None = None
    model_stop_atr: npt.NDArray[np.float64] | None = None
    """The stop before shaping."""
    last_stop: tuple[float, int] | None = None
    """The last smoothed stop, ATR, and its decision time, microseconds: for the next plan."""


def decisions_of(
    policy: str, fingerprint: str, candidates: pl.DataFrame, plan: Plan, period: str = ""
) -> pl.DataFrame:
    """Table `decisions` of one policy over candidates of a window; contracts are 0 where it does
    not trade.
    """
    atr = candidates["atr_points"].to_numpy()
    take = plan.take & (plan.contracts > 0)
    return DECISIONS.frame(
        candidates.select("candidate_id", "ts", "setup", "side", *_ENTRY).with_columns(
            policy=pl.lit(policy),
            period=pl.lit(period),
            take=pl.Series(take, dtype=pl.Boolean),
            contracts=pl.Series(np.where(take, plan.contracts, 0), dtype=pl.Int32),
            stop_points=pl.Series(plan.stop_atr * atr, dtype=pl.Float64),
            target_points=pl.Series(TARGET_ATR * atr, dtype=pl.Float64),
            probability=pl.Series(plan.probability, dtype=pl.Float64)
            if plan.probability is not None
            else pl.lit(None, pl.Float64),
            threshold=pl.lit(plan.threshold, pl.Float64),
            policy_fingerprint=pl.lit(fingerprint),
        )
    )
