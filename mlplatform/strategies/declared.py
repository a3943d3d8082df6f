"""From what a user declared (YAML, or any mapping of its kind) to a strategy."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from inspect import signature
from math import isfinite

from mlplatform.decisions.exits import Exits
from mlplatform.setups.registry import MAKERS
from mlplatform.setups.setup import Setup
from mlplatform.strategies.strategy import Strategy

_KEYS = ("name", "about", "setups", "filters", "long_filters", "short_filters", "sides", "exits")
_NAME = "name"
"""The one key beside a setup's parameters: what the setup is called in this strategy."""


def strategy_of(declared: object, name: str) -> Strategy:
    """The strategy that a mapping declares; `name` where it names none.

    Raises ValueError that names the unknown key, setup, parameter, feature or exit, and what
    exists.
    """
    if not isinstance(declared, Mapping):
        raise ValueError(f"it holds no keys: give {_listed(_KEYS)}")
    for key in declared:
        if key not in _KEYS:
            raise ValueError(f"{key} is no key of a strategy: it has {_listed(_KEYS)}")
    if not declared.get("setups"):
        raise ValueError(f"it names no setup: list some of {_listed(_makers())} under setups")
    return Strategy(
        name=_text(declared, "name", name),
        about=_text(declared, "about", ""),
        setups=tuple(setup_of(item) for item in _items(declared, "setups")),
        filters=_filters(declared, "filters"),
        long_filters=_filters(declared, "long_filters"),
        short_filters=_filters(declared, "short_filters"),
        sides=_text(declared, "sides", "both"),
        exits=_exits(declared.get("exits")),
    )


def setup_of(declared: object) -> Setup:
    """One setup: its name, or a mapping of its name to parameters and, at will, another `name`."""
    if isinstance(declared, str):
        return _made(declared, {})
    if isinstance(declared, Mapping) and len(declared) == 1:
        ((name, given),) = declared.items()
        if given is None:
            return _made(str(name), {})
        if isinstance(given, Mapping):
            params = {str(key): value for key, value in given.items() if key != _NAME}
            made = _made(str(name), params)
            return replace(made, name=str(given.get(_NAME, made.name)))
    raise ValueError(f"setup {declared!r} is neither a name nor a name with its parameters")


def _made(name: str, params: Mapping[str, object]) -> Setup:
    make = _makers().get(name)
    if make is None:
        raise ValueError(f"there is no setup {name}: there are {_listed(_makers())}")
    known = signature(make).parameters
    for key, value in params.items():
        if key not in known:
            raise ValueError(f"setup {name} has no parameter {key}: it has {_listed(known)}")
        is_whole = isinstance(known[key].default, int)
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise ValueError(f"parameter {key} of setup {name} is {value!r}, not a number")
        if value < 0 or (is_whole and value != int(value)):
            kind = "a whole number, " if is_whole else ""
            raise ValueError(f"parameter {key} of setup {name} is {value}: it is {kind}0 or more")
    return make(**params)


def _exits(declared: object) -> Exits | None:
    if declared is None:
        return None
    names = [field.name for field in fields(Exits)]
    if not isinstance(declared, Mapping):
        raise ValueError(f"exits are {declared!r}: give some of {_listed(names)}")
    for key in declared:
        if key not in names:
            raise ValueError(f"there is no exit {key}: there are {_listed(names)}")
    if declared.get("stop_atr") is None:
        raise ValueError("exits have no stop_atr: without a stop there is no R")
    return Exits(**declared)


def _filters(declared: Mapping[object, object], key: str) -> tuple[str, ...]:
    items = _items(declared, key)
    for item in items:
        if not isinstance(item, str):
            raise ValueError(f"a filter is {item!r}: write it as a text")
    return tuple(str(item) for item in items)


def _items(declared: Mapping[object, object], key: str) -> list[object]:
    value = declared.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValueError(f"{key} is {value!r}: write it as a list")
    return value


def _text(declared: Mapping[object, object], key: str, usual: str) -> str:
    value = declared.get(key)
    if value is None:
        return usual
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{key} is {value!r}, not a text")
    return value.strip()


def _makers() -> dict[str, Callable[..., Setup]]:
    return {make.__name__: make for make in MAKERS}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
