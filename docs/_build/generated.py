"""Reference pages as Markdown, from the code itself: commands, settings, tables."""

import ast
import inspect
import json
from collections.abc import Iterator
from typing import Any

import typer

import mlplatform.domain.tables as declared
from mlplatform.cli import app
from mlplatform.domain.schema import Table
from mlplatform.settings import StudySettings


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, with its words after `mlplatform`."""
    below = getattr(command, "commands", None)
    if below is None:
        yield path, command
        return
    for name in sorted(below):
        yield from leaves(below[name], (*path, name))


def commands() -> str:
    """A section a command: what it does, its usage, its arguments and options."""
    sections = []
    for path, command in leaves(typer.main.get_command(app)):
        usage = " ".join(("mlplatform", *path, *_arguments(command), "[OPTIONS]"))
        sections += [
            f"## `{' '.join(path)}`",
            " ".join(inspect.cleandoc(command.help or "").split()),
            f"    {usage}",
            _rows(("Option", "What it is"), (_parameter(param) for param in command.params)),
        ]
    return "\n\n".join(sections)


def _arguments(command: Any) -> Iterator[str]:
    for param in command.params:
        if param.param_type_name == "argument":
            yield param.name.upper() if param.required else f"[{param.name.upper()}]"


def _parameter(param: Any) -> tuple[str, str]:
    told = str(getattr(param, "help", None) or "")
    if param.param_type_name == "argument":
        return f"`{param.name.upper()}`", told
    names = ", ".join(f"`{name}`" for name in (*param.opts, *param.secondary_opts))
    if param.required:
        return names, f"{told} **Needed.**"
    is_told = param.default in (None, False) or "[" in told
    return names, told if is_told else f"{told} [{_plain(param.default)}]"


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return json.dumps(list(value))
    return str(getattr(value, "value", value))


def settings() -> str:
    """A row a setting: its environment name, its default, what it is."""
    told = _attribute_docs(StudySettings)
    prefix = StudySettings.model_config["env_prefix"]
    rows = []
    for name, field in StudySettings.model_fields.items():
        default = f"`{_plain(field.default)}`" if field.default not in (None, "") else ""
        rows.append((f"`{prefix}{name.upper()}`", default, told.get(name, "")))
    return _rows(("Environment", "Default", "What it is"), rows)


def _attribute_docs(owner: type) -> dict[str, str]:
    """The string that stands under each attribute."""
    body = ast.parse(inspect.getsource(owner)).body[0].body  # type: ignore[attr-defined]
    found = {}
    for line, below in zip(body, body[1:], strict=False):
        if isinstance(line, ast.AnnAssign) and isinstance(below, ast.Expr):
            found[line.target.id] = " ".join(str(ast.literal_eval(below.value)).split())  # type: ignore[union-attr]
    return found


def tables() -> str:
    """A section a table: its columns, their types, what they hold."""
    parts = []
    for table in vars(declared).values():
        if isinstance(table, Table):
            rows = [
                (f"`{c.name}`", f"{c.dtype!r}".split("(")[0], c.about + " (or null)" * c.nullable)
                for c in table.columns
            ]
            parts += [f"## `{table.name}`", _rows(("Column", "Type", "What it holds"), rows)]
    return "\n\n".join(parts)


def _rows(heads: tuple[str, ...], rows: Any) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)

