"""Reading columns and writing records by address.

The step gets arrays as addresses inside flat records. An array argument would be counted as a
reference at each call, with an atomic instruction that costs more than a bar does. The caller
keeps the arrays alive for the length of the call.
"""

# mypy: disable-error-code="no-any-return"
# ruff: noqa: ARG001 (the signature of an intrinsic is fixed)

from typing import Any

from numba import from_dtype, types
from numba.extending import intrinsic

from mlplatform.execution.compiled import compiled, inlined
from mlplatform.execution.state import FILL, TRADE


def _loads(kind: Any) -> Any:
    """A function of an address that gives the number there."""

    @intrinsic
    def load(typingctx: Any, address: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            pointer = builder.inttoptr(args[0], context.get_value_type(kind).as_pointer())
            return builder.load(pointer)

        return kind(types.int64), code

    return load


def _stores(kind: Any) -> Any:
    """A function of an address and a number that writes it there."""

    @intrinsic
    def store(typingctx: Any, address: Any, value: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            pointer = builder.inttoptr(args[0], context.get_value_type(kind).as_pointer())
            builder.store(args[1], pointer)
            return context.get_dummy_value()

        return types.void(types.int64, kind), code

    return store


def _views(dtype: Any) -> Any:
    """A function of an address that gives the record there."""
    kind = from_dtype(dtype)

    @intrinsic
    def view(typingctx: Any, address: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], context.get_value_type(kind))

        return kind(types.int64), code

    return view


_load_float, _load_int = _loads(types.float64), _loads(types.int32)
_store_float, _store_int = _stores(types.float64), _stores(types.int32)
_fill, _trade = _views(FILL), _views(TRADE)
_FILL_BYTES, _TRADE_BYTES = FILL.itemsize, TRADE.itemsize


@inlined
def number(column: Any, i: int) -> float:
    """Row i of a float64 column; a column with stride 0 has one row for all."""
    return _load_float(column.address + i * column.stride)


@inlined
def price(column: Any, i: int) -> float:
    """Row i of a float64 column that has all rows, which lie together."""
    return _load_float(column.address + i * 8)


@inlined
def whole(column: Any, i: int) -> int:
    """Row i of an int32 column."""
    return _load_int(column.address + i * column.stride)


@inlined
def element(column: Any, i: int, k: int) -> float:
    """Row i, place k of a float64 column whose rows lie together."""
    return _load_float(column.address + i * column.stride + k * 8)


@compiled
def whole_element(column: Any, i: int, k: int) -> int:
    """Row i, place k of an int32 column whose rows lie together."""
    return _load_int(column.address + i * column.stride + k * 4)


@inlined
def put_number(address: int, i: int, value: float) -> None:
    """Write row i of a float64 array."""
    _store_float(address + i * 8, value)


@inlined
def put_whole(address: int, i: int, value: int) -> None:
    """Write row i of an int32 array."""
    _store_int(address + i * 4, value)


@compiled
def fill_at(address: int, i: int) -> Any:
    """Row i of an array of FILL records."""
    return _fill(address + i * _FILL_BYTES)


@compiled
def trade_at(address: int, i: int) -> Any:
    """Row i of an array of TRADE records."""
    return _trade(address + i * _TRADE_BYTES)
