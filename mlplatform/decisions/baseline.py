"""The static ATR algorithm, and its blind twin: what every model has to beat."""

import hashlib

import numpy as np
import polars as pl

from mlplatform.decisions.plans import BASELINE_STOP_ATR, TARGET_ATR, Plan, decisions_of
from mlplatform.domain.tables import CANDIDATES

BASELINE_FINGERPRINT = f"atr-{BASELINE_STOP_ATR}-{TARGET_ATR}"


def baseline_decisions(candidates: pl.DataFrame, policy: str = "baseline") -> pl.DataFrame:
    """Every candidate with one contract, stop 1.5 and target 2 ATR of the signal bar."""
    n = candidates.height
    plan = Plan(np.ones(n, np.bool_), np.ones(n, np.int64), np.full(n, BASELINE_STOP_ATR))
    return decisions_of(policy, BASELINE_FINGERPRINT, candidates, plan)


def random_candidates(
    bars: pl.DataFrame, features: pl.DataFrame, candidates: pl.DataFrame, seed_parts: str
) -> pl.DataFrame:
    """As many candidates as there are, at random regular-hours bars and random sides.

    What the same bracket earns, entered at market, without any idea of when to trade. Drawn from
    `seed_parts`, such as "7:random_entry:MES-1m:2025-06".
    """
    pool = bars.join(features.select("ts", "atr14"), on="ts", how="inner", maintain_order="left")
    last = pl.col("session_end") - pl.duration(minutes=30)
    pool = pool.filter(pl.col("session") == "rth", pl.col("atr14") > 0, pl.col("ts") < last)
    seed = int.from_bytes(hashlib.sha256(seed_parts.encode()).digest()[:8], "little")
    generator = np.random.default_rng(seed)
    wanted = min(candidates.height, pool.height)
    rows = np.sort(generator.choice(pool.height, size=wanted, replace=False))
    sides = generator.choice(np.array([-1, 1], np.int8), size=wanted)
    picked = pool[rows].with_columns(
        candidate_id=pl.format(
            "{}:random:{}", pl.lit(seed_parts), pl.col("ts").dt.strftime("%Y%m%dT%H%M%S")
        ),
        setup=pl.lit("random"),
        side=pl.Series(sides, dtype=pl.Int8),
        reference_price="close",
        atr_points="atr14",
        order_type=pl.lit("market"),
        order_price=pl.lit(None, pl.Float64),
        expiry_bars=pl.lit(0, pl.Int32),
    )
    return CANDIDATES.frame(picked)
