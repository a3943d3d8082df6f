"""How sure the figures of a study are, and how likely they are luck."""

from mlplatform.metrics.bootstrap import Interval
from mlplatform.studies.certainty.certainty import certainty_of
from mlplatform.studies.certainty.value import (
    Certainty,
    CostRow,
    Deflation,
    Permutation,
    Verdict,
)

__all__ = [
    "Certainty",
    "CostRow",
    "Deflation",
    "Interval",
    "Permutation",
    "Verdict",
    "certainty_of",
]
