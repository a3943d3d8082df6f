"""Seeded studies whose figures are consistent, for tests of what is made from a study."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

from mlplatform.domain.periods import Cadence, PeriodAxis
from mlplatform.domain.tables import DAILY_EQUITY, TRADES
from mlplatform.studies.result import PolicyResult, Source, StudyResult, Window

POINT_USD = 5.0
"""The multiplier of MES."""
COMMISSION_USD = 1.24
"""Both sides of one contract."""
_SETUPS = ("ema_pullback", "trend_continuation")  # the longest name, for the pages


@dataclass(frozen=True)
class StudyPlan:
    """What a fake study holds. `edge_r` moves the mean result of the ML policy's trades."""

    seed: int = 7
    first: str = "2025-03"
    periods: int = 6
    train_periods: int = 3
    trades_a_day: int = 3
    outcome: str = "mixed"
    """mixed, winners, losers, or flat: every trade makes its commission and nothing else."""
    only: int | None = None
    """At most so many trades of each policy; None for all."""
    edge_r: float = 0.25
    capital_usd: float = 50_000.0
    empty_period: int | None = None
    """Index of a period in which nothing trades."""
    trials_run: int = 30
    """Optuna trials of each window."""


EDGES = {
    "no trades": StudyPlan(only=0),
    "one trade": StudyPlan(only=1),
    "all winners": StudyPlan(outcome="winners"),
    "all losers": StudyPlan(outcome="losers"),
    "zero variance": StudyPlan(outcome="flat"),
    "an empty window": StudyPlan(empty_period=2),
    "no windows": StudyPlan(periods=0),
    "wiped out": StudyPlan(edge_r=-5.0, capital_usd=500.0),
}
"""Plans at the edges of what a study can be, by what is odd about them."""


def fake_study(plan: StudyPlan | None = None) -> StudyResult:
    """A study as the platform would find it: same plan, same study. Equity is the trades' sum."""
    plan = plan or StudyPlan()
    rng = np.random.default_rng(plan.seed)
    axis = PeriodAxis(Cadence.MONTH, plan.first)
    keys = [axis.shift(plan.first, step) for step in range(plan.periods)]
    days = _trading_days(axis, keys)
    empty = keys[plan.empty_period] if plan.empty_period is not None else None
    open_days = [day for day in days if axis.key_of(day) != empty]
    policies = {
        name: _policy(rng, plan, name, days, open_days, edge)
        for name, edge in (("baseline", 0.0), ("ml", plan.edge_r), ("random_entry", -0.08))
    }
    first = axis.start_of(axis.shift(plan.first, -plan.train_periods))
    return StudyResult(
        series="MES-5m",
        cadence="month",
        source=_source(days, first),
        windows=tuple(_window(axis, plan, key, policies["baseline"]) for key in keys),
        policies=policies,
        buy_and_hold=_held(rng, days, plan.capital_usd),
        capital_usd=plan.capital_usd,
        settings={
            "instrument": "MES",
            "timeframe": "5m",
            "train_periods": plan.train_periods,
            "trials": 10,
            "seed": plan.seed,
            "capital_usd": plan.capital_usd,
            "limit_through_ticks": 1,
            "costs": {"commission_side_usd": 0.62, "slippage_ticks": 1.0},
            "execution": {"tick_points": 0.25, "multiplier_usd": POINT_USD, "slippage_ticks": 1.0},
        },
        provenance={
            "run_id": "0" * 32,
            "registry_versions": {"MES-5m-policy": plan.periods},
            "created_at": datetime(2026, 1, 5, 22, 15, tzinfo=UTC),
            "command": f"mlplatform run --data synthetic --timeframe 5m --seed {plan.seed}",
        },
        candidates=_candidates(rng, policies["ml"].trades),
    )


def _source(days: list[date], first: date) -> Source:
    last = datetime.combine(days[-1] if days else first, datetime.min.time(), UTC)
    return Source(
        kind="synthetic",
        sha256="5eed" * 16,
        bars=276 * (len(days) + 63),
        first_ts=datetime(first.year, first.month, first.day, 23, tzinfo=UTC),
        last_ts=last.replace(hour=20, minute=55),
        note="an edge of 0.25 R in pullbacks of quiet mornings",
    )


def _candidates(rng: np.random.Generator, taken: pl.DataFrame) -> pl.DataFrame:
    """What ML judged: every trade that it took, and as many that it left, scored lower."""
    n, threshold = taken.height, 0.5
    left = taken.with_columns(
        candidate_id=pl.col("candidate_id") + ":left",
        decision_ts=pl.col("decision_ts").dt.offset_by("10m"),
        r=pl.Series(np.where(rng.random(n) < 0.42, 1.2, -1.05)),
    )
    scores = np.concatenate((rng.uniform(threshold, 0.8, n), rng.uniform(0.2, threshold, n)))
    return (
        pl.concat([taken, left])
        .with_columns(probability=pl.Series(scores, dtype=pl.Float64))
        .sort("decision_ts", "setup", "candidate_id")
        .select(
            "candidate_id",
            pl.col("decision_ts").alias("ts"),
            "setup",
            "side",
            pl.col("decision_ts").dt.strftime("%Y-%m").alias("period"),
            "probability",
            pl.lit(threshold).alias("threshold"),
            (pl.col("probability") >= threshold).alias("take"),
            pl.col("r").alias("net_r"),
        )
    )


def _trading_days(axis: PeriodAxis, keys: list[str]) -> list[date]:
    if not keys:
        return []
    first, after = axis.start_of(keys[0]), axis.end_of(keys[-1])
    every = (first + timedelta(days=n) for n in range((after - first).days))
    return [day for day in every if day.weekday() < 5]


def _policy(
    rng: np.random.Generator,
    plan: StudyPlan,
    name: str,
    days: list[date],
    open_days: list[date],
    edge_r: float,
) -> PolicyResult:
    trades = _trades(rng, plan, open_days, edge_r, sized=name == "ml")
    trades = trades if plan.only is None else trades.head(plan.only)
    by_day = trades.group_by(pl.col("entry_ts").dt.date().alias("session_date")).agg(
        pl.col("net_usd").sum(), pl.col("net_usd").cum_sum().min().alias("worst_usd")
    )
    daily = pl.DataFrame({"session_date": days}, schema={"session_date": pl.Date})
    daily = daily.join(by_day, on="session_date", how="left", maintain_order="left").fill_null(0.0)
    daily = daily.with_columns(equity_usd=plan.capital_usd + pl.col("net_usd").cum_sum())
    before = pl.col("equity_usd") - pl.col("net_usd")
    daily = daily.with_columns(
        policy=pl.lit(name),
        low_usd=pl.min_horizontal("equity_usd", before, before + pl.col("worst_usd")),
    )
    fingerprint = pl.lit(f"{name}-{plan.seed:04d}").alias("policy_fingerprint")
    return PolicyResult(trades.with_columns(fingerprint), DAILY_EQUITY.frame(daily))


def _trades(
    rng: np.random.Generator, plan: StudyPlan, days: list[date], edge_r: float, *, sized: bool
) -> pl.DataFrame:
    n = len(days) * plan.trades_a_day
    minute = np.tile(np.arange(plan.trades_a_day) * (360 // max(plan.trades_a_day, 1)), len(days))
    signal = np.repeat(np.array(days, dtype="datetime64[us]"), plan.trades_a_day)
    signal = signal + (14 * 60 + 30 + minute).astype("timedelta64[m]")
    stop = np.round(rng.uniform(4.0, 12.0, n) * 4) / 4
    gross_r = np.where(rng.random(n) < 0.44 + edge_r / 2.4, 1.33, -1.0)
    gross_r = np.where(rng.random(n) < 0.2, rng.uniform(-0.9, 1.2, n), gross_r)
    if plan.outcome in ("winners", "losers"):
        gross_r = np.abs(gross_r) + 0.3 if plan.outcome == "winners" else -np.abs(gross_r)
    points = np.round(gross_r * stop * 4) / 4
    if plan.outcome == "flat":
        points = np.full(n, COMMISSION_USD / POINT_USD)
    contracts = rng.integers(1, 4, n) if sized else np.ones(n, dtype=np.int64)
    side = rng.choice([-1, 1], n)
    entry = 5_800.0 + np.round(np.cumsum(rng.normal(0, 3, n)) * 4) / 4
    gross = points * POINT_USD * contracts
    commission = COMMISSION_USD * contracts
    columns = {
        "candidate_id": [f"MES-5m:{t}" for t in signal],
        "setup": rng.choice(_SETUPS, n).tolist(),
        "side": side,
        "contracts": contracts,
        "decision_ts": signal,
        "entry_ts": signal + np.timedelta64(5, "m"),
        "exit_ts": signal + np.timedelta64(5, "m") + 5 * rng.integers(1, 12, n).astype("m8[m]"),
        "entry_price": entry,
        "exit_price": entry + side * points,
        "stop_points": stop,
        "target_points": np.round(stop * 1.33 * 4) / 4,
        "exit_reason": np.where(gross_r > 1, "target", np.where(gross_r < -0.99, "stop", "time")),
        "gross_usd": gross,
        "commission_usd": commission,
        "slippage_usd": 2 * 1.25 * contracts,
        "net_usd": gross - commission,
        "r": (gross - commission) / (stop * POINT_USD * contracts),
        "mae_points": np.maximum(-points, 0) + np.minimum(rng.exponential(1, n), 1),
        "mfe_points": np.maximum(points, 0) + np.minimum(rng.exponential(1, n), 1),
        "bars_held": rng.integers(1, 12, n),
    }
    frame = pl.DataFrame(columns)
    stamps = pl.col("decision_ts", "entry_ts", "exit_ts").dt.replace_time_zone("UTC")
    return TRADES.frame(frame.with_columns(stamps))


def _held(rng: np.random.Generator, days: list[date], capital_usd: float) -> pl.DataFrame:
    change = rng.normal(1.0, 45.0, len(days)) * POINT_USD
    equity = capital_usd + np.cumsum(change)
    low = np.minimum(equity, equity - change) - np.abs(rng.normal(0, 60, len(days)))
    return DAILY_EQUITY.frame(
        pl.DataFrame(
            {"session_date": days, "equity_usd": equity, "low_usd": low},
            schema_overrides={"session_date": pl.Date},
        ).with_columns(policy=pl.lit("buy_and_hold"))
    )


def _window(axis: PeriodAxis, plan: StudyPlan, key: str, baseline: PolicyResult) -> Window:
    start = axis.start_of(axis.shift(key, -plan.train_periods))
    end = axis.start_of(key)
    traded = baseline.trades.filter(pl.col("decision_ts").dt.date().dt.to_string("%Y-%m") == key)
    notes = () if traded.height else ("no candidates: nothing was traded",)
    return Window(
        period=key,
        train_from=datetime(start.year, start.month, start.day, 14, 30, tzinfo=UTC),
        train_to=datetime(end.year, end.month, end.day, tzinfo=UTC) - timedelta(hours=4),
        purged_rows=3,
        train_rows=540,
        test_candidates=2 * traded.height,
        notes=notes,
        trials_run=plan.trials_run,
    )
