"""The key `segments` of report.json. Schema: docs/report.md."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from math import isfinite

import numpy as np

from mlplatform.metrics.undefined import Undefined
from mlplatform.studies.segments.analysis import Segments

SIGNIFICANT_DIGITS = 10
_DRAWN = {"mae_r", "mfe_r", "r"}
"""The excursions that are drawn: single trades, which trades.parquet holds."""


def segments_json(found: Segments) -> dict[str, object]:
    """The segments in JSON types, figures of ten significant digits.

    What does not exist is null; where its reason is known it stands beside it under `reasons`.
    """
    value = _plain(found)
    assert isinstance(value, dict)
    return value


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        # + 0.0 turns -0.0 into 0.0
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}") + 0.0 if isfinite(value) else None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Undefined):
        return {"reason": value.reason}
    if isinstance(value, np.ndarray):
        return [_plain(inner) for inner in value.tolist()]
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [None if isinstance(inner, Undefined) else _plain(inner) for inner in value]
    if is_dataclass(value):
        return _record({f.name: getattr(value, f.name) for f in fields(value)})
    raise TypeError(f"a report cannot hold a {type(value).__name__}")


def _record(record: Mapping[str, object]) -> dict[str, object]:
    """A record without its drawn points; undefined figures are null, their reasons beside."""
    kept = {name: value for name, value in record.items() if name not in _DRAWN}
    reasons = {name: v.reason for name, v in kept.items() if isinstance(v, Undefined)}
    plain = {n: None if isinstance(v, Undefined) else _plain(v) for n, v in kept.items()}
    return plain | ({"reasons": reasons} if reasons else {})
