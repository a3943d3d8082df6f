"""Filters say in a trader's words what must hold at the signal bar."""

import polars as pl
import pytest

from mlplatform.strategies.filters import where

KNOWN = frozenset({"volume_ratio20", "ema20", "minutes_since_rth_open"})
ROWS = pl.DataFrame(
    {
        "volume_ratio20": [0.9, 1.0, 1.1, None],
        "ema20": [10.0, 10.0, 10.0, 10.0],
        "close": [9.0, 10.0, 11.0, 12.0],
        "minutes_since_rth_open": [14.0, 15.0, 180.0, 181.0],
    }
)


def passed(text: str) -> list[bool | None]:
    return ROWS.select(where(text, KNOWN)).to_series().to_list()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("volume_ratio20 > 1", [False, False, True, None]),
        ("volume_ratio20 >= 1", [False, True, True, None]),
        ("volume_ratio20 < 1.0", [True, False, False, None]),
        ("volume_ratio20 <= 1e0", [True, True, False, None]),
        ("volume_ratio20 == 1", [False, True, False, None]),
        ("volume_ratio20 != 1", [True, False, True, None]),
        ("close > ema20", [False, False, True, True]),
        ("minutes_since_rth_open between 15 and 180", [False, True, True, False]),
        ("minutes_since_rth_open not between 15 and 180", [True, False, False, True]),
        ("  close  >-1 ", [True, True, True, True]),
    ],
)
def test_a_filter_passes_what_it_says_and_its_bounds_belong_to_a_range(text, expected):
    assert passed(text) == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("volume_ratio > 1", "volume_ratio, which is no feature: the nearest are volume_ratio20"),
        ("close > emma20", "emma20, which is no feature: the nearest are ema20"),
        ("close between 5 and 2", "bounds the wrong way round"),
        ("close ~ 5", "write NAME > NUMBER"),
        ("close > 5 and ema20 > 3", "write NAME > NUMBER"),
        ("__import__('os')", "write NAME > NUMBER"),
        ("", "write NAME > NUMBER"),
    ],
)
def test_what_is_not_understood_is_refused_with_what_exists(text, told):
    with pytest.raises(ValueError, match=told.replace("(", r"\(")):
        where(text, KNOWN)
