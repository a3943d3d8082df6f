"""The ways in which functions of this room are compiled, and how the result is kept on disk.

Numba keeps a function as long as the function's own file is unchanged, although it merges in code
of other files. Here the kept file's name carries a fingerprint of all compiled files, so that a
change to any of them compiles anew.
"""

from collections.abc import Callable
from hashlib import sha256
from pkgutil import get_data
from typing import Any

from numba import njit
from numba.core.caching import CompileResultCacheImpl, FunctionCache

_SOURCES = (
    "alone",
    "bars",
    "brackets",
    "coast",
    "codes",
    "compiled",
    "entries",
    "fills",
    "intake",
    "limits",
    "memory",
    "orders",
    "phases",
    "prices",
    "state",
    "step",
)
_FINGERPRINT = sha256(
    b"".join(get_data(__package__, f"{name}.py") or b"" for name in _SOURCES)
).hexdigest()[:12]


class _RoomCacheImpl(CompileResultCacheImpl):
    def get_filename_base(self, fullname: str, abiflags: str) -> str:
        base = super().get_filename_base(fullname, abiflags)  # type: ignore[no-untyped-call]
        return f"{base}-{_FINGERPRINT}"


class _RoomCache(FunctionCache):
    _impl_class = _RoomCacheImpl


def _compile(function: Callable[..., Any], **options: Any) -> Any:
    dispatcher = njit(nogil=True, error_model="numpy", **options)(function)
    dispatcher._cache = _RoomCache(function)  # type: ignore[no-untyped-call]
    return dispatcher


def entrance(function: Callable[..., Any]) -> Any:
    """Compiled on first use, kept on disk, free of the interpreter lock; strict IEEE arithmetic."""
    return _compile(function)


def compiled(function: Callable[..., Any]) -> Any:
    """The same, but callable from compiled code alone, which compiles sooner."""
    return _compile(function, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def inlined(function: Callable[..., Any]) -> Any:
    """As `compiled`, but always merged into its caller: for what runs on every bar."""
    return _compile(function, forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)
