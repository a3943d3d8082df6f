"""The lake: a reader sees a whole file or none."""

from pathlib import Path

import polars as pl
import pytest

from mlplatform.adapters.lake import Lake

FRAME = pl.DataFrame({"a": [1, 2]})


def test_periods_come_back_in_the_order_asked_for(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    for period, value in (("2025-02", 2), ("2025-01", 1)):
        lake.write(pl.DataFrame({"a": [value]}), "bars", "MES-1m", period)
    assert lake.read("bars", "MES-1m", ["2025-01", "2025-02"])["a"].to_list() == [1, 2]
    assert lake.periods("bars", "MES-1m") == ["2025-01", "2025-02"]


def test_missing_periods_are_left_out_but_not_all_of_them(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.write(FRAME, "bars", "MES-1m", "2025-01")
    assert lake.read("bars", "MES-1m", ["2024-12", "2025-01"]).equals(FRAME)
    with pytest.raises(FileNotFoundError):
        lake.read("bars", "MES-1m", ["2024-12"])


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(tmp_path)
    path = Path(lake.write(FRAME, "bars", "MES-1m", "2025-01"))

    def half(self: pl.DataFrame, file: Path) -> None:
        Path(file).write_bytes(b"PAR1 half")
        raise OSError("disk full")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", half)
    with pytest.raises(OSError, match="disk full"):
        lake.write(pl.DataFrame({"a": [9]}), "bars", "MES-1m", "2025-01")
    assert [item.name for item in path.parent.iterdir()] == ["2025-01.parquet"]
    assert lake.read("bars", "MES-1m", ["2025-01"]).equals(FRAME)
