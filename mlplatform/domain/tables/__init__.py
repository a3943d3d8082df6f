"""The tables that pass between rooms, one declaration each."""

from mlplatform.domain.tables.market import (
    BARS,
    ORIGIN,
    QUARANTINED_BARS,
    RAW_BARS,
    ROLLS,
    SESSIONS,
)
from mlplatform.domain.tables.models import CHAMPIONS, DETECTOR_SCORES, DETECTORS, MODELS, POLICIES
from mlplatform.domain.tables.research import CANDIDATES, FEATURE_REPORT, LABELS, ORDER_TYPES
from mlplatform.domain.tables.trading import (
    BACKTEST,
    DAILY_EQUITY,
    DECISIONS,
    EQUITY,
    FILLS,
    REPORTS,
    TRADES,
)

__all__ = [
    "BACKTEST",
    "BARS",
    "CANDIDATES",
    "CHAMPIONS",
    "DAILY_EQUITY",
    "DECISIONS",
    "DETECTORS",
    "DETECTOR_SCORES",
    "EQUITY",
    "FEATURE_REPORT",
    "FILLS",
    "LABELS",
    "MODELS",
    "ORDER_TYPES",
    "ORIGIN",
    "POLICIES",
    "QUARANTINED_BARS",
    "RAW_BARS",
    "REPORTS",
    "ROLLS",
    "SESSIONS",
    "TRADES",
]
