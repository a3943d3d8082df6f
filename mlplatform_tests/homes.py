"""Copies of a finished home that have lost something."""

import shutil
from collections.abc import Iterable
from pathlib import Path


def copy_without(home: Path, to: Path, assets: Iterable[str], folders: Iterable[str]) -> Path:
    """A copy at `to` without what the lake holds of these assets, and without these folders."""
    shutil.copytree(home, to)
    for place in (*(f"lake/{asset}" for asset in assets), *folders):
        shutil.rmtree(to / place)
    return to
