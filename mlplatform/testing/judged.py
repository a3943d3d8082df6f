"""Seeded studies that also hold what the models judged: candidates, regimes, parameters."""

from dataclasses import replace

import numpy as np
import polars as pl

from mlplatform.studies.result import StudyResult
from mlplatform.studies.segments.keys import UNKNOWN
from mlplatform.testing.studies import StudyPlan, fake_study


def judged_study(plan: StudyPlan | None = None) -> StudyResult:
    """The fake study of a plan with everything that the report can show; same plan, same study."""
    study = fake_study(plan)
    rng = np.random.default_rng((plan or StudyPlan()).seed + 1)
    periods = [window.period for window in study.windows]
    return replace(
        study,
        windows=tuple(replace(window, trials_run=30) for window in study.windows),
        candidates=_candidates(rng, study),
        regimes=_regimes(rng, study),
        parameters=_parameters(rng, periods),
    )


def _candidates(rng: np.random.Generator, study: StudyResult) -> pl.DataFrame:
    """Each baseline trade as a candidate; the better its outcome, the likelier it was taken."""
    trades = study.policies["baseline"].trades
    score = 0.45 + 0.06 * trades["r"].to_numpy() + rng.normal(0, 0.08, trades.height)
    return trades.select(
        "candidate_id",
        pl.col("decision_ts").alias("ts"),
        "setup",
        "side",
        pl.col("decision_ts").dt.strftime("%Y-%m").alias("period"),
        pl.Series("probability", np.clip(score, 0.02, 0.98), dtype=pl.Float64),
        pl.lit(0.45).alias("threshold"),
        pl.Series("take", score > 0.45, dtype=pl.Boolean),
        pl.col("r").alias("net_r"),
    )


def _regimes(rng: np.random.Generator, study: StudyResult) -> pl.DataFrame:
    days = study.buy_and_hold["session_date"]
    trend = rng.choice(["up", "flat", "down"], len(days), p=[0.3, 0.5, 0.2])
    volatility = rng.choice(["calm", "usual", "wild"], len(days)).tolist()
    volatility[:5] = [UNKNOWN] * min(5, len(days))
    text = {"trend": trend.tolist(), "volatility": volatility}
    return pl.DataFrame(
        {"session_date": days, **{name: pl.Series(v, dtype=pl.String) for name, v in text.items()}}
    )


def _parameters(rng: np.random.Generator, periods: list[str]) -> pl.DataFrame:
    n = len(periods)
    values = {
        "threshold": 0.45 + rng.normal(0, 0.02, n),
        "mean_probability": 0.46 + rng.normal(0, 0.02, n),
        "taken_frac": 0.5 + rng.normal(0, 0.08, n),
        "stop_of_baseline": 1.0 + rng.normal(0, 0.1, n),
        "contracts": 1.5 + rng.random(n),
    }
    return pl.DataFrame(
        {
            "period": periods * len(values),
            "parameter": [name for name in values for _ in periods],
            "value": np.concatenate(list(values.values())),
        },
        schema={"period": pl.String, "parameter": pl.String, "value": pl.Float64},
    )
