"""A home's strategy: YAML or Python, kept by content, loaded alike by every process."""

import hashlib
from pathlib import Path

import yaml

from mlplatform.adapters.home import Home, write_bytes
from mlplatform.domain.errors import InputError
from mlplatform.orchestration.own_file import Blame, imported
from mlplatform.strategies.declared import strategy_of
from mlplatform.strategies.strategy import PLATFORM, Strategy, try_out

NONE = "none"
"""What to give for a strategy to come back to the platform's own setups."""
_YAML = (".yaml", ".yml")
_NAMES = ("STRATEGY", "strategy")
_DIGITS = 12


def read_strategy(path: Path) -> Strategy:
    """The strategy in a YAML or Python file, tried out; raises InputError in a sentence."""
    strategy = _loaded(path, path.stem)
    with Blame(path, "finding its candidates"):
        try_out(strategy)
    return strategy


def kept_name(path: Path) -> str:
    """The name under which a home keeps the file: its own, and its content's hash."""
    return f"{path.stem}-{_hash(path)}{path.suffix.lower()}"


def keep(home: Home, path: Path) -> None:
    """Copy the file into the home; what is kept never changes, so that champions find theirs."""
    place = _folder(home) / kept_name(path)
    if not place.is_file() or _hash(place) != _hash(path):
        write_bytes(place, path.read_bytes())


def home_strategy(home: Home, name: str) -> Strategy:
    """The strategy that a home keeps as `name`; the platform's own where that is empty.

    Raises InputError where the file is gone or is not what was kept.
    """
    if not name:
        return PLATFORM
    place = _folder(home) / name
    again = "give it again: mlplatform run --strategy FILE"
    if Path(name).name != name or not place.is_file():
        raise InputError(f"{home.root} keeps no strategy {name}: {again}.")
    stem, _, kept = place.stem.rpartition("-")
    if _hash(place) != kept:
        raise InputError(f"The strategy {name} in {home.root} was altered: {again}.")
    return _loaded(place, stem)


def _folder(home: Home) -> Path:
    return home.root / "strategies"


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:_DIGITS]


def _loaded(path: Path, name: str) -> Strategy:
    if not path.is_file():
        raise InputError(f"No file {path}: give a strategy as YAML or Python.")
    suffix = path.suffix.lower()
    if suffix == ".py":
        return _of_python(path)
    if suffix not in _YAML:
        raise InputError(f"{path.name} is no strategy: its name must end with .yaml, .yml or .py.")
    try:
        return strategy_of(_yaml(path), name)
    except ValueError as error:
        raise InputError(f"{path.name}: {error}.") from error


def _yaml(path: Path) -> object:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise InputError(f"{path.name} is no text: save it as UTF-8.") from None
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise InputError(f"{path.name}{line}: no YAML, {error.problem}.") from None
    except yaml.YAMLError:
        raise InputError(f"{path.name} is no YAML: it has characters that YAML forbids.") from None


def _of_python(path: Path) -> Strategy:
    # The copy in the home stands alone, so what stands beside the file must not be needed.
    module = imported(path, with_neighbours=False)
    found = next((getattr(module, name) for name in _NAMES if hasattr(module, name)), None)
    if callable(found):
        with Blame(path, "calling strategy()"):
            found = found()
    if not isinstance(found, Strategy):
        what = "has no STRATEGY" if found is None else f"has a {type(found).__name__} as STRATEGY"
        raise InputError(f"{path.name} {what}: define STRATEGY (a Strategy) in it.")
    return found
