"""What the models see of a candidate: its features, mirrored to the trade's side."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from mlplatform.features.graph import Feature


@dataclass(frozen=True)
class ModelInputs:
    """`x` is (candidates, names), float64 with NaN for null, in the candidates' order."""

    x: npt.NDArray[np.float64]
    names: list[str]


def model_inputs_of(
    candidates: pl.DataFrame,
    features: pl.DataFrame,
    inputs: list[Feature],
    setups: tuple[str, ...],
) -> ModelInputs:
    """Features of each candidate's signal bar, `is_<setup>` flags, and the side.

    A short sees the market upside down: a feature with a mirror image is that one (its gap to the
    high of the day before is a long's to the low), and signed features are multiplied by the side.
    A short in a falling market so looks like a long in a rising one, which halves what the models
    must learn. Raises ValueError where a candidate has no feature row.
    """
    joined = candidates.select("ts", "side", "setup").join(
        features.with_columns(has_row=True), on="ts", how="left", maintain_order="left"
    )
    if joined["has_row"].null_count():
        raise ValueError("a candidate has no feature row: features and candidates do not match")
    columns = [_seen_from_its_side(feature) for feature in inputs]
    flags = [(pl.col("setup") == name).cast(pl.Float64).alias(f"is_{name}") for name in setups]
    table = joined.select(*columns, *flags, pl.col("side").cast(pl.Float64))
    x = np.ascontiguousarray(table.fill_null(float("nan")).to_numpy(), dtype=np.float64)
    return ModelInputs(x.reshape(len(candidates), len(table.columns)), table.columns)


DETECTOR_SCORE = "detector_score"
"""The input that a detector gives; not a feature, for another detector speaks in each period."""


def with_score(inputs: ModelInputs, candidates: pl.DataFrame, scores: pl.DataFrame) -> ModelInputs:
    """The inputs of candidates with the score of each (table `detector_scores`) as last column.

    NaN where there is none. Raises ValueError where a candidate was scored twice.
    """
    known = scores.select("candidate_id", "score")
    joined = candidates.select("candidate_id").join(
        known, on="candidate_id", how="left", maintain_order="left", validate="m:1"
    )
    score = joined["score"].fill_null(float("nan")).to_numpy()
    return ModelInputs(np.column_stack([inputs.x, score]), [*inputs.names, DETECTOR_SCORE])


def _seen_from_its_side(feature: Feature) -> pl.Expr:
    value = pl.col(feature.name)
    if feature.mirror is not None:
        value = pl.when(pl.col("side") > 0).then(value).otherwise(pl.col(feature.mirror))
    return (value * pl.col("side") if feature.is_signed else value).alias(feature.name)
