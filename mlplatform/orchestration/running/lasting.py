"""Work that outlasts a restart of its database.

Dagster tries again to connect, longer each time, but a statement that was under way is lost, and
with it the run. Since work goes on where it was, that run is begun again, as a person would by
giving the same command.
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

from mlplatform.orchestration.steps.outages import is_passing, kinds, told_of
from mlplatform.orchestration.steps.reasons import BrokeOff

_TIMES = 3
"""Tries in a row that got nothing done; each waits for the database some ten seconds."""

T = TypeVar("T")


def lasting(begin: Callable[[], Iterator[T]]) -> Iterator[T]:
    """All that comes of work that can be begun again where it was, piece by piece; raises what
    ended it where that is no passing outage, or nothing was got done three times in a row.
    """
    vain = 0
    while True:
        try:
            for done in begin():
                yield done
                vain = 0
            return
        except (BrokeOff, *kinds()) as error:
            vain += 1
            if vain == _TIMES or not (isinstance(error, BrokeOff) or is_passing(told_of(error))):
                raise
