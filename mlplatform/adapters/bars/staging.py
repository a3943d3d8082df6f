"""Staging: a source's rows split by period in a folder of their own, before anybody sees them."""

import hashlib
import json
import os
import shutil
import tempfile
from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

import polars as pl

from mlplatform.adapters.bars.port import Source, SourceSpec
from mlplatform.domain.content import content_hash
from mlplatform.domain.errors import InputError
from mlplatform.domain.periods import PeriodAxis
from mlplatform.domain.tables import ORIGIN, RAW_BARS
from mlplatform.market.periods import split_periods

ORIGIN_DIGITS = 16
_PREFIX = "mlplatform-staging-"


@dataclass(frozen=True)
class Delivery:
    """What was taken in at one time from one source."""

    identity: str
    """Names its folder."""
    spec: SourceSpec
    is_linked: bool
    """Whether the series is read from this source alone, and again when that changes."""
    name: str
    sha256: str
    note: str | None
    rows: int
    first: str
    last: str
    """First and last time of a row, ISO."""
    understood: tuple[tuple[str, str, str], ...]
    hashes: dict[str, str]
    """Content of each period, origin of rows left out."""


@dataclass(frozen=True)
class Staged:
    """A delivery that is not yet part of any home."""

    delivery: Delivery
    folder: Path

    def discard(self) -> None:
        """Remove it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def stage(source: Source, axis: PeriodAxis, is_linked: bool) -> Staged:
    """Read a source to its end; raises InputError, and leaves nothing, where it is unusable."""
    clear_abandoned(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    is_done = False
    try:
        staged = _stage(source, axis, is_linked, folder)
        is_done = True
        return staged
    finally:
        if not is_done:
            shutil.rmtree(folder, ignore_errors=True)


def clear_abandoned(root: Path) -> None:
    """Remove what processes that were killed left: as much as they had read."""
    for folder in root.glob(f"{_PREFIX}*-*"):
        process = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if process.isdigit() and not _is_alive(int(process)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # another user's
    return True


def _stage(source: Source, axis: PeriodAxis, is_linked: bool, folder: Path) -> Staged:
    parts: dict[str, list[Path]] = defaultdict(list)
    whole: dict[str, str] = {}
    """The content of periods that lie in one part."""
    rows, span = 0, _Span()
    for number, batch in enumerate(source.batches()):
        origin = pl.col("source").fill_null(source.sha256[:ORIGIN_DIGITS])
        raw = RAW_BARS.frame(batch).with_columns(origin)
        rows += raw.height
        for period, frame in split_periods(raw, axis, span.day).items():
            span.take(frame)
            path = folder / f"{period}.{number:05d}"
            frame.write_parquet(path, compression="lz4")  # read again at once: quick, not small
            parts[period].append(path)
            whole[period] = content_hash(frame.drop(ORIGIN)) if len(parts[period]) == 1 else ""
    if not rows:
        raise InputError(f"{source.name} holds no rows: give a file of bars.")
    if not parts:
        raise InputError(
            f"No bar of {source.name} lies in a CME session: check its time zone (--timezone)."
        )
    hashes = {
        period: _joined(folder / f"{period}.parquet", parts[period], whole[period])
        for period in parts
    }
    delivery = Delivery(
        identity=_identity(source, is_linked),
        spec=source.spec,
        is_linked=is_linked,
        name=source.name,
        sha256=source.sha256,
        note=source.note,
        rows=rows,
        first=str(span.first),
        last=str(span.last),
        understood=source.understood,
        hashes=dict(sorted(hashes.items())),
    )
    return Staged(delivery, folder)


class _Span:
    """First and last time, and the trading day of the newest row, over all batches."""

    def __init__(self) -> None:
        self.first: datetime | None = None
        self.last: datetime | None = None
        self.day: date | None = None

    def take(self, frame: pl.DataFrame) -> None:
        first, last = frame["ts"].min(), frame["ts"].max()
        if isinstance(first, datetime) and isinstance(last, datetime):
            self.first = min(self.first or first, first)
            self.last = max(self.last or last, last)
            self.day = self.last.date()


def _joined(target: Path, parts: list[Path], whole: str) -> str:
    """One file of a period's parts; the hash of what is in it: `whole` where it is one part."""
    if len(parts) == 1:
        parts[0].rename(target)
        return whole
    frame = pl.concat([pl.read_parquet(part, memory_map=False) for part in parts])
    frame.write_parquet(target, compression="lz4")
    for part in parts:
        part.unlink()
    return content_hash(frame.drop(ORIGIN))


def _identity(source: Source, is_linked: bool) -> str:
    text = json.dumps([asdict(source.spec), source.sha256, is_linked], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:ORIGIN_DIGITS]
