"""One Parquet file per asset, series and period; a reader sees a whole file or none."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import polars as pl

from mlplatform.adapters.lake.folder import Folder
from mlplatform.adapters.lake.objects import Bucket


class Shelf(Protocol):
    """Where frames are kept by name, such as `bars/MES-1m/2025-06.parquet`."""

    def put(self, name: str, frame: pl.DataFrame) -> str:
        """Keep a frame, whole or not at all; gives the address to show."""

    def get(self, name: str) -> pl.DataFrame | None:
        """The frame of that name, None where there is none."""

    def has(self, name: str) -> bool:
        """Whether there is one."""

    def names(self, folder: str) -> list[str]:
        """The names right under a folder, without it; none where there is no such folder."""

    def remove(self, name: str) -> None:
        """Remove the frame of that name, if there is one."""

    def create(self) -> None:
        """Make the place ready to be written to."""


class Lake:
    """`<root>/<asset>/<series>/<period>.parquet`; assets without periods use the key `all`."""

    def __init__(self, root: Path | str) -> None:
        """`root` is a folder, or the address of a place in a bucket: s3://bucket/prefix."""
        self.shelf: Shelf = Bucket(root) if isinstance(root, str) else Folder(root)

    def write(self, frame: pl.DataFrame, asset: str, series: str, period: str = "all") -> str:
        """Write one partition atomically; gives its address."""
        return self.shelf.put(_name(asset, series, period), frame)

    def has(self, asset: str, series: str, period: str = "all") -> bool:
        """Whether one partition is there."""
        return self.shelf.has(_name(asset, series, period))

    def read(self, asset: str, series: str, periods: Iterable[str] = ("all",)) -> pl.DataFrame:
        """The partitions that exist among `periods`, one below the other in that order.

        Raises FileNotFoundError where none exists.
        """
        found = (self.shelf.get(_name(asset, series, period)) for period in periods)
        present = [frame for frame in found if frame is not None]
        if not present:
            raise FileNotFoundError(f"no partition of {asset} for {series}")
        return pl.concat(present)

    def remove(self, asset: str, series: str, period: str = "all") -> None:
        """Remove one partition, if it is there."""
        self.shelf.remove(_name(asset, series, period))

    def periods(self, asset: str, series: str) -> list[str]:
        """The keys that exist, sorted."""
        names = self.shelf.names(f"{asset}/{series}")
        return sorted(name.removesuffix(".parquet") for name in names if name.endswith(".parquet"))


def _name(asset: str, series: str, period: str) -> str:
    return f"{asset}/{series}/{period}.parquet"
