"""The tables that pass between rooms, one declaration each."""

from dataclasses import replace

import polars as pl

from mlplatform.domain.schema import UTC_US, Column, Table

SESSIONS = pl.Enum(["rth", "eth"])
"""Regular and electronic trading hours."""
ORDER_TYPES = pl.Enum(["market", "stop", "limit"])
"""How an entry reaches the market."""

_OHLCV = (
    Column("ts", UTC_US, "start of the bar"),
    Column("open", pl.Float64, "first price, points"),
    Column("high", pl.Float64, "highest price, points"),
    Column("low", pl.Float64, "lowest price, points"),
    Column("close", pl.Float64, "last price, points"),
    Column("volume", pl.Float64, "contracts traded; null where the source has none", nullable=True),
    Column("contract", pl.String, "contract month such as MESM5; empty where unknown"),
)
_SIDES = (
    Column("bid_volume", pl.Float64, "contracts sold at the bid, where known", True, optional=True),
    Column(
        "ask_volume", pl.Float64, "contracts bought at the ask, where known", True, optional=True
    ),
)
_SESSION = (
    Column("session_date", pl.Date, "CME trading day"),
    Column("session_end", UTC_US, "scheduled end of that trading day's session"),
    Column("session", SESSIONS, "rth inside 08:30-15:00 Chicago, else eth"),
    Column("minute_of_session", pl.Int32, "minutes since the session's start"),
)

_ENTRY = (
    Column("order_type", ORDER_TYPES, "the entry order: market at the next open, or resting"),
    Column("order_price", pl.Float64, "of a stop or limit order, points; null: market", True),
    Column(
        "expiry_bars",
        pl.Int32,
        "bars after the signal bar that a resting order works; 0: till the session's end",
    ),
)
_EXITS = (
    Column("breakeven_points", pl.Float64, "ahead by so much, the stop moves to entry", True, True),
    Column("trail_points", pl.Float64, "the stop follows the best price so far off", True, True),
    Column("trail_activation_points", pl.Float64, "ahead by so much, it begins to", True, True),
    Column("time_exit_bars", pl.Int32, "bars held, then the trade leaves at the close", True, True),
)
"""What only a strategy's own exits set; null: it is not done."""

_ORIGIN = (
    Column("source", pl.String, "file it came from, start of its SHA-256", True, optional=True),
    Column("row", pl.Int64, "row number in that file, from 0"),
)
_RAW = tuple(replace(column, nullable=column.name != "contract") for column in _OHLCV)

ORIGIN = tuple(column.name for column in _ORIGIN)
"""Columns that say where a row came from, not what happened: outside of content hashes."""
RAW_BARS = Table("raw_bars", (*_RAW, *_SIDES, *_ORIGIN))
BARS = Table("bars", (*_OHLCV, *_SIDES, *_SESSION, *_ORIGIN))
QUARANTINED_BARS = Table(
    "quarantined_bars", (*RAW_BARS.columns, Column("reason", pl.String, "why the row was refused"))
)
ROLLS = Table(
    "rolls",
    (
        Column("session_date", pl.Date, "first trading day on which the contract is the front"),
        Column("contract", pl.String, "the front contract from then on"),
        Column("previous", pl.String, "the front contract before; null: no roll", True),
        Column("gap_points", pl.Float64, "price of the contract less the previous one's", True),
        Column("gap_ratio", pl.Float64, "price of the contract by the previous one's", True),
        Column(
            "measured",
            pl.String,
            "same bar: both traded; across the break: an estimate with the market's own move",
            True,
        ),
        Column("contract_volume", pl.Float64, "its volume in the session that decided", True),
        Column("previous_volume", pl.Float64, "the previous one's in that session", True),
        Column("reason", pl.String, "opening, volume, calendar or only contract left"),
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
        *_ENTRY,
    ),
)
LABELS = Table(
    "labels",
    (
        Column("candidate_id", pl.String, "the candidate"),
        Column("stop_atr", pl.Float64, "stop distance of this variant, ATR"),
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
DECISIONS = Table(
    "decisions",
    (
        Column("candidate_id", pl.String, "the candidate"),
        Column("policy", pl.String, "baseline, ml, strategy or random_entry"),
        Column("period", pl.String, "the window"),
        Column("ts", UTC_US, "start of the signal bar"),
        Column("setup", pl.String, "name of the setup"),
        Column("side", pl.Int8, "+1 long, -1 short"),
        Column("take", pl.Boolean, "whether the policy trades it"),
        Column("contracts", pl.Int32, "whole contracts; 0 where not taken"),
        Column("stop_points", pl.Float64, "stop distance from the fill, points"),
        Column("target_points", pl.Float64, "target distance; null: none, points", nullable=True),
        Column("probability", pl.Float64, "calibrated win probability", nullable=True),
        Column("threshold", pl.Float64, "probability from which the policy trades", nullable=True),
        Column("policy_fingerprint", pl.String, "identity of the deciding policy"),
        *_ENTRY,
        *_EXITS,
    ),
)
TRADES = Table(
    "trades",
    (
        Column("candidate_id", pl.String, "the candidate; the order's tag"),
        Column("setup", pl.String, "name of the setup"),
        Column("side", pl.Int8, "+1 long, -1 short"),
        Column("contracts", pl.Int32, "contracts entered"),
        Column("decision_ts", UTC_US, "start of the signal bar"),
        Column("entry_ts", UTC_US, "start of the bar of the entry fill"),
        Column("exit_ts", UTC_US, "start of the bar of the last exit fill"),
        Column("entry_price", pl.Float64, "average, slippage included, points"),
        Column("exit_price", pl.Float64, "average, slippage included, points"),
        Column("stop_points", pl.Float64, "initial stop distance; null: none", nullable=True),
        Column("target_points", pl.Float64, "first target's distance; null: none", nullable=True),
        Column(
            "exit_reason",
            pl.String,
            "last exit: stop, breakeven, trail, target, time, session, roll, reverse or signal",
        ),
        Column("gross_usd", pl.Float64, "price difference, slippage included, before commission"),
        Column("commission_usd", pl.Float64, "both sides"),
        Column("slippage_usd", pl.Float64, "cost of slippage and spread, contained in gross"),
        Column("net_usd", pl.Float64, "gross - commission"),
        Column("r", pl.Float64, "net per initial risk in USD; null: no stop", nullable=True),
        Column("mae_points", pl.Float64, "worst excursion against the entry, points, >= 0"),
        Column("mfe_points", pl.Float64, "best excursion, points, >= 0"),
        Column("bars_held", pl.Int32, "bars from entry to exit, both counted"),
    ),
)
BACKTEST = Table(
    "backtest",
    (
        Column("policy", pl.String, "baseline, ml, strategy or random_entry"),
        Column("period", pl.String, "the window whose decision it was"),
        *TRADES.columns,
        Column("policy_fingerprint", pl.String, "identity of the deciding policy"),
    ),
)
FILLS = Table(
    "fills",
    (
        Column("candidate_id", pl.String, "tag of the order"),
        Column("ts", UTC_US, "start of the bar of the fill"),
        Column("bar", pl.Int64, "index of the bar"),
        Column("side", pl.Int8, "+1 bought, -1 sold"),
        Column("contracts", pl.Int32, "contracts filled"),
        Column("price", pl.Float64, "fill price, slippage included, points"),
        Column("commission_usd", pl.Float64, "commission of this fill"),
        Column("reason", pl.String, "entry, or the reason of the exit"),
    ),
)
EQUITY = Table(
    "equity",
    (
        Column("ts", UTC_US, "start of the bar whose close marks the account"),
        Column("equity_usd", pl.Float64, "cash and open position at the bar's close"),
        Column("position", pl.Int32, "contracts held, signed"),
    ),
)
DAILY_EQUITY = Table(
    "daily_equity",
    (
        Column("policy", pl.String, "baseline, ml, random_entry or buy_and_hold"),
        Column("session_date", pl.Date, "CME trading day"),
        Column("equity_usd", pl.Float64, "marked at the last bar of the trading day"),
        Column("low_usd", pl.Float64, "lowest mark within the day"),
    ),
)
MODELS = Table(
    "models",
    (
        Column("role", pl.String, "stop, entry, size or detector"),
        Column("period", pl.String, "the window: the period that the model is tried on"),
        Column("fingerprint", pl.String, "identity of the fitted model; of the reason where none"),
        Column("fallback", pl.String, "why no model could be had", nullable=True),
        Column("train_from", UTC_US, "first training decision"),
        Column("train_to", UTC_US, "end of the last training label"),
        Column("train_rows", pl.Int64, "candidates that it learned from"),
        Column("purged_rows", pl.Int64, "candidates left out: labels reach the tested period"),
        Column("trials_run", pl.Int64, "Optuna trials that were judged"),
        Column("metrics", pl.String, "what its inner validation said, JSON"),
        Column("payload", pl.Binary, "the model, native formats in checked JSON", nullable=True),
        Column("out_of_fold_stop_atr", pl.Binary, "of each row, float64, as bytes", True, True),
    ),
)
DETECTORS = Table("detectors", tuple(c for c in MODELS.columns if c.name != "out_of_fold_stop_atr"))
"""One row a period: the detector that scores its candidates; no payload without skill."""
DETECTOR_SCORES = Table(
    "detector_scores",
    (
        Column("candidate_id", pl.String, "the candidate"),
        Column("score", pl.Float64, "probability that the setup works out; null: not scored", True),
    ),
)
POLICIES = Table(
    "policies",
    (
        Column("period", pl.String, "the window"),
        Column("fingerprint", pl.String, "identity of the policy: its models and feature plan"),
        Column("recipe", pl.String, "identity of the settings and code that made it"),
        Column("feature_plan", pl.String, "fingerprint of the feature plan"),
        Column("fallback", pl.String, "what to know of its models", nullable=True),
        Column("train_from", UTC_US, "first training decision"),
        Column("train_to", UTC_US, "end of the last training label"),
        Column("train_rows", pl.Int64, "candidates learned from"),
        Column("purged_rows", pl.Int64, "candidates left out"),
        Column("trials_run", pl.Int64, "Optuna trials of its three roles"),
        Column("payload", pl.Binary, "the models; null: it trades the baseline", nullable=True),
        Column("version", pl.String, "registry version; provenance", nullable=True),
    ),
)
CHAMPIONS = Table(
    "champions",
    (
        Column("policy", pl.String, "fingerprint of the policy that the alias points at", True),
        Column("moved", pl.Boolean, "whether this run moved the alias"),
        Column("reason", pl.String, "why it moved or stayed"),
        Column("version", pl.String, "registry version; provenance", nullable=True),
    ),
)
REPORTS = Table(
    "reports",
    (
        Column("name", pl.String, "file name in the report folder"),
        Column("sha256", pl.String, "content, provenance left out where it can be"),
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
