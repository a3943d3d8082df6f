"""Opening a source of bars by its specification."""

from datetime import datetime
from pathlib import Path

import polars as pl

from mlplatform.adapters.bars.port import Source, SourceSpec
from mlplatform.adapters.home import Home, data_root
from mlplatform.domain.content import content_hash
from mlplatform.domain.errors import InputError
from mlplatform.domain.instrument import Instrument
from mlplatform.domain.series import Series, Timeframe
from mlplatform.domain.tables import ORIGIN


def open_source(series: Series, spec: SourceSpec, home: Home, now: datetime) -> Source:
    """The source, understood but not yet taken in; raises InputError."""
    if spec.kind == "synthetic":
        return _synthetic(series, spec)
    if spec.kind == "file":
        return open_file(series.instrument, series.timeframe, spec, now)
    # Slow to import, needed only where bars come over the network.
    from mlplatform.adapters.bars.fetching import RTH_ONLY, Wanted, fetch, network_settings

    wanted = Wanted(rth_only=spec.label == RTH_ONLY)
    return fetch(series, spec.kind, home.root / "downloads", wanted, now, network_settings())


def open_file(
    instrument: Instrument,
    timeframe: Timeframe | None,
    spec: SourceSpec,
    now: datetime,
    place: Path | None = None,
    root: Path | None = None,
) -> Source:
    """A file, zip or folder; its timeframe is found out where None. Raises InputError.

    `place` is where it lies now, where that is not where it stays; `root` is the folder that it
    may not lie outside of, by default what MLPLATFORM_DATA_ROOT names.
    """
    path = place or Path(str(spec.path))
    if not path.exists():
        raise InputError(f"No file {path}: check the path.")
    from mlplatform.adapters.bars.formats.file_bars import FileBars  # brings pyarrow
    from mlplatform.adapters.bars.formats.settle import Hints

    hints = Hints(instrument, timeframe, spec.timezone, _label(spec))
    bars = FileBars(path, hints, now, root=root or data_root())
    known = bars.understanding
    return Source(
        spec=spec,
        series=Series(instrument, known.timeframe),
        name=path.name,
        sha256=known.sha256,
        batches=bars.batches,
        understood=tuple(known.lines()),
    )


def _label(spec: SourceSpec) -> str | None:
    if spec.label not in (None, "start", "end"):
        raise InputError(f"Unknown bar label '{spec.label}': use --label start or --label end.")
    return spec.label


def _synthetic(series: Series, spec: SourceSpec) -> Source:
    from mlplatform.adapters.bars.synthetic import SyntheticBars

    bars = SyntheticBars(series, spec.seed)
    return _of_frame(series, spec, bars.read(), bars.note)


def _of_frame(series: Series, spec: SourceSpec, frame: pl.DataFrame, note: str | None) -> Source:
    sha256 = content_hash(frame.drop(ORIGIN, strict=False))
    return Source(spec, series, spec.kind, sha256, lambda: iter([frame]), note)
