"""Opening a source of bars by its specification."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import polars as pl

from mlplatform.adapters.bars.files import FileBars
from mlplatform.adapters.bars.port import Source, SourceSpec
from mlplatform.adapters.bars.yahoo import YahooBars
from mlplatform.adapters.home import Home
from mlplatform.domain.content import content_hash
from mlplatform.domain.errors import InputError
from mlplatform.domain.series import Series
from mlplatform.domain.tables import ORIGIN
from mlplatform.market.validation import check_timeframe


def open_source(series: Series, spec: SourceSpec, home: Home, now: datetime) -> Source:  # noqa: ARG001
    """The source, understood but not yet read; raises InputError."""
    if spec.kind == "synthetic":
        return _synthetic(series, spec)
    if spec.kind == "file":
        return _file(series, spec)
    return _yahoo(series, spec)


def _file(series: Series, spec: SourceSpec) -> Source:
    path = Path(str(spec.path))
    if not path.is_file():
        raise InputError(f"No file {path}: check the path given as --data.")
    frame = FileBars(path, spec.timezone).read()
    check_timeframe(frame["ts"], series.timeframe)
    with path.open("rb") as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    return Source(spec, series, path.name, sha256, lambda: iter([frame]))


def _yahoo(series: Series, spec: SourceSpec) -> Source:
    frame = YahooBars(series).read()
    return _of_frame(series, spec, frame, None)


def _synthetic(series: Series, spec: SourceSpec) -> Source:
    from mlplatform.adapters.bars.synthetic import SyntheticBars

    bars = SyntheticBars(series, spec.seed)
    return _of_frame(series, spec, bars.read(), bars.note)


def _of_frame(series: Series, spec: SourceSpec, frame: pl.DataFrame, note: str | None) -> Source:
    sha256 = content_hash(frame.drop(ORIGIN, strict=False))

    def batches() -> Iterator[pl.DataFrame]:
        yield frame

    return Source(spec, series, spec.kind, sha256, batches, note)
