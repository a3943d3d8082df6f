"""Code versions: a hash of the code that makes an asset, and of the settings that matter.

Hashed is what Python compiled and cached, without docstrings and line numbers: comments and blank
lines do not count, and reading it costs the front door a tenth of parsing the source.
"""

import dis
import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.machinery import SourceFileLoader
from inspect import CO_NEWLOCALS
from pathlib import Path
from types import CodeType

_ROOT = Path(__file__).parents[1]
_PACKAGE = _ROOT.name
_TEMPLATES = "template"
"""A folder of them beside a module is code too."""


def code_version(modules: tuple[str, ...], settings: Mapping[str, object]) -> str:
    """Sixteen hex digits over the modules, all of ours that they import, and the settings.

    Modules are named from the package, such as `features.compute`.
    """
    seen: dict[str, str] = {}
    waiting = [f"{_PACKAGE}.{name}" for name in modules]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        digest, imports = _module(name)
        seen[name] = digest
        waiting += imports
    text = json.dumps([sorted(seen.items()), settings], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def _module(name: str) -> tuple[str, tuple[str, ...]]:
    """The hash of one module, and the modules of ours that it imports anywhere."""
    file = _file(name)
    if file is None:
        raise ModuleNotFoundError(f"a code version names {name}, which is no module")
    code = SourceFileLoader(name, str(file)).get_code(name)
    assert isinstance(code, CodeType)
    digest = hashlib.sha256(repr(_plain(code)).encode())
    for template in sorted((file.parent / _TEMPLATES).glob("*")):
        digest.update(template.read_bytes())
    return digest.hexdigest(), tuple(_imports(code))


def _plain(code: CodeType) -> tuple[object, ...]:
    """What the code does: no docstring, no line number, no path."""
    skipped = _docstring(code)
    return (
        code.co_name,
        code.co_code,
        code.co_names,
        code.co_varnames,
        code.co_freevars,
        code.co_flags,
        tuple(_constant(c) for place, c in enumerate(code.co_consts) if place != skipped),
    )


def _constant(value: object) -> object:
    if isinstance(value, CodeType):
        return _plain(value)
    # The order of a set of strings differs from process to process.
    return sorted(map(repr, value)) if isinstance(value, frozenset) else repr(value)


def _docstring(code: CodeType) -> int | None:
    """The place of the docstring among the constants."""
    if "__doc__" in code.co_names:  # a module or a class stores it by name
        place = None
        for step in dis.get_instructions(code):
            if step.opname == "STORE_NAME" and step.argval == "__doc__":
                return place
            place = step.arg if step.opname == "LOAD_CONST" else place
    is_function = code.co_flags & CO_NEWLOCALS and not code.co_name.startswith("<")
    # A function's first constant is its docstring or None.
    return 0 if is_function and code.co_consts else None


def _imports(code: CodeType) -> Iterator[str]:
    ours = [item for item in code.co_names if item.startswith(f"{_PACKAGE}.")]
    for module in ours:
        yield module
        if (_ROOT.parent / module.replace(".", "/")).is_dir():
            inner = (f"{module}.{item}" for item in code.co_names)
            yield from (item for item in inner if _file(item) is not None)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _imports(constant)


@cache
def _file(name: str) -> Path | None:
    path = _ROOT.parent / name.replace(".", "/")
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file
    return None
