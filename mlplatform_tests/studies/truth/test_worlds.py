"""The plan of worlds: what is run, in which order, from which seeds."""

import pytest

from mlplatform.domain.errors import InputError
from mlplatform.studies.truth.worlds import (
    KINDS,
    PlannedWorld,
    TruthSettings,
    left_over,
    plan_worlds,
)
from mlplatform.synthetic.world import EDGES

SMALL = TruthSettings(noise=10, planted=2)


def test_the_plan_holds_each_world_once():
    names = [world.name for world in plan_worlds(SMALL)]
    assert len(set(names)) == len(names) == 16
    assert sum(name.startswith("noise-") for name in names) == 10
    assert {"weak-002", "modest-002", "strong-002", "noise-010"} <= set(names)
    assert "noise-011" not in names


def test_any_beginning_of_the_plan_holds_all_kinds_in_proportion():
    plan = plan_worlds(SMALL)
    half = [world.kind for world in plan[:8]]
    assert {kind: half.count(kind) for kind in KINDS} == {
        "noise": 5,
        "weak": 1,
        "modest": 1,
        "strong": 1,
    }


def test_a_larger_plan_holds_the_smaller_one():
    assert set(plan_worlds(SMALL)) <= set(plan_worlds(TruthSettings(noise=12, planted=9)))


def test_worlds_of_one_number_share_their_draws_where_an_edge_is_planted_and_only_there():
    seeds = {(world.kind, world.number): world.seed for world in plan_worlds(SMALL)}
    assert seeds["weak", 1] == seeds["modest", 1] == seeds["strong", 1]
    assert len(set(seeds.values())) == 10 + 2


def test_another_seed_gives_other_worlds():
    assert not {w.seed for w in plan_worlds(SMALL)} & {
        w.seed for w in plan_worlds(TruthSettings(10, 2, seed=8))
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_world_is_a_year_with_the_edge_of_its_kind(kind):
    world = PlannedWorld(kind, 1, 5).world
    assert world.edge == EDGES.get(kind, EDGES["none"])
    assert (world.seed, world.sessions, world.timeframe.name) == (5, 258, "5m")


def test_what_is_finished_is_not_run_again():
    plan = plan_worlds(SMALL)
    assert left_over(plan, plan[1:4]) == (plan[0], *plan[4:])
    assert left_over(plan, [PlannedWorld("noise", 1, 999)]) == plan
    assert left_over(plan, plan) == ()


@pytest.mark.parametrize(("noise", "planted"), [(0, 0), (-1, 5), (5, -1), (1_000_000, 1)])
def test_impossible_numbers_of_worlds_are_refused(noise, planted):
    with pytest.raises(InputError, match=r"Worlds cannot be fewer|ask for fewer"):
        TruthSettings(noise, planted)


def test_one_kind_may_be_left_out():
    assert {w.kind for w in plan_worlds(TruthSettings(3, 0))} == {"noise"}
    assert "noise" not in {w.kind for w in plan_worlds(TruthSettings(0, 3))}
