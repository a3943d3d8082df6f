"""`mlplatform decide`: what the champion does with the newest bars."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table

from mlplatform.decisions.detection import scores_of
from mlplatform.decisions.policy import Policy, unpack
from mlplatform.decisions.portfolio import Account, Closes, OpenPosition, beside, correlation
from mlplatform.domain.errors import InputError
from mlplatform.domain.series import Series
from mlplatform.features.compute import features_of_period
from mlplatform.features.sets import core_plan, model_inputs
from mlplatform.orchestration.build import Platform, build_platform
from mlplatform.orchestration.checks.gate import read_evidence
from mlplatform.orchestration.desks.notes import STRATEGY_TAG
from mlplatform.orchestration.own_strategy import home_strategy
from mlplatform.settings import load_settings
from mlplatform.setups.inputs import model_inputs_of, with_score
from mlplatform.setups.setup import find_candidates
from mlplatform.strategies.strategy import Strategy
from mlplatform.studies.recipe import expectancy_r


def decide(
    home_root: Path, series_name: str, newest: int, console: Console, open_: Sequence[str] = ()
) -> None:
    """Load `models:/<series>-policy@champion`, look at the newest period, print its decisions.

    `open_` are positions in other series (see `position_of`): contracts are what they leave.
    """
    series = Series.parse(series_name)
    positions = tuple(position_of(text) for text in open_)
    platform = build_platform(home_root, load_settings(home_root))
    if series.name not in platform.book.series():
        raise InputError(
            f"{home_root} knows no series {series.name}: run `mlplatform run --data ...` first."
        )
    payload = platform.tracker.champion_payload(series.name)
    champion = platform.tracker.champion(series.name)
    if payload is None or champion is None:
        raise InputError(
            f"Series {series.name} has no champion: the gate held its policies back; "
            f"{platform.home.report(series.name) / 'report.html'} says why."
        )
    policy = unpack(payload, core_plan(series.timeframe).fingerprint)
    kept = champion.tags.get(STRATEGY_TAG, "")
    strategy = home_strategy(platform.home, kept)
    history = _history(platform, series)
    decisions = _decide(platform, series, policy, strategy, history)
    console.print(f"{series.name}: champion is policy version {champion.version}.")
    if kept:
        console.print(f"It trades the strategy {strategy.name}: candidates are found by it.")
    earned = expectancy_r(read_evidence(champion))
    console.print(f"Out of sample its recipe made {earned:+.3f} R a trade, costs included.")
    if earned <= 0:
        console.print("It has shown no profit: look, do not trade.", style="yellow")
    last = history["ts"][-1]
    close = history["close"][-1]
    console.print(f"Newest bar {last:%Y-%m-%d %H:%M} UTC, close {close:,.2f} points.")
    if decisions.is_empty() or decisions["ts"][-1] != last:
        console.print("No candidate on the newest bar: nothing to do now.")
    shown = decisions.tail(newest)
    if positions:
        shown = _beside(platform, Closes(series, history), shown, positions, console)
    console.print(_table(shown))


def position_of(text: str) -> OpenPosition:
    """An open position as written on the command line, such as MNQ-5m:long:2:41.5 (series, side,
    contracts, stop distance in points); raises InputError.
    """
    parts = text.split(":")
    try:
        name, side, contracts, stop = parts
        sides = {"long": 1, "short": -1}
        return OpenPosition(Series.parse(name), sides[side], int(contracts), float(stop))
    except (ValueError, KeyError) as error:
        raise InputError(
            f"'{text}' is no open position: write series, long or short, contracts and the stop's "
            "distance in points, such as MNQ-5m:long:2:41.5."
        ) from error


def _beside(
    platform: Platform,
    own: Closes,
    decisions: pl.DataFrame,
    positions: tuple[OpenPosition, ...],
    console: Console,
) -> pl.DataFrame:
    """The decisions with the contracts that open positions leave; says how alike these move."""
    lake = platform.home.lake
    before = own.bars["ts"][-1] + own.series.timeframe.delta
    alike: dict[str, float | None] = {}
    for name in dict.fromkeys(position.series.name for position in positions):
        alike[name] = None
        if periods := lake.periods("bars", name):
            other = Closes(Series.parse(name), lake.read("bars", name, periods))
            alike[name] = correlation(own, other, before)
        rho = alike[name]
        told = "not known from this home, counted as 1" if rho is None else f"{rho:+.2f}"
        console.print(f"Correlation with {name}, hourly returns of 60 days: {told}.")
    settings = platform.settings
    account = Account(settings.capital_usd, settings.max_heat_frac, positions)
    return beside(decisions, own.series.instrument.multiplier_usd, account, alike)


def _history(platform: Platform, series: Series) -> pl.DataFrame:
    """All bars of the series."""
    lake = platform.home.lake
    periods = lake.periods("bars", series.name)
    if not periods:
        raise InputError(f"There are no bars of {series.name}: run `mlplatform run` first.")
    return lake.read("bars", series.name, periods)


def _decide(
    platform: Platform, series: Series, policy: Policy, strategy: Strategy, history: pl.DataFrame
) -> pl.DataFrame:
    """The policy's decisions on the candidates of the newest period."""
    axis, lake = platform.book.axis, platform.home.lake
    period = lake.periods("bars", series.name)[-1]
    plan = core_plan(series.timeframe)
    features = features_of_period(plan, series.timeframe, axis, period, history)
    bars = lake.read("bars", series.name, [period])
    setups, names = strategy.tradable, strategy.setup_names
    candidates = find_candidates(series.name, setups, bars, features, series.timeframe.seconds)
    inputs = model_inputs_of(candidates, features, model_inputs(plan), names)
    inputs = with_score(inputs, candidates, scores_of(policy.detector, bars, candidates))
    policy.require(inputs.names)
    return policy.decide(candidates, inputs.x)


def _table(decisions: pl.DataFrame) -> Table:
    table = Table(title=f"The newest {decisions.height} candidates", title_justify="left")
    table.add_column("Bar, UTC", no_wrap=True)
    table.add_column("Setup", no_wrap=True)
    table.add_column("Side", no_wrap=True)
    table.add_column("Order", no_wrap=True)
    for heading in ("Win", "From", "Lots", "Stop", "Target"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.caption = "Win: calibrated probability. From: traded from this on. Distances: points."
    table.caption_justify = "left"
    for row in decisions.iter_rows(named=True):
        table.add_row(
            f"{row['ts']:%m-%d %H:%M}",
            row["setup"],
            "long" if row["side"] > 0 else "short",
            _order(row),
            f"{row['probability']:.3f}",
            f"{row['threshold']:.3f}",
            str(row["contracts"]) if row["take"] else "skip",
            f"{row['stop_points']:.2f}",
            f"{row['target_points']:.2f}",
        )
    return table


def _order(row: Mapping[str, Any]) -> str:
    """How to enter: a resting order says its price and for how many bars it stands."""
    if row["order_type"] == "market":
        return "market"
    return f"{row['order_type']} {row['order_price']:.2f} for {row['expiry_bars']} bars"
