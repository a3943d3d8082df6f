"""report.json: the study as one canonical value that programs read. Schema: docs/report.md."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import Enum
from math import isfinite
from pathlib import PurePath

from mlplatform.metrics.summary import Summary
from mlplatform.metrics.undefined import Metric, Undefined
from mlplatform.reports.evaluation import POLICIES, summaries
from mlplatform.reports.targets import TargetRow, judge_targets
from mlplatform.studies.result import Source, StudyResult, Window

SCHEMA_VERSION = 1
SIGNIFICANT_DIGITS = 10
"""Figures are rounded to so many digits, so that the last bits of a sum do not show."""


def report_json(study: StudyResult) -> dict[str, object]:
    """The study as a value of JSON types: no NaN, no infinity, times ISO 8601 in UTC.

    A figure that does not exist is null, and its reason stands in that policy's `reasons`. Equal
    studies give equal values but for the key `provenance`. Raises TypeError or ValueError where
    the study holds something that JSON cannot say, a defect of ours.
    """
    figures = summaries(study)
    return {
        "schema_version": SCHEMA_VERSION,
        "series": study.series,
        "cadence": str(study.cadence),
        "source": _source(study.source),
        "windows": [_window(window) for window in study.windows],
        **{name: _policy(figures[name]) for name in POLICIES},
        "targets": [_target(row) for row in judge_targets(figures)],
        "ambiguous_bars": _ambiguity(study),
        "settings": plain(study.settings),
        "provenance": plain(study.provenance),
    }


def plain(value: object) -> object:
    """A value in JSON types: times in UTC, enums by value, paths and non-finite numbers as text."""
    match value:
        case Enum():
            return plain(value.value)
        case None | bool() | int() | str():
            return value
        case float():
            return value if isfinite(value) else str(value)
        case datetime():
            return _utc(value)
        case date():
            return value.isoformat()
        case PurePath():
            return str(value)
        case Mapping():
            return {str(key): plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [plain(inner) for inner in value]
        case set() | frozenset():
            return sorted((plain(inner) for inner in value), key=str)
    raise TypeError(f"a report cannot hold a {type(value).__name__}")


def _utc(ts: datetime) -> str:
    if ts.tzinfo is None:
        raise ValueError(f"the time {ts} names no zone")
    return ts.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _number(figure: Metric) -> float | int | None:
    if isinstance(figure, Undefined):
        return None
    if isinstance(figure, int):
        return figure
    if not isfinite(figure):
        raise ValueError("a figure is neither finite nor undefined")
    return float(f"{figure:.{SIGNIFICANT_DIGITS}g}") + 0.0  # + 0.0 turns -0.0 into 0.0


def _policy(summary: Summary) -> dict[str, object]:
    items = summary.items()
    figures: dict[str, object] = {name: _number(figure) for name, figure in items}
    reasons = {name: figure.reason for name, figure in items if isinstance(figure, Undefined)}
    return figures | {"reasons": reasons}


def _source(source: Source) -> dict[str, object]:
    return {
        "kind": source.kind,
        "sha256": source.sha256,
        "bars": source.bars,
        "from": _utc(source.first_ts),
        "to": _utc(source.last_ts),
        "note": source.note,
    }


def _window(window: Window) -> dict[str, object]:
    return {
        "period": window.period,
        "train_from": _utc(window.train_from),
        "train_to": _utc(window.train_to),
        "purged_rows": window.purged_rows,
        "train_rows": window.train_rows,
        "test_candidates": window.test_candidates,
        "notes": list(window.notes),
    }


def _ambiguity(study: StudyResult) -> dict[str, object]:
    """Bars on which stop and target were both in reach, and what taking the stop cost."""
    policies: dict[str, object] = {
        name: {
            "bars": found.ambiguous_bars,
            "resolved_bars": found.resolved_bars,
            "pessimism_usd": None if found.pessimism_usd is None else round(found.pessimism_usd, 2),
        }
        for name, found in study.ambiguity.items()
    }
    reason = None if study.finer_series else "the home holds no finer bars of this instrument"
    return {**policies, "finer_series": study.finer_series, "reason": reason}


def _target(row: TargetRow) -> dict[str, object]:
    return {
        "metric": row.target.metric,
        "comparison": "above" if row.target.above else "below",
        "target": row.target.value,
        "baseline": _number(row.baseline),
        "ml": _number(row.ml),
        "met": row.met,
    }
