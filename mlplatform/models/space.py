"""What a study searches: ranges by name, and where it starts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mlplatform.domain.errors import InputError

Value = float | int | str
Params = Mapping[str, Value]


@dataclass(frozen=True)
class Real:
    """A float between two bounds, drawn evenly in its logarithm where `log`."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class Whole:
    """An integer between two bounds, both included."""

    low: int
    high: int
    log: bool = False


@dataclass(frozen=True)
class Choice:
    """One of a few named options."""

    options: tuple[str, ...]


@dataclass(frozen=True)
class Space:
    """What is searched; `first` are known-good parameters that trial 0 tries (a warm start)."""

    ranges: Mapping[str, Real | Whole | Choice]
    first: Params | None = None


def started_at(space: Space, good: Params) -> Space:
    """The space with its warm start replaced, name by name; InputError for one outside of it."""
    for name, value in good.items():
        what = space.ranges.get(name)
        inside = (
            what is not None and value in what.options
            if isinstance(what, Choice)
            else what is not None and not isinstance(value, str) and what.low <= value <= what.high
        )
        if not inside:
            raise InputError(
                f"The known-good {name} = {value} lies outside of what is searched: "
                f"{_told(what) if what else 'one of ' + ', '.join(space.ranges)}."
            )
    return replace(space, first={**(space.first or {}), **good}) if good else space


def _told(what: Real | Whole | Choice) -> str:
    if isinstance(what, Choice):
        return f"one of {', '.join(what.options)}"
    return f"{what.low:g} to {what.high:g}"
