"""What is old goes; what a champion, a report, a window or the planner needs never does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlplatform.adapters.tracking.port import CHAMPION, POLICY, RECIPE, REPORT, Tracked, pins_of
from mlplatform.orchestration.retention.holdings import (
    HeldFile,
    HeldPart,
    HeldRun,
    HeldStudy,
    Holdings,
    Plan,
    Referred,
)
from mlplatform.orchestration.retention.policy import QUARANTINE, Rules, plan_of

AT = datetime(2026, 6, 1, tzinfo=UTC)
RULES = Rules(runs_days=90, files_days=30, studies_days=30, versions=2, reports=2)
MODELS = ("stop", "entry")
ages = st.integers(0, 200).map(lambda days: AT - timedelta(days=days, minutes=1))
series_names = st.sampled_from(["MES-5m", "NQ-1m"])
versions = st.integers(1, 12).map(str)


@st.composite
def tracked(draw: st.DrawFn, number: int) -> Tracked:
    role = draw(st.sampled_from([*MODELS, POLICY, REPORT]))
    version = None if role == REPORT or draw(st.integers(0, 5)) == 0 else str(number)
    tags = {}
    if role == POLICY:
        tags[RECIPE] = draw(st.sampled_from("abc"))
        tags |= {f"{model}_version": draw(versions | st.just("none")) for model in MODELS}
    alias = role == POLICY and version is not None and draw(st.integers(0, 5)) == 0
    return Tracked(
        f"run-{number}",
        draw(series_names),
        role,
        draw(st.sampled_from("fghij")),
        draw(ages),
        version,
        frozenset({CHAMPION} if alias else ()),
        tags,
    )


@st.composite
def files(draw: st.DrawFn) -> HeldFile:
    return HeldFile(
        draw(st.sampled_from(["bars", "policy", QUARANTINE])),
        draw(series_names),
        draw(st.sampled_from(["2025-01", "2025-02"])),
        draw(ages),
        in_graph=draw(st.booleans()),
        has_source=draw(st.booleans()),
        has_series=draw(st.booleans()),
    )


@st.composite
def homes(draw: st.DrawFn) -> Holdings:
    """Any home, also such as no chain would leave."""
    held = draw(st.lists(files(), max_size=8, unique_by=lambda item: item.name))
    names = [item.name for item in held]
    witnesses = st.frozensets(st.sampled_from(names), max_size=2) if names else st.just(frozenset())
    runs = [
        HeldRun(str(n), "windows", draw(st.none() | ages), draw(witnesses), draw(st.booleans()))
        for n in range(draw(st.integers(0, 6)))
    ]
    count = draw(st.integers(0, 14))
    return Holdings(
        AT,
        tuple(held),
        tuple(HeldPart(f".{n}", draw(ages)) for n in range(draw(st.integers(0, 3)))),
        tuple(runs),
        tuple(
            HeldStudy(draw(series_names), f"study-{n}", draw(ages))
            for n in range(draw(st.integers(0, 4)))
        ),
        tuple(draw(tracked(number)) for number in range(1, count + 1)),
        Referred(
            draw(st.frozensets(st.integers(0, 6).map(str), max_size=2)),
            draw(st.frozensets(st.tuples(series_names, versions), max_size=3)),
            draw(
                st.frozensets(
                    st.tuples(series_names, st.sampled_from(MODELS), st.sampled_from("fghij")),
                    max_size=3,
                )
            ),
            draw(st.frozensets(st.integers(1, 14).map(lambda n: f"run-{n}"), max_size=3)),
        ),
    )


def without(held: Holdings, plan: Plan, first: int | None = None) -> Holdings:
    """The home after so many removals of the plan; a file that is gone needs no witness."""
    gone = [item.what for item in plan.removals[:first]]
    files = tuple(item for item in held.files if item not in gone)
    names = {item.name for item in files}
    runs = [replace(run, newest_of=run.newest_of & names) for run in held.runs if run not in gone]
    return replace(
        held,
        files=files,
        parts=tuple(item for item in held.parts if item not in gone),
        runs=tuple(runs),
        studies=tuple(item for item in held.studies if item not in gone),
        tracked=tuple(item for item in held.tracked if item not in gone),
    )


@given(homes())
def test_a_champion_what_reports_name_and_all_that_they_are_made_of_survive(
    held: Holdings,
) -> None:
    left = {item.run_id for item in without(held, plan_of(held, RULES)).tracked}
    policies = [item for item in held.tracked if item.role == POLICY and item.version]
    needed = [
        item
        for item in policies
        if item.aliases or (item.series, item.version) in held.referred.policies
    ]
    pins = {pin for item in needed for pin in pins_of(item)}
    for item in held.tracked:
        is_pinned = (item.series, item.role, item.version) in pins
        is_decided = (item.series, item.role, item.fingerprint) in held.referred.models
        is_report = item.role == REPORT and item.run_id in held.referred.tracked
        if item in needed or is_pinned or is_decided or is_report:
            assert item.run_id in left
        if item in policies and item.run_id in left:
            mine = [i for i in held.tracked if (i.series, i.role, i.version) in pins_of(item)]
            assert {i.run_id for i in mine} <= left, "a policy never loses a model"


@given(homes())
def test_no_recipe_that_was_ever_looked_at_is_forgotten(held: Holdings) -> None:
    def recipes(one: Holdings) -> set[tuple[str, str]]:
        mine = [item for item in one.tracked if item.role == POLICY and item.version]
        return {(item.series, item.tags[RECIPE]) for item in mine}

    assert recipes(without(held, plan_of(held, RULES))) == recipes(held)


@given(homes())
def test_whatever_stays_in_the_lake_keeps_its_witness_and_reports_their_runs(
    held: Holdings,
) -> None:
    left = without(held, plan_of(held, RULES))
    kept = {item.run_id for item in left.runs}
    names = {item.name for item in left.files}
    for run in held.runs:
        is_needed = run.newest_of & names or run.made_report or run.ended is None
        if is_needed or run.run_id in held.referred.runs:
            assert run.run_id in kept


@given(homes())
def test_refused_rows_stay_and_it_is_said(held: Holdings) -> None:
    plan = plan_of(held, RULES)
    assert not [item for item in plan.removals if item.name.startswith(QUARANTINE)]
    for item in held.files:
        is_old = item.made < AT - timedelta(days=30)
        if item.asset == QUARANTINE and is_old and not (item.in_graph and item.has_source):
            assert any(item.name in sentence for sentence in plan.spared)


@given(homes())
def test_nothing_that_has_a_source_and_nothing_young_goes(held: Holdings) -> None:
    for item in plan_of(held, RULES).removals:
        match item.what:
            case HeldFile() as file:
                assert not (file.in_graph and file.has_source)
                assert file.has_series
                assert file.made < AT - timedelta(days=30)
            case HeldPart(written=written):
                assert written < AT - timedelta(days=1)
            case HeldRun(ended=ended):
                assert ended is not None
                assert ended < AT - timedelta(days=90)
            case HeldStudy(last=last):
                assert last < AT - timedelta(days=30)


@given(homes(), st.integers(0, 40))
def test_a_second_time_nothing_goes_and_what_was_interrupted_is_taken_up(
    held: Holdings, after: int
) -> None:
    plan = plan_of(held, RULES)
    assert plan_of(without(held, plan), RULES).removals == ()
    halfway = without(held, plan, after)
    again = plan_of(halfway, RULES)
    assert [item.name for item in again.removals] == [i.name for i in plan.removals[after:]]


@given(homes())
def test_each_thing_is_named_once(held: Holdings) -> None:
    names = [(item.kind, item.name) for item in plan_of(held, RULES).removals]
    assert len(names) == len(set(names))


OLD = AT - timedelta(days=100)


def model(number: int, role: str = "stop", at: datetime = OLD, **more: object) -> Tracked:
    fields = {"version": str(number), **more}
    return Tracked(f"run-{number}", "MES-5m", role, f"f{number}", at, **fields)  # type: ignore[arg-type]


def test_of_models_that_nothing_refers_to_the_newest_stay() -> None:
    held = Holdings(AT, tracked=tuple(model(n, at=OLD + timedelta(n)) for n in range(1, 6)))
    found = plan_of(held, RULES).removals
    assert [item.name for item in found] == [f"MES-5m-stop version {n}" for n in (1, 2, 3)]
    assert "2 are newer" in found[0].why


def test_what_an_interrupted_step_left_goes_only_when_it_is_old() -> None:
    left = model(1, version=None)
    young = model(2, version=None, at=AT - timedelta(days=89))
    (item,) = plan_of(Holdings(AT, tracked=(left, young)), RULES).removals
    assert item.name == "MES-5m-stop without version, run run-1"


@pytest.mark.parametrize(("days", "goes"), [(30, False), (31, True)])
def test_the_lakes_file_of_an_asset_that_is_no_more_goes_after_its_days(
    days: int, goes: bool
) -> None:
    made = AT - timedelta(days=days)
    file = HeldFile("old_asset", "MES-5m", "2025-01", made, in_graph=False, has_source=True)
    assert bool(plan_of(Holdings(AT, files=(file,)), RULES).removals) is goes


@pytest.mark.parametrize(("hours", "goes"), [(24, False), (25, True)])
def test_what_a_killed_writer_left_goes_after_a_day_and_what_may_be_at_work_stays(
    hours: int, goes: bool
) -> None:
    part = HeldPart("lake/bars/MES-5m/.2025-01.parquet.0", AT - timedelta(hours=hours))
    assert bool(plan_of(Holdings(AT, parts=(part,)), RULES).removals) is goes


def test_the_last_copy_of_a_series_is_spared_and_it_is_said() -> None:
    file = HeldFile("bars", "ES-5m", "2025-01", OLD, True, has_source=False, has_series=False)
    plan = plan_of(Holdings(AT, files=(file,)), RULES)
    assert plan.removals == ()
    assert "1 files of ES-5m stay" in plan.spared[0]


def test_models_go_after_the_policies_that_pin_them_and_runs_last() -> None:
    pins = {RECIPE: "a", "stop_version": "1"}
    held = Holdings(
        AT,
        tracked=(
            model(1),
            *(model(n, at=OLD + timedelta(n)) for n in (2, 3)),
            *(model(n, POLICY, OLD + timedelta(n), tags=pins) for n in (4, 5, 6)),
            model(7, POLICY, OLD + timedelta(7), tags={RECIPE: "a"}),
        ),
        runs=(HeldRun("r", "windows", OLD),),
        studies=(HeldStudy("MES-5m", "s", OLD),),
    )
    kinds = [(item.kind, item.name) for item in plan_of(held, RULES).removals]
    assert kinds == [
        ("study", "s"),
        ("version", "MES-5m-policy version 4"),
        ("version", "MES-5m-policy version 5"),
        ("run", "windows r"),
    ]
    fewer = replace(RULES, versions=1)
    names = [item.name for item in plan_of(held, fewer).removals]
    assert names.index("MES-5m-policy version 6") < names.index("MES-5m-stop version 1")
