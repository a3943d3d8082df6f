"""The same picture for everybody: the user's own matplotlib style is put aside while we draw."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any


@contextmanager
def own_style(style: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Matplotlib's defaults and `style`; what was set before comes back after."""
    from matplotlib import rc_context, rcdefaults, rcParams  # slow to import

    with rc_context():
        rcdefaults()
        rcParams.update(dict[Any, Any](style or {}))
        yield
