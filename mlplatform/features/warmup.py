"""Warm-up decay: how long a feature remembers where its history began.

A feature that depends on the start of history beyond its declared lookback is not the same feature
in research and live; one that is scaled over everything never forgets at all.
"""

from collections.abc import Mapping

import polars as pl

from mlplatform.features.causality import LEAKS, WARMUP, Compute, changes, moved
from mlplatform.features.graph import FeaturePlan
from mlplatform.market.segments import contract_segment

TOLERANCE = 1e-9
"""What may be left of the start of history after the lookback, relative to a column's size."""
DECAY = pl.Schema(
    {
        "column": pl.String(),
        "lookback_bars": pl.Int64(),
        "taken_bars": pl.Int64(),
        "judged_rows": pl.Int64(),
    }
)


def lookbacks_of(plan: FeaturePlan) -> dict[str, int]:
    """Of each column, the bars before t after which older ones no longer matter, inputs included.

    Whatever restarts each session reads its inputs from there on: where these look back
    themselves, a session may lie between; see `compute.warmup_sessions`.
    """
    needed: dict[str, int] = {}
    for feature in plan.order:
        before = max((needed.get(item, 0) for item in feature.inputs), default=0)
        needed[feature.name] = feature.lookback_bars + before
    return {name: needed[name] for name in plan.names}


def find_decay(
    compute: Compute,
    bars: pl.DataFrame,
    later: int,
    lookbacks: Mapping[str, int],
    full: pl.DataFrame,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Leaks (table LEAKS, proof "warm-up"), and a row of table DECAY a column.

    Computed again without the bars before row `later`, the first of a session, every column must
    agree with `full` (what `compute` gives for all bars, or for the last of them) to 1e-9 of its
    usual size from `lookbacks` bars after it on. `taken_bars` is after how many bars it did for
    good, among the rows that `full` holds; `judged_rows` counts those after the lookback. A roll
    starts history anew anyway: the contract of row `later` alone is compared. Where the bars given
    end before those that `full` was made of, a look-ahead shows here as well.
    """
    segment = bars.select(contract_segment()).to_series()
    end = int(segment.search_sorted(segment[later], "right"))
    is_cut = later > 0 and segment[later - 1] == segment[later]
    again = compute(bars[later:end]) if is_cut else full.clear()
    place = pl.DataFrame({"ts": bars["ts"][later:end], "at": range(end - later)})
    was = place.join(full, on="ts", maintain_order="left")
    now = place.join(again, on="ts", maintain_order="left")
    was = was.join(now.select("ts"), on="ts", how="semi", maintain_order="left")
    now = now.join(was.select("ts"), on="ts", how="semi", maintain_order="left")
    decay = _decay(was, now, lookbacks)
    found = [LEAKS.to_frame()]
    for name, lookback in (
        decay.filter(pl.col("taken_bars") > pl.col("lookback_bars"))
        .select("column", "lookback_bars")
        .iter_rows()
    ):
        late = pl.col("at") >= lookback
        before, after = (side.filter(late).select("ts", name) for side in (was, now))
        found.append(changes(WARMUP, before, after, tolerance=TOLERANCE))
    return pl.concat(found), decay


def _decay(was: pl.DataFrame, now: pl.DataFrame, lookbacks: Mapping[str, int]) -> pl.DataFrame:
    """After how many bars each column agrees for good."""
    names = list(lookbacks)
    both = was.hstack(now.select(pl.col(names).name.suffix("(after)")))
    pairs = ((pl.col(name), pl.col(f"{name}(after)")) for name in names)
    last = both.select(
        pl.when(moved(old, new, TOLERANCE)).then("at").max().alias(name)
        for name, (old, new) in zip(names, pairs, strict=True)
    )
    taken = [0 if at is None else at + 1 for at in last.row(0)]
    after = {bars: int((was["at"] >= bars).sum()) for bars in set(lookbacks.values())}
    judged = [after[lookbacks[name]] for name in names]
    columns = {
        "column": names,
        "lookback_bars": list(lookbacks.values()),
        "taken_bars": taken,
        "judged_rows": judged,
    }
    return pl.DataFrame(columns, schema=DECAY)
