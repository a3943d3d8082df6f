"""Looks at everything that a home holds; nothing is written."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from mlplatform.adapters.bars.book import BarBook
from mlplatform.adapters.home import Home
from mlplatform.adapters.studies import StudyStorage
from mlplatform.adapters.tracking.port import POLICY, Tracker
from mlplatform.orchestration.axis import Partition
from mlplatform.orchestration.io import WHOLE
from mlplatform.orchestration.lineage import Lineage
from mlplatform.orchestration.retention.holdings import (
    HeldFile,
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
        return sorted({*self.instance.get_dynamic_partitions("series"), *self.book.series()})


@dataclass(frozen=True)
class _Made:
    """The newest materialisation of one partition."""

    asset: str
    partition: Partition
    run_id: str
    at: datetime


def look(shop: Shop, at: datetime) -> Holdings:
    """Everything that could ever be removed, and what is referred to."""
    made = [item for item in _newest(shop.instance) if _is_there(shop, item)]
    return Holdings(
        at,
        tuple(_files(shop, made)),
        tuple(_runs(shop.instance, made)),
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


def _is_there(shop: Shop, item: _Made) -> bool:
    """A witness of a file that is gone is witness of nothing."""
    period = item.partition.period or WHOLE
    return shop.home.lake.has(item.asset, item.partition.series, period)


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


def _runs(instance: dg.DagsterInstance, made: Iterable[_Made]) -> Iterator[HeldRun]:
    newest: dict[str, set[str]] = {}
    for item in made:
        name = f"{item.asset}/{item.partition.series}/{item.partition.period or WHOLE}"
        newest.setdefault(item.run_id, set()).add(name)
    reports = set(_report_runs(instance))
    cursor = None
    while page := instance.get_run_records(limit=_PAGE, cursor=cursor):
        for record in page:
            run = record.dagster_run
            yield HeldRun(
                run.run_id,
                run.job_name,
                datetime.fromtimestamp(record.end_time, UTC) if record.end_time else None,
                frozenset(newest.get(run.run_id, ())),
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
