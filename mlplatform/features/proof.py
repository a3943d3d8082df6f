"""The three proofs together: prefix, poison and warm-up decay of whatever is computed from bars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from mlplatform.features.causality import LEAKS, WARMUP, Compute, changes, find_leaks_in
from mlplatform.features.cut_points import cut_points
from mlplatform.features.warmup import DECAY, TOLERANCE, find_decay


@dataclass(frozen=True)
class Effort:
    """How much is tried. What is compared is proven for those rows; the cuts are a sample."""

    cuts: int = 2
    rows: int = 500
    """Bars before each cut, and after a moved start of history, that are compared."""
    future_bars: int = 1_500
    """Bars after a cut that are poisoned."""


@dataclass(frozen=True)
class Proof:
    """What was tried, and what was found."""

    columns: int
    cuts: tuple[int, ...]
    """Row numbers of the bars after which the future was cut off, and poisoned."""
    leaks: pl.DataFrame
    """Table LEAKS, worst first."""
    decay: pl.DataFrame
    """Table DECAY, slowest first; empty where no history could be taken away."""
    empty_columns: tuple[str, ...] = ()
    """Columns that are null on every bar: nothing is proven of them."""

    @property
    def is_causal(self) -> bool:
        """Whether nothing was found."""
        return self.leaks.is_empty()

    @property
    def worst(self) -> pl.DataFrame:
        """A row a column: the proofs that caught it, rows, first time, largest size; worst first.

        Sizes are in the unit of each column; what is missing comes before what differs.
        """
        return (
            self.leaks.group_by("column")
            .agg(
                pl.col("proof").unique().sort().str.join(", "),
                rows=pl.col("ts").n_unique(),
                ts=pl.col("ts").sort_by("size", "ts", descending=[True, False]).first(),
                size=pl.col("size").max(),
            )
            .sort("size", "rows", "column", descending=[True, True, False])
        )

    def told(self) -> str:
        """One sentence: what was found, or what was compared."""
        if not self.cuts and self.decay.is_empty():
            return "Nothing could be compared: too few bars"
        tried = f"{len(self.cuts)} cuts, {self.columns} columns"
        if self.is_causal:
            return f"No look-ahead in {tried}; the start of history is forgotten in time"
        first = self.worst.row(0, named=True)
        others = self.worst.height - 1
        more = f", and {others} more column{'s' if others > 1 else ''}" if others else ""
        return (
            f"{first['column']} is not causal ({first['proof']}): at "
            f"{first['ts']:%Y-%m-%d %H:%M} UTC it changes by {first['size']:.6g}{more} ({tried})"
        )


NOTHING = Proof(0, (), LEAKS.to_frame(), DECAY.to_frame())
"""The proof of what has no rows."""


@dataclass(frozen=True)
class Subject:
    """What is put to the proof: a way from bars to rows, and its bars from the anchor on."""

    compute: Compute
    bars: pl.DataFrame
    """Table `bars`, from the start of history on."""
    full: pl.DataFrame
    """What `compute` gives for all of them."""
    first: int = 0
    """The row from which on cuts are made."""
    end: int | None = None
    """The row before which they are made; None: anywhere."""
    lookbacks: Mapping[str, int] = field(default_factory=dict)
    """Of each column (`warmup.lookbacks_of`); empty where rows are judged after `warmup_bars`."""
    warmup_bars: int = 0
    keys: tuple[str, ...] = ("ts",)

    @property
    def longest(self) -> int:
        """The longest lookback in bars."""
        return max(self.lookbacks.values(), default=self.warmup_bars)


def prove(subject: Subject, key: str, effort: Effort = Effort()) -> Proof:
    """All three proofs; `key` seeds the cuts."""
    bars, keys = subject.bars, subject.keys
    cuts = cut_points(bars, subject.first, effort.cuts, key, subject.end)
    leaks = find_leaks_in(
        subject.compute, bars, cuts, effort.rows, keys, subject.full, effort.future_bars
    )
    found, decay = [leaks], DECAY.to_frame()
    for later, end in _starts(subject, effort.rows):
        if subject.lookbacks:
            late, part = find_decay(
                subject.compute, bars[:end], later, subject.lookbacks, subject.full
            )
            decay = _joined_decay(decay, part)
        else:
            late = _late_rows(subject, later, end)
        found.append(late)
    columns = [name for name in subject.full.columns if name not in keys]
    empty = tuple(n for n in columns if subject.full[n].null_count() == subject.full.height)
    return Proof(len(columns), tuple(cuts), joined_leaks(found), decay, empty)


def joined_leaks(found: list[pl.DataFrame]) -> pl.DataFrame:
    """Tables LEAKS as one, each place once, worst first."""
    worst = pl.concat(found).group_by("proof", "column", "ts").agg(pl.col("size").max())
    return worst.sort("size", "ts", "column", "proof", descending=[True, False, False, False])


def joined(proofs: Sequence[Proof]) -> Proof:
    """The proofs of several spans of one subject as one; empty is what is empty in all."""
    decay = DECAY.to_frame()
    for proof in proofs:
        decay = _joined_decay(decay, proof.decay)
    empty = set.intersection(*(set(proof.empty_columns) for proof in proofs)) if proofs else set()
    return Proof(
        max((proof.columns for proof in proofs), default=0),
        tuple(cut for proof in proofs for cut in proof.cuts),
        joined_leaks([LEAKS.to_frame(), *(proof.leaks for proof in proofs)]),
        decay,
        tuple(sorted(empty)),
    )


def _starts(subject: Subject, rows: int) -> list[tuple[int, int]]:
    """Later starts of history, each with the row at which the comparison ends.

    One session later: what the first row judged owes to the anchor. At `first`: how long it takes.
    """
    day = subject.bars["session_date"]
    starts = [row for row in (day != day.shift(1)).arg_true().to_list() if row > 0]
    if not starts:
        return []
    near = starts[0]
    far = next((row for row in starts if row >= max(subject.first, near)), near)
    ends = {near: subject.first + rows, far: far + subject.longest + rows}
    return [(later, min(end, day.len())) for later, end in ends.items() if end > later]


def _late_rows(subject: Subject, later: int, end: int) -> pl.DataFrame:
    """Rows (proof "warm-up") that still depend on the start of history after the warm-up."""
    bars, place = subject.bars, later + subject.warmup_bars
    if place >= end:
        return LEAKS.to_frame()
    late = pl.col("ts").is_between(bars["ts"][place], bars["ts"][end - 1])
    again = subject.compute(bars[later:end]).filter(late)
    return changes(WARMUP, subject.full.filter(late), again, subject.keys, TOLERANCE)


def _joined_decay(decay: pl.DataFrame, part: pl.DataFrame) -> pl.DataFrame:
    both = pl.concat([decay, part]).group_by("column", maintain_order=True)
    joined = both.agg(
        pl.col("lookback_bars").first(), pl.col("taken_bars").max(), pl.col("judged_rows").sum()
    )
    return joined.sort("taken_bars", "column", descending=[True, False])
