"""From the assets' frames to the value that reports are made of."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from mlplatform.adapters.bars.deliveries import Chapter
from mlplatform.domain.content import content_hash
from mlplatform.domain.periods import PeriodAxis
from mlplatform.domain.series import Series
from mlplatform.domain.tables import BARS, DAILY_EQUITY, ORIGIN
from mlplatform.labels.outcomes import TRADED_TARGET_ATR, LabelRules
from mlplatform.orchestration.account import account_limits
from mlplatform.settings import StudySettings
from mlplatform.studies.backtest import (
    BUY_AND_HOLD,
    backtest_ambiguity,
    execution_rules,
    policies_of,
    tested_bars,
)
from mlplatform.studies.quality.judged import comparators_of, judged_candidates
from mlplatform.studies.result import PolicyResult, Source, StudyResult, Window
from mlplatform.studies.segments.parameters import window_parameters
from mlplatform.studies.segments.regimes import session_regimes

_PLACES = {"lake_uri", "dagster_home", "mlflow_uri", "optuna_url", "first_period"}
_PLACES |= {"ingest_cron", "train_cron", "decide_cron", "report_cron", "drift_limit_frac"}
_PLACES |= {"executor", "windows_at_once", "step_cores", "log_format", "prune_cron"}
_PLACES |= {
    "keep_runs_days",
    "keep_files_days",
    "keep_studies_days",
    "keep_versions",
    "keep_reports",
}
"""Settings of a place, not of a study."""


@dataclass(frozen=True)
class Frames:
    """The upstream values of a report."""

    bars: pl.DataFrame
    decisions: pl.DataFrame
    policies: pl.DataFrame
    trades: pl.DataFrame
    equity: pl.DataFrame
    finer: pl.DataFrame | None = None
    """Bars of the same instrument on a shorter timeframe."""
    finer_series: str | None = None


def study_of(
    series: Series,
    frames: Frames,
    chapter: Chapter,
    settings: StudySettings,
    provenance: Mapping[str, object],
) -> StudyResult:
    """One study of one series."""
    axis = PeriodAxis(settings.cadence, settings.first_period)
    span = tested_bars(axis, frames.bars, frames.decisions)
    comparators = comparators_of(frames.policies)
    return StudyResult(
        series=series.name,
        cadence=str(settings.cadence),
        source=_source(frames.bars, chapter),
        windows=_windows(frames.policies, frames.decisions),
        policies={
            name: PolicyResult(
                frames.trades.filter(pl.col("policy") == name).drop("policy", "period"),
                _daily(frames.equity, name),
            )
            for name in policies_of(frames.decisions)
        },
        buy_and_hold=_daily(frames.equity, BUY_AND_HOLD),
        capital_usd=settings.capital_usd,
        settings=_settings(series, settings),
        provenance=provenance,
        ambiguity=backtest_ambiguity(
            series,
            span,
            frames.decisions,
            settings.capital_usd,
            frames.finer,
            account_limits(settings),
        ),
        finer_series=frames.finer_series,
        candidates=judged_candidates(series, span, frames.decisions, comparators),
        regimes=session_regimes(frames.bars),
        parameters=window_parameters(frames.decisions),
    )


def _source(bars: pl.DataFrame, chapter: Chapter) -> Source:
    content = content_hash(bars.select(name for name in BARS.names if name not in ORIGIN))
    return Source(chapter.kind, content, bars.height, bars["ts"][0], bars["ts"][-1], chapter.note)


def _windows(policies: pl.DataFrame, decisions: pl.DataFrame) -> tuple[Window, ...]:
    baseline = decisions.filter(pl.col("policy") == "baseline")
    tested = dict(baseline.group_by("period").len().iter_rows())
    return tuple(
        Window(
            period=row["period"],
            train_from=row["train_from"],
            train_to=row["train_to"],
            purged_rows=row["purged_rows"],
            train_rows=row["train_rows"],
            test_candidates=tested.get(row["period"], 0),
            notes=_notes(row),
            trials_run=row["trials_run"],
        )
        for row in policies.sort("period").iter_rows(named=True)
    )


def _notes(row: Mapping[str, object]) -> tuple[str, ...]:
    if not row["fallback"]:
        return ()
    what = "traded the baseline: " if row["payload"] is None else ""
    return (f"{what}{row['fallback']}",)


def _daily(equity: pl.DataFrame, policy: str) -> pl.DataFrame:
    return DAILY_EQUITY.frame(equity.filter(pl.col("policy") == policy))


def _settings(series: Series, settings: StudySettings) -> dict[str, object]:
    """All that decided the numbers: the study's settings, the run's rules, the label grid."""
    labels = LabelRules()
    return settings.model_dump(mode="json", exclude=_PLACES) | {
        "execution": execution_rules(series),
        "stop_grid_atr": list(labels.stop_grid_atr),
        "target_atr": TRADED_TARGET_ATR,
    }
