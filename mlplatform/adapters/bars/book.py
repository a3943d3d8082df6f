"""The book of bars: each series' source, read once, split into periods and hashed."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from mlplatform.adapters.atomic import replacing
from mlplatform.adapters.bars.files import FileBars
from mlplatform.adapters.bars.port import BarSource
from mlplatform.adapters.bars.yahoo import YahooBars
from mlplatform.adapters.home import Home, SourceSpec
from mlplatform.domain.content import content_hash
from mlplatform.domain.errors import InputError
from mlplatform.domain.periods import PeriodAxis
from mlplatform.domain.series import Series
from mlplatform.domain.tables import ORIGIN
from mlplatform.market.periods import split_periods
from mlplatform.market.validation import check_timeframe

MakeSource = Callable[[Series, SourceSpec], BarSource]


@dataclass(frozen=True)
class Chapter:
    """One series' source as it was read: raw bars by period, their hashes, what to know of it."""

    kind: str
    note: str | None
    periods: dict[str, pl.DataFrame]
    hashes: dict[str, str]


class BarBook:
    """Reads each series' source when it changed, else from memory."""

    def __init__(self, home: Home, axis: PeriodAxis, make: MakeSource | None = None) -> None:
        self.home = home
        self.axis = axis
        self._make = make or source_of
        self._chapters: dict[tuple[object, ...], Chapter] = {}
        self._unsettled: dict[str, SourceSpec] = {}

    def chapter(self, series: str) -> Chapter:
        """The series' bars; raises InputError where the source is unknown or unusable."""
        spec = self._unsettled.get(series) or self.home.sources().get(series)
        if spec is None:
            raise InputError(
                f"Series {series} has no source yet: run `mlplatform run --data ...` once."
            )
        key = (series, spec, _stamp(spec.path))
        if key not in self._chapters:
            parsed = Series.parse(series)
            chapter = read_chapter(parsed, self._make(parsed, spec), self.axis)
            self._chapters[key] = replace(chapter, kind=spec.kind)
        return self._chapters[key]

    def download(self, series: str) -> None:
        """Fetch a network source's newest bars into the home, beside those it had before."""
        spec = self.home.sources()[series]
        if spec.kind != "yahoo":
            return
        fresh = YahooBars(Series.parse(series)).read()
        self.keep(series, spec, fresh)

    def keep(self, series: str, spec: SourceSpec, fresh: pl.DataFrame) -> None:
        """Store fetched bars; those older than the fetch's first bar stay as they were."""
        path = self.home.root / "downloads" / f"{series}.parquet"
        if path.is_file():
            older = pl.read_parquet(path, memory_map=False).filter(pl.col("ts") < fresh["ts"][0])
            fresh = pl.concat([older, fresh]).drop("row").with_row_index("row")
        with replacing(path) as temporary:
            fresh.write_parquet(temporary)
        self.home.set_source(series, SourceSpec(spec.kind, str(path)))
        self._unsettled.pop(series, None)

    def put(self, series: str, spec: SourceSpec, chapter: Chapter) -> None:
        """Take a chapter that was read before the home knows the series, or another source of
        it: nothing is written, yet a plan can be made.
        """
        self._unsettled[series] = spec
        self._chapters[series, spec, _stamp(spec.path)] = chapter


def read_chapter(series: Series, source: BarSource, axis: PeriodAxis) -> Chapter:
    """Read a source and check that it is what it is said to be; raises InputError."""
    raw = source.read()
    check_timeframe(raw["ts"], series.timeframe)
    _check_contracts(raw)
    periods = split_periods(raw, axis)
    if not periods:
        raise InputError("No bar of the source lies in a CME session: check its time zone.")
    hashes = {key: content_hash(frame.drop(ORIGIN)) for key, frame in periods.items()}
    return Chapter(source.kind, source.note, periods, hashes)


def source_of(series: Series, spec: SourceSpec) -> BarSource:
    """The source that a specification names."""
    if spec.kind == "synthetic":
        from mlplatform.adapters.bars.synthetic import SyntheticBars

        return SyntheticBars(series, spec.seed)
    if spec.path is None:
        raise InputError(f"Source of {series.name} has no file yet: run `mlplatform run` again.")
    return FileBars(Path(spec.path), spec.timezone)


def _stamp(path: str | None) -> tuple[int, int] | None:
    if path is None or not os.path.isfile(path):
        return None
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns


def _check_contracts(raw: pl.DataFrame) -> None:
    """Refuse a file in which several contracts lie over each other: they would be mixed."""
    spans = raw.group_by("contract").agg(first=pl.col("ts").min(), last=pl.col("ts").max())
    spans = spans.sort("first")
    if (spans["first"] <= spans["last"].shift(1)).any():
        names = ", ".join(spans["contract"].to_list())
        raise InputError(
            f"The contracts {names} overlap in time: give a file with one contract at a time."
        )
