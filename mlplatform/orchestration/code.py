"""Code versions: a hash of the source that makes an asset, and of the settings that matter."""

import ast
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_PACKAGE = _ROOT.name
_DATA = (".html", ".css", ".js")
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def code_version(modules: tuple[str, ...], settings: Mapping[str, object]) -> str:
    """Sixteen hex digits over the modules, all of ours that they import, and the settings.

    Modules are named from the package, such as `features.compute`. Comments, docstrings and
    formatting do not count: what is hashed is the syntax tree.
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
    path = _ROOT.joinpath(*name.split(".")[1:])
    file = path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"
    tree = ast.parse(file.read_bytes())
    imports = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_PACKAGE):
            imports += [str(node.module)]
            imports += [
                f"{node.module}.{item.name}"
                for item in node.names
                if _is_module(f"{node.module}.{item.name}")
            ]
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    digest = hashlib.sha256(ast.dump(tree).encode())
    for data in sorted(file.parent.glob("**/*")):
        if data.suffix in _DATA:  # a template is code too
            digest.update(data.read_bytes())
    return digest.hexdigest(), tuple(imports)


def _is_module(name: str) -> bool:
    path = _ROOT.joinpath(*name.split(".")[1:])
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()
