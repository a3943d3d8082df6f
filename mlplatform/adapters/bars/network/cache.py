"""What was fetched, kept on disk: one Parquet file per request, whole or not there."""

from pathlib import Path

import polars as pl

from mlplatform.adapters.atomic import replacing
from mlplatform.adapters.bars.network.port import Request, Span
from mlplatform.domain.errors import InputError
from mlplatform.domain.tables import RAW_BARS

_OPEN = ".open"


class RequestCache:
    """`<folder>/<key>.parquet` for what is final, `<key>.open.parquet` for what may still grow."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, request: Request, is_open: bool = False) -> Path:
        """Where an answer lies."""
        return self.folder / f"{request.key}{_OPEN * is_open}.parquet"

    def has(self, request: Request) -> bool:
        """Whether the final answer is there."""
        return self.path(request).is_file()

    def find(self, request: Request) -> Path | None:
        """The file of an answer, the final one first; None where there is none."""
        paths = (self.path(request), self.path(request, is_open=True))
        return next((path for path in paths if path.is_file()), None)

    def write(self, request: Request, frame: pl.DataFrame, is_open: bool) -> None:
        """Store an answer atomically; a final one takes the place of an open one."""
        with replacing(self.path(request, is_open)) as temporary:
            frame.write_parquet(temporary)
        if not is_open:
            self.path(request, is_open=True).unlink(missing_ok=True)

    def read(self, paths: list[Path]) -> pl.DataFrame:
        """Answers one below the other, in the order of the paths."""
        if not paths:
            return RAW_BARS.empty()
        try:
            return pl.read_parquet(paths)  # one call: a year of hours is 7,500 files
        except (pl.exceptions.PolarsError, OSError):
            raise InputError(
                f"A file of the download cache {self.folder} is damaged: delete that folder's "
                "broken files and run the same command again."
            ) from None

    def spans(self) -> list[Span]:
        """The spans of what is there, by their start."""
        names = (path.stem.removesuffix(_OPEN) for path in self.folder.glob("*.parquet"))
        spans = [span for name in names if (span := Request.span_of_key(name)) is not None]
        return sorted(spans, key=lambda span: (span.first, span.last))
