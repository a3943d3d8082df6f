"""What the models of each window had settled on: the values whose drift a reader must see."""

import polars as pl

PARAMETERS = {
    "threshold": "Probability from which ML trades",
    "mean_probability": "Mean win probability of the candidates",
    "taken_frac": "Share of the candidates taken",
    "stop_of_baseline": "Stop distance, median of ML's by the baseline's",
    "contracts": "Contracts, mean of the trades taken",
}
"""Name and words, in the order of the report."""


def window_parameters(decisions: pl.DataFrame) -> pl.DataFrame:
    """From table `decisions` of all windows: period, parameter, value; one row each, no nulls.

    Known when the window's models are fitted and its candidates are there; no outcome enters.
    """
    ml = decisions.filter(pl.col("policy") == "ml")
    base = decisions.filter(pl.col("policy") == "baseline").select(
        "candidate_id", pl.col("stop_points").alias("base_points")
    )
    joined = ml.join(base, on="candidate_id", how="left", maintain_order="left")
    taken = pl.col("take")
    found = (
        joined.group_by("period", maintain_order=True)
        .agg(
            threshold=pl.col("threshold").median(),
            mean_probability=pl.col("probability").mean(),
            taken_frac=taken.mean(),
            stop_of_baseline=(pl.col("stop_points") / pl.col("base_points")).median(),
            contracts=pl.col("contracts").filter(taken).mean(),
        )
        .sort("period")
    )
    return (
        found.unpivot(list(PARAMETERS), index="period", variable_name="parameter")
        .drop_nulls("value")
        .filter(pl.col("value").is_finite())
    )
