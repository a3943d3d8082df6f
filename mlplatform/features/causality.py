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

PREFIX, POISON, WARMUP = "prefix", "poison", "warm-up"
"""The proofs: the future cut off, the future altered, the start of history moved."""
LEAKS = pl.Schema({"proof": pl.String(), "column": pl.String(), "ts": UTC_US, "size": pl.Float64()})
MISSING_ROW = "(row)"
"""Stands for the column where a whole row came or went."""
_POISON_SEED = 20_250_407
_FURTHEST_JUMP = 0.7
"""Logarithm of the ratio of prices."""
_WIDE_BARS = 4


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
    full: pl.DataFrame | None = None,
    future_bars: int | None = None,
) -> pl.DataFrame:
    """Leaks of anything computed from bars: `proof`, `column`, `ts` of the changed row, `size`.

    For each cut (row number of a bar) the rows known at its end are computed again twice: from the
    bars up to the cut alone (proof "prefix"), and with the later bars replaced by others (proof
    "poison": the next `future_bars`, all where None). The last `rows` bars up to the cut are
    compared, bit for bit, every column. `size` is the largest absolute change, infinite where a
    value came or went or is no number. A row that came or went counts as column `(row)`. `keys`
    tell rows of one bar apart. `full` is what `compute` gives for all bars, where that is at hand.
    One row a proof, column and time, by time, then column. Raises IndexError for a cut outside of
    the bars.
    """
    full = compute(bars) if full is None else full
    found = [LEAKS.to_frame()]
    for number, cut in enumerate(cuts):
        if not 0 <= cut < bars.height:
            raise IndexError(f"cut {cut} is not one of the {bars.height} bars")
        past, future = bars[: cut + 1], bars[cut + 1 :]
        known = pl.col("ts").is_between(bars["ts"][max(0, cut + 1 - rows)], bars["ts"][cut])
        before = full.filter(known)
        other = pl.concat([past, poison(future.head(future_bars or future.height), number)])
        for proof, altered in ((PREFIX, past), (POISON, other)):
            found.append(changes(proof, before, compute(altered).filter(known), keys))
    worst = pl.concat(found).group_by("proof", "column", "ts").agg(pl.col("size").max())
    return worst.sort("ts", "column", "proof")


def poison(future: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The same bars with other prices and volumes: valid, but nothing like what came.

    A walk from a price up to twice as high (even seeds) or half as high (odd ones), and some bars
    missing. The first bars reach above and below all that came before, so that no high and no low
    stays the highest or the lowest. Times, sessions and contracts stay: they are known ahead.
    """
    rng = np.random.default_rng([_POISON_SEED, seed])
    n = future.height
    jump = rng.uniform(0.2, _FURTHEST_JUMP) * (1 if seed % 2 == 0 else -1)
    level = future["open"].to_numpy() * np.exp(jump + rng.normal(0, 0.01, n))
    body, wicks = level * np.exp(rng.normal(0, 0.01, n)), rng.exponential(0.01, (2, n))
    wicks[:, :_WIDE_BARS] += 2 * _FURTHEST_JUMP
    wicks = np.exp(wicks)
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
            if name in future.columns
        },
    )
    return other.filter(pl.Series(rng.random(n) > 0.1, dtype=pl.Boolean))


def changes(
    proof: str,
    before: pl.DataFrame,
    after: pl.DataFrame,
    keys: tuple[str, ...] = ("ts",),
    tolerance: float = 0.0,
) -> pl.DataFrame:
    """Every value that differs between two tables of a kind (table LEAKS), matched by `keys`.

    A number differs where it moved by more than `tolerance` times its own and its column's usual
    size (root mean square); with 0 where it is another one at all.
    """
    columns = [name for name in before.columns if name not in keys]
    parts = [LEAKS.to_frame()]
    if before.select(keys).equals(after.select(keys)):
        # The usual case, and much faster than a join of two hundred columns.
        both = before.hstack(after.select(pl.col(columns).name.suffix("(after)")))
    else:
        joined = before.with_columns(was=True).join(
            after.with_columns(now=True), on=list(keys), how="full", coalesce=True, suffix="(after)"
        )
        both = joined.filter(pl.col("was") & pl.col("now"))
        lonely = joined.filter(pl.col("was").is_null() | pl.col("now").is_null())
        parts.append(_told(lonely, proof, MISSING_ROW, pl.lit(np.inf)))
    is_number = {name: dtype.is_numeric() for name, dtype in before.schema.items()}
    differs = {name: _differs(is_number[name], name, tolerance) for name in columns}
    anywhere = both.select(pl.lit(0).alias(""), *(d.any().alias(n) for n, d in differs.items()))
    for name in (name for name, flag in anywhere.row(0, named=True).items() if flag):
        size: pl.Expr = pl.lit(np.inf)
        if is_number[name]:
            size = (pl.col(name).cast(pl.Float64) - pl.col(f"{name}(after)").cast(pl.Float64)).abs()
            size = pl.when(size.is_finite()).then(size).fill_null(np.inf)
        parts.append(_told(both.filter(differs[name]), proof, name, size))
    return pl.concat(parts)


def _differs(is_number: bool, name: str, tolerance: float) -> pl.Expr:
    old, new = pl.col(name), pl.col(f"{name}(after)")
    if not tolerance or not is_number:
        return old.ne_missing(new)
    return moved(old.cast(pl.Float64), new.cast(pl.Float64), tolerance)


def moved(old: pl.Expr, new: pl.Expr, tolerance: float) -> pl.Expr:
    """Whether a number moved by more than a part of its own and its column's usual size."""
    allowed = tolerance * (old.abs() + old.pow(2).mean().sqrt())
    came_or_went = old.is_null() != new.is_null()
    return came_or_went | ((old - new).abs() > allowed).fill_null(value=False)


def _told(rows: pl.DataFrame, proof: str, column: str, size: pl.Expr) -> pl.DataFrame:
    told = rows.select(proof=pl.lit(proof), column=pl.lit(column), ts="ts", size=size)
    return told.cast(LEAKS)
