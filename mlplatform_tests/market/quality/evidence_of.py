"""Evidence for tests: good bars of a seeded world, defects planted by hand, real files."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path

import polars as pl
import pytest

from mlplatform.domain.series import Series
from mlplatform.domain.tables import BARS, QUARANTINED_BARS, RAW_BARS
from mlplatform.market.quality.catalog import QUALITY
from mlplatform.market.quality.evidence import Evidence, Finding
from mlplatform.market.sessions import expected_bars
from mlplatform.market.validation import validate
from mlplatform.synthetic.contracts import leading_contract

DATA = Path(__file__).parents[4] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real files in {DATA}")


def evidence_of(
    bars: pl.DataFrame,
    series: str = "MES-5m",
    earlier: pl.DataFrame | None = None,
    quarantined: pl.DataFrame | None = None,
    others: Mapping[str, pl.DataFrame] | None = None,
    expected: pl.Series | None = None,
) -> Evidence:
    """Evidence whose rows add up; the bars' own times are expected where nothing else is said."""
    aside = QUARANTINED_BARS.empty() if quarantined is None else quarantined
    return Evidence(
        Series.parse(series),
        bars,
        BARS.empty() if earlier is None else earlier,
        bars.height + aside.height,
        aside,
        others or {},
        bars["ts"] if expected is None else expected,
    )


def judged(name: str, evidence: Evidence) -> Finding:
    """What the check of that name says."""
    return next(check for check in QUALITY if check.name == name).judge(evidence)


def shifted(bars: pl.DataFrame, points: pl.Expr | float, where: pl.Expr) -> pl.DataFrame:
    """The bars with all four prices moved where the condition holds."""
    prices = ("open", "high", "low", "close")
    return bars.with_columns(
        pl.when(where).then(pl.col(name) + points).otherwise(name) for name in prices
    )


def changed(bars: pl.DataFrame, row: int, **values: float | None) -> pl.DataFrame:
    """The bars with some values of one row replaced."""
    here = pl.int_range(pl.len()) == row
    return bars.with_columns(
        pl.when(here).then(pl.lit(value, pl.Float64)).otherwise(name).alias(name)
        for name, value in values.items()
    )


@lru_cache(maxsize=8)
def real_bars(name: str) -> pl.DataFrame:
    """Valid bars of a real file; of several contracts the one that leads by the calendar."""
    raw = pl.read_parquet(DATA / name)
    raw = raw.rename({"symbol": "contract"}, strict=False)
    if "contract" not in raw.columns:
        raw = raw.with_columns(contract=pl.lit(""))
    parts = [
        validate(RAW_BARS.frame(part.sort("ts").with_row_index("row"))).bars
        for part in raw.partition_by("contract", maintain_order=True)
    ]
    bars = pl.concat(parts)
    if name.startswith("es_"):
        days = bars["session_date"].unique().sort()
        leads = pl.DataFrame(
            {"session_date": days, "contract": [leading_contract("ES", day) for day in days]}
        )
        bars = bars.join(leads, on=["session_date", "contract"], maintain_order="left")
    return bars.sort("ts")


def months_of(bars: pl.DataFrame, series: str) -> dict[str, Evidence]:
    """Evidence by month, each with the 25 sessions before it."""
    keyed = bars.with_columns(month=pl.col("session_date").dt.strftime("%Y-%m"))
    days = keyed["session_date"].unique().sort()
    found = {}
    for key, own in keyed.partition_by("month", as_dict=True, include_key=False).items():
        first = own["session_date"].min()
        assert isinstance(first, date)
        before = days.filter(days < first).tail(25)
        earlier = bars.filter(pl.col("session_date").is_in(before.implode()))
        found[str(key[0])] = evidence_of(own, series, earlier)
    return found


def with_expected(evidence: Evidence, first: date, last: date) -> Evidence:
    """The evidence with what the calendar expects of these trading days."""
    return replace(evidence, expected=expected_bars(first, last, evidence.series.timeframe))
