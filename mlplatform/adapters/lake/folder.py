"""Frames in a folder."""

from pathlib import Path

import polars as pl

from mlplatform.adapters.atomic import replacing


class Folder:
    """A shelf on disk: a file is written beside its place, and moved there in one step."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, name: str, frame: pl.DataFrame) -> str:
        """Keep a frame."""
        path = self.root / name
        with replacing(path) as temporary:
            frame.write_parquet(temporary)
        return str(path)

    def get(self, name: str) -> pl.DataFrame | None:
        """The frame of that name."""
        path = self.root / name
        return pl.read_parquet(path, memory_map=False) if path.is_file() else None

    def has(self, name: str) -> bool:
        """Whether there is one."""
        return (self.root / name).is_file()

    def names(self, folder: str) -> list[str]:
        """The files right under a folder; one that is being written is none."""
        found = (self.root / folder).glob("*")
        return [path.name for path in found if path.is_file() and path.name[0] != "."]

    def remove(self, name: str) -> None:
        """Remove the frame of that name, if there is one."""
        (self.root / name).unlink(missing_ok=True)

    def create(self) -> None:
        """Make the folder."""
        self.root.mkdir(parents=True, exist_ok=True)
