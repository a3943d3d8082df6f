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

    Signed features are multiplied by the side: a short in a falling market looks like a long in a
    rising one, which halves what the models must learn. Raises ValueError where a candidate has
    no feature row.
    """
    joined = candidates.select("ts", "side", "setup").join(
        features.with_columns(has_row=True), on="ts", how="left", maintain_order="left"
    )
    if joined["has_row"].null_count():
        raise ValueError("a candidate has no feature row: features and candidates do not match")
    columns = [
        (pl.col(f.name) * pl.col("side") if f.is_signed else pl.col(f.name)).alias(f.name)
        for f in inputs
    ]
    flags = [(pl.col("setup") == name).cast(pl.Float64).alias(f"is_{name}") for name in setups]
    table = joined.select(*columns, *flags, pl.col("side").cast(pl.Float64))
    x = np.ascontiguousarray(table.fill_null(float("nan")).to_numpy(), dtype=np.float64)
    return ModelInputs(x.reshape(len(candidates), len(table.columns)), table.columns)
