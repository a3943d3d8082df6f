"""Tables of what was knowable and what came of it: candidates, labels, what features say."""

import polars as pl

from mlplatform.domain.schema import UTC_US, Column, Table

ORDER_TYPES = pl.Enum(["market", "stop", "limit"])
"""How an entry reaches the market."""

ENTRY = (
    Column("order_type", ORDER_TYPES, "the entry order: market at the next open, or resting"),
    Column("order_price", pl.Float64, "of a stop or limit order, points; null: market", True),
    Column(
        "expiry_bars",
        pl.Int32,
        "bars after the signal bar that a resting order works; 0: till the session's end",
    ),
)
CANDIDATES = Table(
    "candidates",
    (
        Column("candidate_id", pl.String, "series, setup and time of the signal bar"),
        Column("ts", UTC_US, "start of the signal bar; known at its end"),
        Column("setup", pl.String, "name of the setup"),
        Column("side", pl.Int8, "+1 long, -1 short"),
        Column("reference_price", pl.Float64, "close of the signal bar, points"),
        Column("atr_points", pl.Float64, "ATR 14 of the signal bar, points"),
        Column("session_date", pl.Date, "CME trading day"),
        Column("session_end", UTC_US, "end of the session: trades are flat by then"),
        *ENTRY,
    ),
)
LABELS = Table(
    "labels",
    (
        Column("candidate_id", pl.String, "the candidate"),
        Column("stop_atr", pl.Float64, "stop distance of this bracket, ATR"),
        Column("target_atr", pl.Float64, "target distance of this bracket, ATR"),
        Column(
            "label_end",
            UTC_US,
            "end of the bar on which the trade closed; null: cut off by the data, or not entered",
            nullable=True,
        ),
        Column("net_atr", pl.Float64, "net result per contract, ATR", nullable=True),
        Column("r", pl.Float64, "net result per initial risk", nullable=True),
        Column("is_win", pl.Boolean, "target before stop, positive net of costs", nullable=True),
        Column("mae_points", pl.Float64, "worst excursion, points", nullable=True),
        Column("mfe_points", pl.Float64, "best excursion, points", nullable=True),
    ),
)
FEATURE_REPORT = Table(
    "feature_report",
    (
        Column("feature", pl.String, "a model input, as the models see it"),
        Column("quantile", pl.Int32, "bin of its values, from 1, the lowest; 0: it has none"),
        Column("lowest", pl.Float64, "lowest value in the bin", True, optional=True),
        Column("highest", pl.Float64, "highest value in the bin", True, optional=True),
        Column("rows", pl.Int64, "candidates in the bin with an outcome", True, optional=True),
        Column("days", pl.Int64, "trading days they lie on", True, optional=True),
        Column("mean_r", pl.Float64, "expectancy at the default stop, R", True, optional=True),
        Column("mean_r_low", pl.Float64, "95 % bound, days resampled", True, optional=True),
        Column("mean_r_high", pl.Float64, "95 % bound, days resampled", True, optional=True),
        Column("win_rate", pl.Float64, "share of wins", True, optional=True),
        Column("win_rate_low", pl.Float64, "95 % bound, days resampled", True, optional=True),
        Column("win_rate_high", pl.Float64, "95 % bound, days resampled", True, optional=True),
        Column("null_frac", pl.Float64, "share of candidates without it", True, optional=True),
        Column("monotonicity", pl.Float64, "Spearman of bin and mean R", True, optional=True),
        Column("rank_correlation", pl.Float64, "of its rank with R", True, optional=True),
        Column("fold_correlation", pl.Float64, "distance to its median with R", True, True),
        Column("correlation_by_chance", pl.Float64, "95 % of it by chance", True, optional=True),
        Column("p_value", pl.Float64, "of both, t-test over days", True, optional=True),
        Column("q_value", pl.Float64, "Benjamini-Hochberg over all features", True, optional=True),
        Column("shape", pl.String, "rising, falling, extremes, middle or noise", True, True),
        Column("periods", pl.Int32, "periods with enough outcomes", True, optional=True),
        Column("sign_share", pl.Float64, "of them, the sign of the others", True, optional=True),
        Column("rank_consistency", pl.Float64, "of bins between periods", True, optional=True),
        Column("psi", pl.Float64, "newest period against those before", True, optional=True),
        Column("psi_by_chance", pl.Float64, "99 % of it where days are dealt", True, True),
        Column("ks", pl.Float64, "Kolmogorov-Smirnov distance", True, optional=True),
        Column("ks_p_value", pl.Float64, "for independent rows", True, optional=True),
        Column("drift", pl.String, "stable, shifted, drifted, within noise, unknown", True, True),
        Column("cluster", pl.Int32, "features that say the same share it", True, optional=True),
        Column("medoid", pl.String, "the middle of its cluster", True, optional=True),
        Column("is_kept", pl.Boolean, "in the proposed reduced set"),
        Column("reason", pl.String, "why it is kept or dropped"),
    ),
)
