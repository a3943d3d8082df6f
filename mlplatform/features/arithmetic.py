"""A feature's arithmetic as data: an expression or an indicator, which the engine can gather.

Features that can be gathered at one place of the graph are computed by one call: expressions by
one select (parallel, common parts once), outputs of one indicator by one call of TA-Lib.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

Columns = Mapping[str, pl.Series]
Compute = Callable[[Columns], pl.Series]
Together = Callable[[Columns], list[pl.Series]]
Newest = Callable[[pl.DataFrame], Sequence[float | None]]
"""From the rows that a window reads: the values on the newest of them."""
OfRow = Callable[[Mapping[str, Any]], Sequence[float | None]]
"""From the newest row by name: the values on it."""


class Gatherable(ABC):
    """A compute function that the engine may evaluate together with others of its `key`."""

    stands_still: ClassVar[bool] = False
    """Whether the newest value changes only with its `moment`: live computes it once a moment."""

    reads_one_row: ClassVar[bool] = False
    """Whether a row's value follows from that row alone: live gives it no other then."""

    @property
    @abstractmethod
    def key(self) -> Hashable:
        """What those have in common that are computed together."""

    @classmethod
    @abstractmethod
    def together(cls, members: Sequence[Self]) -> Together:
        """One function for all members: their columns, in this order."""

    @classmethod
    def newest(cls, members: Sequence[Self]) -> Newest:
        """One function for all members: their values on the newest row."""
        together = cls.together(members)
        return lambda rows: [column[-1] for column in together(rows.to_dict())]

    @classmethod
    def of_row(cls, members: Sequence[Self]) -> OfRow:
        """One function for all members that read one row: their values on it."""
        raise NotImplementedError

    def moment(self, bar: Mapping[str, Any]) -> Hashable:
        """Of a newest bar: what must change before a value that stands still can; per `key`."""
        raise NotImplementedError

    def __call__(self, columns: Columns) -> pl.Series:
        """This one alone."""
        return self.together([self])(columns)[0]


@dataclass(frozen=True)
class Expression(Gatherable):
    """One expression over the declared inputs; where it gives one value, every row has it."""

    expr: pl.Expr

    @property
    def key(self) -> Hashable:
        """All expressions of one level go into one select."""
        return Expression

    @classmethod
    def together(cls, members: Sequence[Self]) -> Together:
        """One select."""
        names = [f"={number}" for number in range(len(members))]
        named = [m.expr.alias(name) for m, name in zip(members, names, strict=True)]

        def compute(columns: Columns) -> list[pl.Series]:
            found = pl.DataFrame(dict(columns)).with_columns(named)
            return [found[name] for name in names]

        return compute

    @classmethod
    def newest(cls, members: Sequence[Self]) -> Newest:
        """One select, of which one row is read: too little work to wake other threads for."""
        named = [member.expr.alias(f"={number}") for number, member in enumerate(members)]
        return lambda rows: rows.select_seq(named).row(-1)

    @property
    def is_windowed(self) -> bool:
        """Whether it groups bars (`over`): Polars runs those of one select after each other."""
        return ".over(" in str(self.expr)


@dataclass(frozen=True)
class Pointwise(Expression):
    """A function of the same row's values alone: of columns in a batch, of numbers in live.

    `function` gets its `inputs` in order. It may use what expressions and NumPy's numbers share
    (operators, `clip`, `round`) and `catalog.quantities`. It is called once to give the expression,
    and live calls it on the newest row: no plan is made for what takes a microsecond. Null is NaN
    there, and so is its result.
    """

    reads_one_row: ClassVar[bool] = True
    function: Callable[..., Any]
    inputs: tuple[str, ...]

    @classmethod
    def of_row(cls, members: Sequence[Self]) -> OfRow:
        """One call of each member's function."""
        names = list(dict.fromkeys(name for member in members for name in member.inputs))
        at = {name: number for number, name in enumerate(names)}
        calls = [(member.function, [at[name] for name in member.inputs]) for member in members]

        def compute(row: Mapping[str, Any]) -> list[float | None]:
            values = [_number(row[name]) for name in names]
            with np.errstate(all="ignore"):
                return [function(*[values[at] for at in places]) for function, places in calls]

        return compute


def _number(value: Any) -> Any:
    """A number as NumPy's, null as NaN; moments stay what they are."""
    if value is None:
        return np.float64("nan")
    return np.float64(value) if isinstance(value, int | float) else value


@dataclass(frozen=True)
class Indicator(Gatherable):
    """One output of one TA-Lib function; its NaN warm-up becomes null.

    A segment shorter than the indicator's needs gives nulls. `output` picks one of several. Where
    an input is null after its first value, TA-Lib knows no value from there on, nor do we.
    """

    function: str
    inputs: tuple[str, ...]
    output: int | None = None
    params: Mapping[str, float] = field(default_factory=dict)

    @property
    def key(self) -> Hashable:
        """Outputs of the same call are computed by one call."""
        return (Indicator, self.function, self.inputs, tuple(sorted(self.params.items())))

    @classmethod
    def together(cls, members: Sequence[Self]) -> Together:
        """One call, its outputs picked; contiguous inputs are not copied."""
        call = members[0]

        def compute(columns: Columns) -> list[pl.Series]:
            result = _called(call, [columns[name] for name in call.inputs])
            return [
                pl.Series(result if m.output is None else result[m.output], nan_to_null=True)
                for m in members
            ]

        return compute

    @classmethod
    def newest(cls, members: Sequence[Self]) -> Newest:
        """One call, of whose outputs the last values are read."""
        call = members[0]

        def compute(rows: pl.DataFrame) -> list[float | None]:
            result = _called(call, [rows[name] for name in call.inputs])
            return [float((result if m.output is None else result[m.output])[-1]) for m in members]

        return compute


def _called(call: Indicator, columns: Sequence[pl.Series]) -> Any:
    """What TA-Lib gives: an array, or one for each of its outputs."""
    import talib  # compiled library, slow to import

    arrays = [np.ascontiguousarray(_floats(column)) for column in columns]
    return getattr(talib, call.function)(*arrays, **call.params)


def _floats(column: pl.Series) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A column as TA-Lib takes it: NaN for null."""
    return column.cast(pl.Float64).to_numpy()
