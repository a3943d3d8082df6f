"""The chain of one candidate on a terminal of 80 columns."""

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl
from rich import box
from rich.console import Console
from rich.table import Table

from mlplatform.studies.explanation.chain import Action, Explanation, Origin, Reading

SHOWN = 12
"""Inputs that are told of unless all are asked for: those that moved entry or stop most."""

_STATES = {
    "unchanged": "the file there now is the same",
    "changed": "the file there now is ANOTHER one",
    "gone": "the file is no longer there",
}


def print_newest(newest: pl.DataFrame, console: Console) -> None:
    """The ids that can be explained, newest last."""
    table = _table("The newest candidates, and what each policy made of them, R")
    table.add_column("Id", overflow="fold")
    for policy in ("baseline", "ml"):
        table.add_column(policy, justify="right", no_wrap=True)
    for row in newest.iter_rows(named=True):
        told = ["-" if row[name] is None else f"{row[name]:+.2f}" for name in ("baseline", "ml")]
        table.add_row(row["candidate_id"], *told)
    console.print(table)
    console.print("`mlplatform explain ID` tells one; `ml:ID` tells the trade of one policy.")


def print_explanation(found: Explanation, is_whole: bool, console: Console) -> None:
    """Each link below the one before it; `is_whole`: all inputs."""
    console.print(f"[bold]{found.candidate_id}[/bold]", soft_wrap=True)
    console.print(_facts("1 Raw row", _origin(found.origin)))
    console.print(_facts("2 Signal bar", _bar(found.bar)))
    console.print(_facts("3 Candidate", _candidate(found.candidate)))
    if found.models:
        console.print(_models(found))
    if found.reading is None:
        console.print(f"5 The models say nothing: {found.unread}.")
    else:
        console.print(_inputs(found.reading, is_whole))
        console.print(_facts("6 What they say", _said(found.reading)))
    for action in found.actions:
        _print_action(action, console)
    if not found.actions:
        console.print("7 No policy decided on it: it lies before the first window.")


def _table(title: str) -> Table:
    return Table(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1)
    )


def _facts(title: str, facts: Iterable[tuple[str, str]]) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", show_header=False, box=None
    )
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts:
        table.add_row(f"  {name}", value)
    return table


def _origin(origin: Origin | None) -> list[tuple[str, str]]:
    if origin is None:
        return [("file", "unknown: the bar does not say where it came from")]
    facts = [
        ("file", f"{origin.name} ({_STATES.get(origin.state or '', origin.kind)})"),
        ("SHA-256", origin.sha256),
        ("row", f"{origin.row} (from 0)"),
    ]
    if not origin.sha256.startswith(origin.source):
        facts.insert(2, ("in the file", f"whose SHA-256 starts with {origin.source}"))
    if origin.path is not None:
        facts.insert(1, ("path", origin.path))
    return [*facts, ("delivered", _prices(origin.delivered))]


def _bar(bar: Mapping[str, Any]) -> list[tuple[str, str]]:
    session = f"{bar['session']}, trading day {bar['session_date']}"
    return [("bar", _prices(bar)), ("session", session)]


def _prices(bar: Mapping[str, Any]) -> str:
    """Start, contract, open to close and volume."""
    prices = " ".join(f"{bar[name]:.2f}" for name in ("open", "high", "low", "close"))
    volume = "no volume" if bar["volume"] is None else f"volume {bar['volume']:,.0f}"
    return f"{bar['ts']:%Y-%m-%d %H:%M} UTC {bar['contract']} {prices} {volume}".replace("  ", " ")


def _candidate(candidate: Mapping[str, Any]) -> list[tuple[str, str]]:
    facts = [("setup", f"{candidate['setup']}, {_side(candidate)}"), ("entry", _order(candidate))]
    if "atr_points" in candidate:
        facts.append(("ATR 14", f"{candidate['atr_points']:.2f} points"))
    return facts


def _side(row: Mapping[str, Any]) -> str:
    return "long" if row["side"] > 0 else "short"


def _order(row: Mapping[str, Any]) -> str:
    if row["order_type"] == "market":
        return "market, at the next bar's open"
    span = f"for {row['expiry_bars']} bars" if row["expiry_bars"] else "till the session's end"
    return f"{row['order_type']} at {row['order_price']:.2f} {span}"


def _models(found: Explanation) -> Table:
    table = _table("4 Models of the window")
    for heading in ("Role", "Version", "Fingerprint", "Learned from", "Rows"):
        table.add_column(heading, no_wrap=True, justify="right" if heading == "Rows" else "left")
    for link in found.models:
        trained = f"{link.train_from:%Y-%m-%d} to {link.train_to:%Y-%m-%d}"
        version = link.version or "none"
        table.add_row(link.role, version, link.fingerprint[:16], trained, f"{link.train_rows:,}")
    told = [f"{link.role}: {link.fallback}" for link in found.models if link.fallback]
    table.caption, table.caption_justify = "\n".join(told) or None, "left"
    return table


def _inputs(reading: Reading, is_whole: bool) -> Table:
    """The inputs that moved the entry most, and what they did to the stop."""
    ordered = sorted(reading.inputs, key=lambda item: -abs(item.entry_log_odds))
    top_stop = max((abs(item.stop_atr) for item in reading.inputs), default=0.0) or 1.0
    top_entry = max((abs(item.entry_log_odds) for item in reading.inputs), default=0.0) or 1.0

    def weight(item: Any) -> float:
        return max(abs(item.entry_log_odds) / top_entry, abs(item.stop_atr) / top_stop)

    shown = ordered if is_whole else sorted(ordered, key=weight, reverse=True)[:SHOWN]
    table = _table(f"5 Inputs, {len(shown)} of {len(ordered)} by what they added")
    table.add_column("Input", overflow="fold")
    for heading in ("Value", "Win, log odds", "Stop, ATR"):
        table.add_column(heading, justify="right", no_wrap=True)
    for item in sorted(shown, key=lambda item: -abs(item.entry_log_odds)):
        value = "missing" if item.value is None else f"{item.value:.4g}"
        table.add_row(item.name, value, f"{item.entry_log_odds:+.4f}", f"{item.stop_atr:+.4f}")
    rest = [item for item in ordered if item not in shown]
    if rest:
        entry = sum(item.entry_log_odds for item in rest)
        stop = sum(item.stop_atr for item in rest)
        table.add_row(f"the other {len(rest)}", "", f"{entry:+.4f}", f"{stop:+.4f}")
    table.add_row(
        "base", "", f"{reading.entry_base_log_odds:+.4f}", f"{reading.stop_base_atr:+.4f}"
    )
    raw, advantage = reading.entry_raw_log_odds, reading.stop_advantage_atr
    table.add_row("sum: raw score", "", f"{raw:+.4f}", f"{advantage:+.4f}", style="bold")
    return table


def _said(reading: Reading) -> list[tuple[str, str]]:
    better = f"expected {reading.stop_advantage_atr:+.4f} ATR over {reading.compared_atr:g} ATR"
    if reading.stop_method == "constant":
        better = "the best constant: no input was found to do better"
    share = "none" if reading.risk_frac is None else f"{reading.risk_frac:.2%} of capital at risk"
    takes = "take" if reading.probability >= reading.threshold else "skip"
    return [
        ("win", f"{reading.probability:.4f} calibrated, from {reading.threshold:.4f}: {takes}"),
        ("stop", f"{reading.stop_atr:g} ATR by {reading.stop_method}, {better}"),
        ("shaped", _shaped(reading)),
        ("size", f"{share}, {reading.contracts} contracts"),
    ]


def _shaped(reading: Reading) -> str:
    if reading.shaped_atr is None:
        return "the policy decided nothing on it"
    changed = "" if abs(reading.shaped_atr - reading.stop_atr) > 1e-9 else ", as the model says"
    return f"stop {reading.shaped_atr:.4g} ATR after smoothing and bounds{changed}"


def _print_action(action: Action, console: Console) -> None:
    row = action.decision
    facts = [("decision", _decision(row))]
    if action.outcome is not None:
        facts += [("order", _order(row)), ("became", action.outcome)]
    console.print(_facts(f"7 Policy {action.policy} ({row['policy_fingerprint']})", facts))
    if action.fills:
        console.print(_fills(action))
    if action.trade is not None:
        console.print(_facts("  Result", _result(action.trade)))


def _decision(row: Mapping[str, Any]) -> str:
    distances = ", ".join([f"stop {row['stop_points']:.2f}", *_own_exits(row)]) + " points"
    distances += f", out after {row['time_exit_bars']} bars" * bool(row.get("time_exit_bars"))
    chance = ""
    if row["probability"] is not None:
        chance = f", win {row['probability']:.4f} from {row['threshold']:.4f}"
    verdict = f"{row['contracts']} contracts {_side(row)}" if row["take"] else "skipped"
    return f"{verdict}, {distances}{chance}"


def _own_exits(row: Mapping[str, Any]) -> list[str]:
    """The target, and what only a strategy's own exits have."""
    words = ("target", "breakeven", "trail", "trail_activation")
    set_ = [(word.replace("_", " "), row.get(f"{word}_points")) for word in words]
    return [f"{word} {points:.2f}" for word, points in set_ if points is not None]


def _fills(action: Action) -> Table:
    table = _table("  Fills")
    for heading in ("Bar, UTC", "Side", "Lots", "Price", "Costs, USD", "Reason", "Raw row"):
        right = heading in ("Lots", "Price", "Costs, USD", "Raw row")
        table.add_column(heading, no_wrap=True, justify="right" if right else "left")
    for fill in action.fills:
        cells: Mapping[str, Any] = fill
        table.add_row(
            f"{cells['ts']:%Y-%m-%d %H:%M}",
            "buy" if cells["side"] > 0 else "sell",
            str(cells["contracts"]),
            f"{cells['price']:.2f}",
            f"{cells['commission_usd']:.2f}",
            str(cells["reason"]),
            str(cells["row"]),
        )
    return table


def _result(trade: Mapping[str, Any]) -> list[tuple[str, str]]:
    r = "" if trade["r"] is None else f", {trade['r']:+.3f} R"
    costs = f"commission {trade['commission_usd']:.2f}, slippage {trade['slippage_usd']:.2f} USD"
    reach = f"worst {trade['mae_points']:.2f}, best {trade['mfe_points']:.2f} points"
    return [
        ("net", f"{trade['net_usd']:+,.2f} USD{r} ({costs})"),
        ("exit", f"{trade['exit_reason']} after {trade['bars_held']} bars; {reach}"),
    ]
