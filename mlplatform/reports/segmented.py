"""Where the result comes from, as report.json holds it."""

from mlplatform.decisions.exits import STRATEGY
from mlplatform.reports.numbers import told
from mlplatform.studies.segments.analysis import Segments

_DRAWN = frozenset({"marks", "fan_usd", "path_usd", "curve"})
"""What only a chart needs; trades.parquet holds what it is made from."""


def segments_json(found: Segments) -> dict[str, object]:
    """The value under `segments`; rolling figures are drawn, so they are not in it."""
    absent = {STRATEGY} - set(found.policies)
    return {
        "dimensions": {
            dimension.name: told(dimension.rows, _DRAWN | absent) for dimension in found.dimensions
        },
        "contribution": told(found.contribution, _DRAWN),
        "distribution": told(found.distribution, _DRAWN),
        "excursions": told(found.excursions, _DRAWN),
        "trade_order": told(found.trade_order, _DRAWN),
        "decay": told(found.decay, _DRAWN),
        "parameters": told(found.parameters, _DRAWN),
        "auc": told(dict(zip(found.windows, found.auc, strict=True)), _DRAWN),
    }
