"""Tables of what was decided and done: decisions, trades, fills, equity, reports."""

import polars as pl

from mlplatform.domain.schema import UTC_US, Column, Table
from mlplatform.domain.tables.research import ENTRY

_EXITS = (
    Column("breakeven_points", pl.Float64, "ahead by so much, the stop moves to entry", True, True),
    Column("trail_points", pl.Float64, "the stop follows the best price so far off", True, True),
    Column("trail_activation_points", pl.Float64, "ahead by so much, it begins to", True, True),
    Column("time_exit_bars", pl.Int32, "bars held, then the trade leaves at the close", True, True),
)
"""What only a strategy's own exits set; null: it is not done."""

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
        *ENTRY,
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
REPORTS = Table(
    "reports",
    (
        Column("name", pl.String, "file name in the report folder"),
        Column("sha256", pl.String, "content, provenance left out where it can be"),
    ),
)
