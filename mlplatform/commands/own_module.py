"""A user's own Python file of features or setups: loaded, checked, its errors told."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from mlplatform.domain.errors import InputError
from mlplatform.domain.series import Timeframe
from mlplatform.domain.tables import BARS
from mlplatform.features.graph import Feature, FeaturePlan
from mlplatform.features.sets import core_plan
from mlplatform.orchestration.own_file import Blame, imported
from mlplatform.setups.setup import Setup

_EXAMPLE = "define plan (a FeaturePlan), plan(timeframe) or features (a tuple of Feature)"


def own_plan(spec: str, timeframe: Timeframe) -> tuple[FeaturePlan, Path]:
    """The plan of `file.py` or `file.py:name`, and its path; features may read core features.

    `name` (default: plan, else features) is a FeaturePlan, a tuple of Feature, or a function of
    the timeframe that gives one of these. Raises InputError.
    """
    path, module, name = _loaded(spec, ("plan", "features"), _EXAMPLE)
    found: Any = getattr(module, name)
    if callable(found):
        with Blame(path, f"{name}(timeframe)"):
            found = found(timeframe)
    if isinstance(found, Feature):
        found = (found,)
    if isinstance(found, tuple | list) and found and all(isinstance(f, Feature) for f in found):
        with Blame(path, f"the feature set {name}"):
            found = _with_core(path.stem, tuple(found), core_plan(timeframe))
    if not isinstance(found, FeaturePlan):
        raise InputError(
            f"{path.name}: {name} is {_kind(found)}, not a FeaturePlan or a tuple of Feature."
        )
    return found, path


def own_setups(spec: str) -> tuple[tuple[Setup, ...], Path]:
    """The setups of `file.py` or `file.py:name` (default: SETUPS, else setups). Raises InputError.

    `name` is a Setup or a tuple of them.
    """
    path, module, name = _loaded(spec, ("SETUPS", "setups"), "define setups (a tuple of Setup)")
    found: Any = getattr(module, name)
    if isinstance(found, Setup):
        found = (found,)
    if not isinstance(found, tuple | list) or not found or not _all(found, Setup):
        raise InputError(f"{path.name}: {name} is {_kind(found)}, not a tuple of Setup.")
    return tuple(found), path


def _all(items: Any, kind: type) -> bool:
    return all(isinstance(item, kind) for item in items)


def _kind(found: object) -> str:
    if isinstance(found, tuple | list):
        others = sorted({type(item).__name__ for item in found})
        return f"a {type(found).__name__} of {', '.join(others) or 'nothing'}"
    return f"of type {type(found).__name__}"


def _with_core(name: str, own: tuple[Feature, ...], core: FeaturePlan) -> FeaturePlan:
    """A plan of a user's features; the core features that they read are steps on the way."""
    by_name = {feature.name: feature for feature in core.order}
    names, kept = {feature.name for feature in own}, dict[str, Feature]()
    waiting = [item for feature in own for item in feature.inputs]
    while waiting:
        feature = by_name.get(waiting.pop())
        if feature is None or feature.name in names or feature.name in kept:
            continue
        kept[feature.name] = replace(feature, is_step=True)
        waiting += [*feature.inputs, *([feature.mirror] if feature.mirror else [])]
    return FeaturePlan.build(name, 1, (*kept.values(), *own), tuple(BARS.names))


def merged(own: FeaturePlan, core: FeaturePlan) -> FeaturePlan:
    """The core set with a user's features, which replace those of the same name."""
    names = {feature.name for feature in own.features}
    rest = [feature for feature in core.order if feature.name not in names]
    held = {feature.name for feature in rest}
    first = [feature for feature in own.order if feature.name not in held]
    return FeaturePlan.build(own.name, own.version, (*first, *rest), tuple(BARS.names))


def _loaded(spec: str, names: tuple[str, ...], example: str) -> tuple[Path, ModuleType, str]:
    """The file, the module it makes, and the name in it that counts."""
    file, _, wanted = spec.rpartition(":")
    if not file or not wanted.isidentifier():
        file, wanted = spec, ""
    path = Path(file).expanduser().absolute()
    if path.is_dir() or not path.exists():
        raise InputError(f"No file {file}: give a Python file, and {example} in it.")
    module = imported(path)
    held = [name for name in ((wanted,) if wanted else names) if hasattr(module, name)]
    if not held:
        raise InputError(f"{path.name} has no {wanted or ' or '.join(names)}: {example}.")
    return path, module, held[0]
