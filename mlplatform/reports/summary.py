"""report.json: the study as one canonical value that programs read. Schema: docs/report.md."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import Enum
from math import isfinite
from pathlib import PurePath

from mlplatform.reports.evaluation import Evaluation, evaluate, policies_of
from mlplatform.reports.numbers import number, numbers
from mlplatform.reports.segmented import segments_json
from mlplatform.reports.sureness import certainty_json, earlier_json
from mlplatform.reports.targets import TargetRow, judge_targets
from mlplatform.studies.result import Source, StudyResult, Window

SCHEMA_VERSION = 2


def report_json(study: StudyResult, evaluation: Evaluation | None = None) -> dict[str, object]:
    """The study as a value of JSON types: no NaN, no infinity, times ISO 8601 in UTC.

    A figure that does not exist is null, and its reason stands in that policy's `reasons`. Equal
    studies give equal values but for the key `provenance`. Raises TypeError or ValueError where
    the study holds something that JSON cannot say, a defect of ours. `evaluation` is that of the
    study, where it was made already.
    """
    found = evaluation or evaluate(study)
    figures = found.figures
    return {
        "schema_version": SCHEMA_VERSION,
        "series": study.series,
        "cadence": str(study.cadence),
        "source": _source(study.source),
        "windows": [_window(window) for window in study.windows],
        **{name: numbers(figures[name].items()) for name in policies_of(study)},
        "targets": [_target(row) for row in judge_targets(figures)],
        "certainty": certainty_json(found.certainty),
        "segments": segments_json(found.segments),
        "ambiguous_bars": _ambiguity(study),
        "settings": plain(study.settings),
        "provenance": _provenance(study, found),
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


def _provenance(study: StudyResult, found: Evaluation) -> dict[str, object]:
    told = {str(key): plain(value) for key, value in study.provenance.items()}
    return told | {"with_earlier_studies": earlier_json(found.certainty)}


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
        "trials_run": window.trials_run,
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
        "baseline": number(row.baseline),
        "ml": number(row.ml),
        "met": row.met,
    }
