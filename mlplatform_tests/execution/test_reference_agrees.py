"""Law: the compiled step agrees with a slow, obvious engine that was written apart from it."""

import os

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings

from mlplatform.execution import FillPolicy, OrderKind, Outcome, Reason, simulate
from mlplatform_tests.execution.reference.compare import (
    CAPITAL_USD,
    agree,
    assert_money_is_conserved,
)
from mlplatform_tests.execution.reference.drawn import Kind, World, seeded_worlds, worlds
from mlplatform_tests.execution.reference.engine import run

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"


def examples(usual: int) -> settings:
    """So many random worlds; 20,000 in the profile `long`."""
    return settings(
        max_examples=20_000 if LONG else usual,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


ANY = Kind()
MARKET_ONLY = Kind((OrderKind.MARKET,), (FillPolicy.NEXT_OPEN,))


@examples(800)
@given(worlds(MARKET_ONLY))
def test_market_entries_agree(world: World) -> None:
    agree(world)


@examples(1600)
@given(worlds(Kind(policies=(FillPolicy.NEXT_OPEN,))))
def test_orders_of_every_kind_agree_at_the_next_open(world: World) -> None:
    agree(world)


@examples(900)
@given(worlds(Kind(policies=(FillPolicy.SAME_CLOSE,))))
def test_orders_of_every_kind_agree_at_the_same_close(world: World) -> None:
    agree(world)


@examples(900)
@given(worlds(Kind(policies=(FillPolicy.QUOTE_CLOSE,))))
def test_orders_of_every_kind_agree_at_the_closing_quote(world: World) -> None:
    agree(world)


@examples(900)
@given(worlds(Kind(scheduled=True)))
def test_windows_and_scheduled_session_ends_agree(world: World) -> None:
    agree(world)


@examples(900)
@given(worlds(Kind(finer=True)))
def test_bars_traded_on_finer_bars_agree(world: World) -> None:
    ours, theirs = agree(world)
    assert int(ours.state["ambiguous_bars"]) == theirs.ambiguous_bars
    assert int(ours.state["resolved_bars"]) == theirs.resolved_bars


@examples(400)
@given(worlds(Kind(finer=True, scheduled=True)))
def test_money_is_conserved_to_the_cent_at_every_bar(world: World) -> None:
    assert_money_is_conserved(world)


def test_the_random_worlds_hold_every_outcome_and_every_reason() -> None:
    reasons, outcomes, resolved = set(), set(), 0
    for world in seeded_worlds(Kind(finer=True, scheduled=True), 1200, seed=11):
        result = run(world.bars, world.orders, world.rules, CAPITAL_USD, world.finer)
        reasons |= {fill.reason for fill in result.fills}
        outcomes |= set(result.outcomes)
        resolved += result.resolved_bars
    assert reasons == set(Reason) - {Reason.NONE}
    assert outcomes == set(Outcome) - {Outcome.UNSEEN, Outcome.REFUSED_CAPACITY}
    assert resolved > 50


def test_the_tables_say_what_the_reference_says() -> None:
    for world in seeded_worlds(ANY, 40, seed=5):
        ours = simulate(world.bars, world.orders, world.rules, CAPITAL_USD)
        theirs = run(world.bars, world.orders, world.rules, CAPITAL_USD)
        starts = world.bars.ts.tolist()
        ts = [starts[fill.bar] for fill in theirs.fills]
        assert ours.fills()["ts"].to_physical().to_list() == ts
        for row, trade in zip(ours.trades().iter_rows(named=True), theirs.trades, strict=True):
            assert row["candidate_id"] == str(trade.row)
            assert row["setup"] == "abc"[trade.setup]
            assert row["exit_reason"] == trade.reason.label
            assert row["bars_held"] == trade.exit_bar - trade.entry_bar + 1
            assert row["r"] == (None if np.isnan(trade.r) else pytest.approx(trade.r))
            assert row["stop_points"] == finite(trade.stop_points)
            assert row["target_points"] == finite(trade.target_points)
        times = ours.trades().select(pl.col("decision_ts", "entry_ts", "exit_ts").to_physical())
        assert times.rows() == [
            (starts[t.decision_bar], starts[t.entry_bar], starts[t.exit_bar]) for t in theirs.trades
        ]
        assert ours.equity()["position"].to_list() == theirs.positions
        assert ours.outcomes()["outcome"].to_list() == [o.label for o in theirs.outcomes]


def finite(points: float) -> float | None:
    """As tables show a distance: none is null."""
    return points if points < np.inf else None
