"""The rules of what may go. Pure: holdings in, a plan out.

Never: what an alias points at, what a report names, the models that the lake's windows were decided
by, the newest policy of each recipe (reports count how many recipes were looked at), the witness of
a partition that stays, refused rows, and anything that is still at work.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from mlplatform.adapters.tracking.port import POLICY, RECIPE, REPORT, Tracked, pins_of
from mlplatform.orchestration.retention.holdings import (
    HeldFile,
    HeldRun,
    Holdings,
    Plan,
    Removal,
)

QUARANTINE = "quarantined_bars"
_WRITING = timedelta(days=1)
"""Nothing is written for longer: what is older was left by a writer that was killed."""


@dataclass(frozen=True)
class Rules:
    """How long, and how many, of the home's settings."""

    runs_days: int
    files_days: int
    studies_days: int
    versions: int
    """The newest of each registered model."""
    reports: int
    """The newest reports of a series that the tracker keeps."""


def plan_of(held: Holdings, rules: Rules) -> Plan:
    """What goes: what is made from others before what records it, so that a removal that is
    interrupted is taken up again.
    """
    files, spared = _files(held, rules)
    gone = {item.name for item in files}
    models = _versions(held, rules)
    removals = [
        *(Removal("file", item.name, _why_file(item), item) for item in files),
        *_parts(held),
        *_studies(held, rules),
        *models,
        *_reports(held, rules),
        *_runs(held, rules, gone),
    ]
    return Plan(tuple(removals), tuple(spared))


def _files(held: Holdings, rules: Rules) -> tuple[list[HeldFile], list[str]]:
    before = held.at - timedelta(days=rules.files_days)
    unwanted = [
        item
        for item in sorted(held.files, key=lambda item: item.name)
        if not (item.in_graph and item.has_source) and item.made < before
    ]
    refused = [item for item in unwanted if item.asset == QUARANTINE]
    orphans = [item for item in unwanted if item.asset != QUARANTINE and not item.has_series]
    spared = [f"{item.name} stays: refused rows are never removed" for item in refused]
    spared += [
        f"{count} files of {series} stay: the home has no deliveries of it any more, so that they "
        "are the last copy"
        for series, count in sorted(Counter(item.series for item in orphans).items())
    ]
    left = {item.name for item in (*refused, *orphans)}
    return [item for item in unwanted if item.name not in left], spared


def _why_file(item: HeldFile) -> str:
    if not item.in_graph:
        return "the asset graph has no such asset any more"
    return "the source does not hold the period any more"


def _parts(held: Holdings) -> Iterator[Removal]:
    for item in held.parts:
        if item.written < held.at - _WRITING:
            why = f"never finished; whoever wrote it stopped {_days(held.at - item.written)} ago"
            yield Removal("part", item.name, why, item)


def _studies(held: Holdings, rules: Rules) -> Iterator[Removal]:
    before = held.at - timedelta(days=rules.studies_days)
    for item in sorted(held.studies, key=lambda item: item.name):
        if item.last < before:
            why = f"no trial for {_days(held.at - item.last)}; its result is in the registry"
            yield Removal("study", item.name, why, item)


def _versions(held: Holdings, rules: Rules) -> list[Removal]:
    models = [item for item in held.tracked if item.role != REPORT]
    before = held.at - timedelta(days=rules.runs_days)
    kept = {item.run_id for item in models if _is_kept(item, held, before)}
    kept |= {item.run_id for item in _newest(models, rules.versions)}
    kept |= {item.run_id for item in _newest_of_recipes(models)}
    pinned = {pin for item in models if item.run_id in kept for pin in pins_of(item)}
    kept |= {item.run_id for item in models if (item.series, item.role, item.version) in pinned}
    return [
        Removal("version", _model_name(item), _why_version(item, rules), item)
        for item in sorted(models, key=lambda item: (item.role != POLICY, item.series, item.at))
        if item.run_id not in kept
    ]


def _is_kept(item: Tracked, held: Holdings, before: datetime) -> bool:
    if (item.series, item.role, item.fingerprint) in held.referred.models:
        return True
    if item.version is None:  # left by an interrupted step, which may yet take it up
        return item.at >= before
    is_named = (item.series, item.version) in held.referred.policies and item.role == POLICY
    return bool(item.aliases) or is_named


def _newest(items: Iterable[Tracked], count: int) -> Iterator[Tracked]:
    by_model: dict[tuple[str, str], list[Tracked]] = {}
    for item in items:
        if item.version is not None:
            by_model.setdefault((item.series, item.role), []).append(item)
    for mine in by_model.values():
        yield from sorted(mine, key=_age_key, reverse=True)[:count]


def _newest_of_recipes(models: Iterable[Tracked]) -> Iterator[Tracked]:
    newest: dict[tuple[str, str], Tracked] = {}
    for item in sorted(models, key=_age_key):
        if item.role == POLICY and item.version is not None and RECIPE in item.tags:
            newest[item.series, item.tags[RECIPE]] = item
    return iter(newest.values())


def _age_key(item: Tracked) -> tuple[datetime, str]:
    return item.at, item.run_id


def _model_name(item: Tracked) -> str:
    which = f"version {item.version}" if item.version else f"without version, run {item.run_id}"
    return f"{item.series}-{item.role} {which}"


def _why_version(item: Tracked, rules: Rules) -> str:
    if item.version is None:
        return f"left unregistered by an interrupted step, more than {rules.runs_days} days ago"
    return f"no alias, report, window or policy refers to it, and {rules.versions} are newer"


def _reports(held: Holdings, rules: Rules) -> Iterator[Removal]:
    by_series: dict[str, list[Tracked]] = {}
    for item in held.tracked:
        if item.role == REPORT:
            by_series.setdefault(item.series, []).append(item)
    for series, mine in sorted(by_series.items()):
        for item in sorted(mine, key=_age_key, reverse=True)[rules.reports :][::-1]:
            if item.run_id not in held.referred.tracked:
                name = f"{series} report of {item.at:%Y-%m-%d %H:%M}, run {item.run_id}"
                yield Removal("report", name, f"{rules.reports} are newer", item)


def _runs(held: Holdings, rules: Rules, gone: set[str]) -> Iterator[Removal]:
    before = held.at - timedelta(days=rules.runs_days)
    old = [item for item in held.runs if item.ended is not None and item.ended < before]
    for item in sorted(old, key=lambda item: (item.ended or held.at, item.run_id)):
        if _is_free(item, held, gone):
            assert item.ended is not None
            why = f"ended {_days(held.at - item.ended)} ago; newer runs made what it made"
            yield Removal("run", f"{item.job} {item.run_id}", why, item)


def _is_free(item: HeldRun, held: Holdings, gone: set[str]) -> bool:
    is_named = item.made_report or item.run_id in held.referred.runs
    return not is_named and item.newest_of <= gone


def _days(span: timedelta) -> str:
    return "1 day" if span.days == 1 else f"{span.days} days"
