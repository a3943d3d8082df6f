"""The lake: one Parquet file per asset, series and period; a reader sees a whole file or none."""

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from mlplatform.adapters.atomic import replacing


class Lake:
    """`<root>/<asset>/<series>/<period>.parquet`; assets without periods use the key `all`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, asset: str, series: str, period: str = "all") -> Path:
        """Where one partition lies."""
        return self.root / asset / series / f"{period}.parquet"

    def write(self, frame: pl.DataFrame, asset: str, series: str, period: str = "all") -> Path:
        """Write one partition atomically."""
        path = self.path(asset, series, period)
        with replacing(path) as temporary:
            frame.write_parquet(temporary)
        return path

    def has(self, asset: str, series: str, period: str = "all") -> bool:
        """Whether one partition is there."""
        return self.path(asset, series, period).is_file()

    def read(self, asset: str, series: str, periods: Iterable[str] = ("all",)) -> pl.DataFrame:
        """The partitions that exist among `periods`, one below the other in that order.

        Raises FileNotFoundError where none exists.
        """
        paths = [self.path(asset, series, period) for period in periods]
        present = [path for path in paths if path.is_file()]
        if not present:
            raise FileNotFoundError(f"no partition of {asset} for {series}")
        return pl.concat([pl.read_parquet(path, memory_map=False) for path in present])

    def periods(self, asset: str, series: str) -> list[str]:
        """The keys that exist, sorted."""
        folder = self.root / asset / series
        return sorted(path.stem for path in folder.glob("*.parquet") if path.name[0] != ".")
