"""The identity of content."""

import itertools

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlplatform.domain.content import content_hash
from mlplatform.testing.bars import seeded_bars

FRAME = pl.DataFrame(
    {"n": [1, 0, None], "x": [0.5, None, 0.0], "word": ["ab", "", None], "yes": [True, None, False]}
)


def test_the_hash_of_a_frame_stays_the_same_over_machines_and_versions():
    # Ledgers on disk hold these hashes: another algorithm would compute everything again.
    assert content_hash(FRAME) == content_hash(FRAME.clone())
    assert content_hash(pl.DataFrame({"a": [1, None]}, schema={"a": pl.Int64})) == (
        "c0c33beb2abf28aeb3594da171d3661cb5b894b17892f6f834d939d040402ee9"
    )


@pytest.mark.parametrize(
    "other",
    [
        FRAME.with_columns(n=pl.Series([2, 0, None])),
        FRAME.with_columns(n=pl.Series([1, None, None], dtype=pl.Int64)),
        FRAME.with_columns(n=pl.Series([1, 0, 0])),
        FRAME.with_columns(n=pl.col("n").cast(pl.Int32)),
        FRAME.with_columns(x=pl.Series([0.5, 0.0, 0.0])),
        FRAME.with_columns(x=pl.Series([0.5, None, 1e-300])),
        FRAME.with_columns(x=pl.Series([0.5, float("nan"), 0.0])),
        FRAME.with_columns(word=pl.Series(["a", "b", None])),
        FRAME.with_columns(word=pl.Series(["ab", None, ""])),
        FRAME.with_columns(yes=pl.Series([True, False, False])),
        FRAME.rename({"n": "m"}),
        FRAME.select("x", "n", "word", "yes"),
        FRAME.drop("yes"),
        FRAME.reverse(),
        FRAME.head(2),
        pl.concat([FRAME, FRAME]),
    ],
)
def test_any_change_of_value_null_type_name_or_order_changes_the_hash(other):
    assert content_hash(other) != content_hash(FRAME)


def test_words_that_flow_into_each_other_are_told_apart():
    one, two = pl.DataFrame({"a": ["ab", "c"]}), pl.DataFrame({"a": ["a", "bc"]})
    assert content_hash(one) != content_hash(two)
    raw = pl.DataFrame({"a": [b"\x00", b""]})
    assert content_hash(raw) != content_hash(pl.DataFrame({"a": [b"", b"\x00"]}))


def test_empty_frames_differ_by_their_columns():
    bars = seeded_bars(1)
    assert content_hash(bars.clear()) != content_hash(bars.drop("row").clear())
    assert content_hash(bars.clear()) != content_hash(pl.DataFrame())


@given(st.lists(st.integers(0, 4), min_size=1, max_size=8))
def test_the_pieces_a_frame_was_glued_from_do_not_show(cuts):
    bars = seeded_bars(1).head(20)
    edges = [0, *sorted(cuts), 20]
    pieces = [bars[a:b] for a, b in itertools.pairwise(edges)]
    assert content_hash(pl.concat(pieces)) == content_hash(bars)
    assert content_hash(bars[3:9]) == content_hash(bars.clone()[3:9])
