"""Group `models`: the setup detector of each period, and what it says of the period's candidates.

A period's detector learns from the periods before it alone, so every stored score is out of sample:
a window's models may learn from the scores of their training periods.
"""

import json

import dagster as dg
import polars as pl

from mlplatform.decisions.detection import scores_of
from mlplatform.domain.tables import DETECTOR_SCORES, DETECTORS
from mlplatform.orchestration.card import Workshop
from mlplatform.orchestration.desks.detection import MODULES, detector_of, detector_row
from mlplatform.orchestration.desks.windows import WindowDesk
from mlplatform.orchestration.io import MAY_BE_EMPTY
from mlplatform.orchestration.planning.axis import Partition
from mlplatform.orchestration.stamp import Stamp

_MATTERS = ("detector", "detector_setups", "detector_periods", "families", "seed")


def setup_detector(workshop: Workshop) -> dg.AssetsDefinition:
    """The detector."""
    matters = (*_MATTERS, "embargo_minutes")
    card = workshop.card("models", {"keras"}, DETECTORS, MODULES, matters, has_partial_past=True)
    past = workshop.axis.looking_back(-workshop.settings.detector_periods, -1)

    @dg.asset(
        **card,
        ins={
            name: dg.AssetIn(partition_mapping=past, metadata={MAY_BE_EMPTY: True})
            for name in ("bars", "candidates", "labels")
        },
        description="Whether a setup's picture works out, held against base rate and hour of day.",
    )
    def setup_detector(
        context: dg.AssetExecutionContext,
        bars: pl.DataFrame,
        candidates: pl.DataFrame,
        labels: pl.DataFrame,
        desk: dg.ResourceParam[WindowDesk],
        stamp: dg.ResourceParam[Stamp],
    ) -> dg.MaterializeResult:
        partition = Partition.parse(context.partition_key)
        row = detector_row(desk, partition, (bars, candidates, labels))
        told = {
            "verdict": row["fallback"][0] or "skill",
            "fingerprint": row["fingerprint"][0],
            "train_rows": row["train_rows"][0],
            "metrics": dg.MetadataValue.json(json.loads(row["metrics"][0])),
        }
        return stamp.result(context, row, told)

    return setup_detector


def detector_scores(workshop: Workshop) -> dg.AssetsDefinition:
    """The scores."""
    modules = ("decisions.detection", "orchestration.desks.detection")
    card = workshop.card("models", {"polars"}, DETECTOR_SCORES, modules)

    @dg.asset(**card, description="What the period's detector says of the period's candidates.")
    def detector_scores(
        context: dg.AssetExecutionContext,
        bars: pl.DataFrame,
        candidates: pl.DataFrame,
        setup_detector: pl.DataFrame,
        stamp: dg.ResourceParam[Stamp],
    ) -> dg.MaterializeResult:
        scores = scores_of(detector_of(setup_detector), bars, candidates)
        return stamp.result(context, scores, {"scored": scores["score"].count()})

    return detector_scores
