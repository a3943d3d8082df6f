"""The findings as table `feature_report`."""

import numpy as np
import polars as pl

from mlplatform.domain.tables import FEATURE_REPORT
from mlplatform.studies.feature_analysis.analysis import FeatureAnalysis
from mlplatform.studies.feature_analysis.expectancy import BINS
from mlplatform.studies.feature_analysis.sample import Floats


def report_table(found: FeatureAnalysis) -> pl.DataFrame:
    """A row a feature and quantile bin that has rows; what is said of the feature is on each.

    A feature that cannot say anything has one row, with the bin 0 and its reason.
    """
    features = _features(found)
    bins = _bins(found)
    dropped = pl.DataFrame(
        {
            "feature": [name for name, _ in found.dropped],
            "reason": [reason for _, reason in found.dropped],
        },
        schema={"feature": pl.String, "reason": pl.String},
    ).with_columns(pl.lit(False).alias("is_kept"), pl.lit(0).alias("quantile"))
    rows = bins.join(features, on="feature", how="left", maintain_order="left")
    return FEATURE_REPORT.frame(
        pl.concat([FEATURE_REPORT.empty(), _typed(rows), _typed(dropped)], how="diagonal")
    )


def _typed(rows: pl.DataFrame) -> pl.DataFrame:
    schema = FEATURE_REPORT.schema
    return rows.select(pl.col(name).cast(schema[name]) for name in rows.columns)


def _features(found: FeatureAnalysis) -> pl.DataFrame:
    names = found.names
    association, stability, drift = found.association, found.stability, found.drift
    numbers = {
        "null_frac": np.isnan(found.sample.x).sum(axis=0) / max(len(found.sample), 1),
        "monotonicity": found.quantiles.monotonicity,
        "rank_correlation": association.rank_correlation,
        "fold_correlation": association.fold_correlation,
        "correlation_by_chance": association.correlation_by_chance,
        "p_value": association.p_value,
        "q_value": association.q_value,
        "sign_share": stability.sign_share,
        "rank_consistency": stability.rank_consistency,
        "psi": drift.psi,
        "psi_by_chance": drift.psi_by_chance,
        "ks": drift.ks,
        "ks_p_value": drift.ks_p_value,
    }
    return pl.DataFrame(
        {name: pl.Series(name, values, pl.Float64) for name, values in numbers.items()}
    ).with_columns(
        pl.all().fill_nan(None),
        pl.Series("feature", names, pl.String),
        pl.Series("shape", association.shape, pl.String),
        pl.Series("periods", stability.periods, pl.Int32),
        pl.Series("drift", drift.verdict, pl.String),
        pl.Series("cluster", found.redundancy.cluster, pl.Int32),
        pl.Series("medoid", [names[i] for i in found.redundancy.medoid], pl.String),
        pl.Series("is_kept", [item.is_kept for item in found.proposals], pl.Boolean),
        pl.Series("reason", [item.reason for item in found.proposals], pl.String),
    )


def _bins(found: FeatureAnalysis) -> pl.DataFrame:
    quantiles, width = found.quantiles, len(found.names)
    columns: dict[str, Floats] = {
        name: getattr(quantiles, name).ravel()
        for name in (
            *("lowest", "highest", "mean_r", "mean_r_low", "mean_r_high"),
            *("win_rate", "win_rate_low", "win_rate_high"),
        )
    }
    frame = pl.DataFrame(
        {name: pl.Series(name, values, pl.Float64) for name, values in columns.items()}
    ).with_columns(
        pl.all().fill_nan(None),
        pl.Series("feature", np.repeat(np.array(found.names, dtype=object), BINS), pl.String),
        pl.Series("quantile", np.tile(np.arange(1, BINS + 1), width), pl.Int32),
        pl.Series("rows", quantiles.rows.ravel(), pl.Int64),
        pl.Series("days", quantiles.days.ravel(), pl.Int64),
    )
    # A feature without any outcome keeps its first bin, so that it keeps a row.
    first = (pl.col("quantile") == 1) & (pl.col("rows").sum().over("feature") == 0)
    return frame.filter((pl.col("rows") > 0) | first)
