"""The contract of a shelf: what each place for the lake's frames must do."""

import polars as pl
from polars.testing import assert_frame_equal

from mlplatform.adapters.lake.lake import Shelf

FRAME = pl.DataFrame({"a": [1, 2], "at": ["x", None]})


class ShelfContract:
    """Inherit, and give a fixture `shelf` that is empty and ready."""

    def test_a_frame_comes_back_as_it_was_kept(self, shelf: Shelf) -> None:
        """Values, types and nulls."""
        shelf.put("bars/MES-1m/2025-01.parquet", FRAME)
        found = shelf.get("bars/MES-1m/2025-01.parquet")
        assert found is not None
        assert_frame_equal(found, FRAME)

    def test_what_was_never_kept_is_not_there(self, shelf: Shelf) -> None:
        """Asking is no error."""
        assert shelf.get("bars/MES-1m/2025-01.parquet") is None
        assert not shelf.has("bars/MES-1m/2025-01.parquet")
        assert shelf.names("bars/MES-1m") == []

    def test_a_frame_replaces_the_one_before(self, shelf: Shelf) -> None:
        """One name, one frame."""
        shelf.put("bars/MES-1m/2025-01.parquet", FRAME)
        shelf.put("bars/MES-1m/2025-01.parquet", FRAME.head(1))
        found = shelf.get("bars/MES-1m/2025-01.parquet")
        assert found is not None
        assert found.height == 1

    def test_names_are_those_right_under_the_folder(self, shelf: Shelf) -> None:
        """Neither of folders below nor of folders whose name only begins alike."""
        for name in ("a/b/1.parquet", "a/b/2.parquet", "a/b/c/3.parquet", "a/bc/4.parquet"):
            shelf.put(name, FRAME)
        assert sorted(shelf.names("a/b")) == ["1.parquet", "2.parquet"]

    def test_a_folder_is_no_frame(self, shelf: Shelf) -> None:
        """`has` is about frames."""
        shelf.put("a/b/1.parquet", FRAME)
        assert not shelf.has("a/b")
        assert shelf.has("a/b/1.parquet")

    def test_what_is_removed_is_gone_and_its_neighbour_stays(self, shelf: Shelf) -> None:
        """Removing what is not there is no error."""
        for name in ("a/b/1.parquet", "a/b/2.parquet"):
            shelf.put(name, FRAME)
        for _ in range(2):
            shelf.remove("a/b/1.parquet")
        assert shelf.names("a/b") == ["2.parquet"]

    def test_the_address_names_the_frame(self, shelf: Shelf) -> None:
        """It is what the catalog shows."""
        assert shelf.put("a/b/1.parquet", FRAME).endswith("a/b/1.parquet")
