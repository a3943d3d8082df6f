"""Looks at everything that a home holds; nothing is written."""

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from mlplatform.adapters.atomic import unfinished
from mlplatform.adapters.bars.book import BarBook
from mlplatform.adapters.home import Home
from mlplatform.adapters.lake import Lake
from mlplatform.adapters.studies import StudyStorage
from mlplatform.adapters.tracking.port import POLICY, Tracker
from mlplatform.orchestration.io import WHOLE, kept_in
from mlplatform.orchestration.planning.axis import SERIES, Partition
from mlplatform.orchestration.planning.lineage import Lineage
from mlplatform.orchestration.retention.holdings import (
    HeldFile,
    HeldPart,
    HeldRun,
    HeldStudy,
    Holdings,
    Referred,
)

_REPORT = "walk_forward_report"
_ROLES = {
    "stop_model": "stop",
    "entry_model": "entry",
    "size_model": "size",
    "setup_detector": "detector",
    "policy": POLICY,
}
"""The role in the registry of what each asset's table holds."""
_PAGE = 500


@dataclass(frozen=True)
class Shop:
    """What is looked at, and what things are removed from."""

    home: Home
    book: BarBook
    lineage: Lineage
    tracker: Tracker
    storage: StudyStorage
    instance: dg.DagsterInstance

    @property
    def series(self) -> list[str]:
        """Every series that Dagster or the book knows."""
        known = self.instance.get_dynamic_partitions(str(SERIES.name))
        return sorted({*known, *self.book.series()})


@dataclass(frozen=True)
class _Made:
    """The newest materialisation of one partition."""

    asset: str
    partition: Partition
    run_id: str
    at: datetime


def look(shop: Shop, at: datetime) -> Holdings:
    """Everything that could ever be removed, and what is referred to."""
    made = _still_there(shop.home.lake, list(_newest(shop.instance)))
    files = tuple(_files(shop, made))
    newest_of: dict[str, set[str]] = {}
    for item, file in zip(made, files, strict=True):
        newest_of.setdefault(item.run_id, set()).add(file.name)
    return Holdings(
        at,
        files,
        tuple(_parts(shop.home)),
        tuple(_runs(shop.instance, newest_of)),
        tuple(
            HeldStudy(series, name, last)
            for series in shop.series
            for name, last in shop.storage.ages(series).items()
        ),
        tuple(item for series in shop.series for item in shop.tracker.tracked(series)),
        _referred(shop),
    )


def _newest(instance: dg.DagsterInstance) -> Iterator[_Made]:
    kind = dg.DagsterEventType.ASSET_MATERIALIZATION
    for key in instance.all_asset_keys():
        log = instance.event_log_storage
        names = {
            identity: name
            for name, identity in log.get_latest_storage_id_by_partition(key, kind).items()
        }
        if not names:
            continue
        wanted = dg.AssetRecordsFilter(asset_key=key, storage_ids=list(names))
        for record in instance.fetch_materializations(wanted, limit=len(names)).records:
            yield _Made(
                key.path[-1],
                Partition.parse(names[record.storage_id]),
                record.run_id,
                datetime.fromtimestamp(record.timestamp, UTC),
            )


def _still_there(lake: Lake, made: Sequence[_Made]) -> list[_Made]:
    """A witness of a file that is gone is witness of nothing."""
    pairs = {(item.asset, item.partition.series) for item in made}
    kept = {pair: kept_in(lake, *pair) for pair in pairs}
    return [item for item in made if item.partition in kept[item.asset, item.partition.series]]


def _files(shop: Shop, made: Iterable[_Made]) -> Iterator[HeldFile]:
    books = set(shop.book.series())
    sources = {
        series: shop.lineage.wanted(series, shop.book.chapter(series).periods) for series in books
    }
    for item in made:
        series = item.partition.series
        yield HeldFile(
            item.asset,
            series,
            item.partition.period or WHOLE,
            item.at,
            in_graph=item.asset in shop.lineage.codes,
            has_source=item.partition in sources.get(series, {}).get(item.asset, ()),
            has_series=series in books,
        )


def _parts(home: Home) -> Iterator[HeldPart]:
    for path in unfinished(home.root):
        with contextlib.suppress(FileNotFoundError):  # it is whole, and has its place now
            written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            yield HeldPart(str(path.relative_to(home.root)), written)


def _runs(
    instance: dg.DagsterInstance, newest_of: Mapping[str, AbstractSet[str]]
) -> Iterator[HeldRun]:
    reports = set(_report_runs(instance))
    cursor = None
    while page := instance.get_run_records(limit=_PAGE, cursor=cursor):
        for record in page:
            run = record.dagster_run
            yield HeldRun(
                run.run_id,
                run.job_name,
                datetime.fromtimestamp(record.end_time, UTC) if record.end_time else None,
                frozenset(newest_of.get(run.run_id, ())),
                run.run_id in reports,
            )
        cursor = page[-1].dagster_run.run_id


def _report_runs(instance: dg.DagsterInstance) -> Iterator[str]:
    cursor = None
    while True:
        page = instance.fetch_materializations(dg.AssetKey(_REPORT), limit=_PAGE, cursor=cursor)
        yield from (record.run_id for record in page.records)
        if not page.has_more:
            return
        cursor = page.cursor


def _referred(shop: Shop) -> Referred:
    runs, policies, tracked = set(), set(), set()
    for path in sorted((shop.home.root / "reports").glob("*/report.json")):
        told = json.loads(path.read_text()).get("provenance", {})
        runs.add(str(told.get("dagster_run")))
        tracked.add(str(told.get("mlflow", {}).get("report_run", "")).rpartition("/")[2])
        versions: list[Any] = [*told.get("policy_versions", {}).values()]
        versions.append(told.get("champion", {}).get("version"))
        policies |= {(path.parent.name, str(version)) for version in versions if version}
    return Referred(
        frozenset(runs), frozenset(policies), frozenset(_models(shop)), frozenset(tracked)
    )


def _models(shop: Shop) -> Iterator[tuple[str, str, str]]:
    lake = shop.home.lake
    for series in shop.series:
        for asset, role in _ROLES.items():
            periods = lake.periods(asset, series)
            if periods:
                for identity in lake.read(asset, series, periods)["fingerprint"]:
                    yield series, role, identity
