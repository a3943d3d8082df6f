"""Laws 1 and 2: whether anything that was knowable changes when the future is cut off or altered.

The same function judges feature plans, candidates and decisions: whatever turns bars into rows that
carry the time of the bar at whose end they were known.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import polars as pl

from mlplatform.domain.schema import UTC_US
from mlplatform.features.compute import compute_features
from mlplatform.features.graph import FeaturePlan

Compute = Callable[[pl.DataFrame], pl.DataFrame]
"""Bars (table `bars`, sorted) to rows with a column `ts`."""

LEAKS = pl.Schema({"column": pl.String(), "ts": UTC_US, "size": pl.Float64()})
_POISON_SEED = 20_250_407
MISSING_ROW = "(row)"
"""Stands for the column where a whole row came or went."""


def find_leaks(
    plan: FeaturePlan, bars: pl.DataFrame, cuts: Sequence[int], rows: int
) -> pl.DataFrame:
    """Where a plan's features knew the future; empty where they are causal.

    See `find_leaks_in`. `bars` are of table `bars`, in order.
    """
    return find_leaks_in(partial(compute_features, plan), bars, cuts, rows)


def find_leaks_in(
    compute: Compute,
    bars: pl.DataFrame,
    cuts: Sequence[int],
    rows: int,
    keys: tuple[str, ...] = ("ts",),
) -> pl.DataFrame:
    """Leaks of anything computed from bars: `column`, `ts` of the row that changed, `size`.

    For each cut (row number of a bar) the rows known at its end are computed again twice: from the
    bars up to the cut alone (prefix invariance), and with every later bar replaced by another
    (future poison). The last `rows` bars up to the cut are compared, bit for bit, every column.
    `size` is the largest absolute change, infinite where a value came or went or is no number. A
    row that came or went counts as column `(row)`. `keys` tell rows of one bar apart. One row a
    column and time, by time, then column. Raises IndexError for a cut outside of the bars.
    """
    full = compute(bars)
    found = [LEAKS.to_frame()]
    for number, cut in enumerate(cuts):
        if not 0 <= cut < bars.height:
            raise IndexError(f"cut {cut} is not one of the {bars.height} bars")
        past, future = bars[: cut + 1], bars[cut + 1 :]
        known = pl.col("ts").is_between(bars["ts"][max(0, cut + 1 - rows)], bars["ts"][cut])
        before = full.filter(known)
        for altered in (past, pl.concat([past, poison(future, number)])):
            found.append(_changes(before, compute(altered).filter(known), keys))
    worst = pl.concat(found).group_by("column", "ts").agg(pl.col("size").max())
    return worst.sort("ts", "column")


def poison(future: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The same bars with other prices and volumes: valid, but nothing like what came.

    A walk from half to twice the price, and some bars missing. Times, sessions and contracts stay:
    they are known ahead.
    """
    rng = np.random.default_rng([_POISON_SEED, seed])
    n = future.height
    level = future["open"].to_numpy() * np.exp(rng.uniform(-0.7, 0.7) + rng.normal(0, 0.01, n))
    body, wicks = level * np.exp(rng.normal(0, 0.01, n)), np.exp(rng.exponential(0.01, (2, n)))
    other = future.with_columns(
        open=pl.Series(level),
        high=pl.Series(np.maximum(level, body) * wicks[0]),
        low=pl.Series(np.minimum(level, body) / wicks[1]),
        close=pl.Series(body),
        **{
            name: pl.when(pl.col(name).is_not_null()).then(
                pl.Series(rng.integers(1, 100_000, n).astype(np.float64))
            )
            for name in ("volume", "bid_volume", "ask_volume")
        },
    )
    return other.filter(pl.Series(rng.random(n) > 0.1, dtype=pl.Boolean))


def _changes(before: pl.DataFrame, after: pl.DataFrame, keys: tuple[str, ...]) -> pl.DataFrame:
    """Every value that differs between two tables of the same kind, rows matched by `keys`."""
    columns = [name for name in before.columns if name not in keys]
    joined = before.with_columns(was=True).join(
        after.with_columns(now=True), on=list(keys), how="full", coalesce=True, suffix="(after)"
    )
    both = joined.filter(pl.col("was") & pl.col("now"))
    lonely = joined.filter(pl.col("was").is_null() | pl.col("now").is_null())
    parts = [lonely.select(column=pl.lit(MISSING_ROW), ts="ts", size=pl.lit(np.inf))]
    for name in columns:
        old, new = pl.col(name), pl.col(f"{name}(after)")
        size = (
            (old.cast(pl.Float64) - new.cast(pl.Float64)).abs() if _is_number(both, name) else None
        )
        changed = both.filter(old.ne_missing(new))
        amount = pl.lit(np.inf) if size is None else pl.when(size.is_finite()).then(size)
        parts.append(changed.select(column=pl.lit(name), ts="ts", size=amount.fill_null(np.inf)))
    return pl.concat(parts).cast(LEAKS)


def _is_number(table: pl.DataFrame, name: str) -> bool:
    return table.schema[name].is_numeric()
