"""Whether a command line is one that `mlplatform` takes, without running it."""

import re
import shlex
from typing import Any

import typer

from mlplatform.cli import app

_ROOT: Any = typer.main.get_command(app)
_REFUSED: Any = typer.BadParameter.__base__
"""Any misuse of a command; typer's own copy of click is not public."""


def names() -> list[str]:
    """The first words after `mlplatform`."""
    return list(_ROOT.commands)


def command_of(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the words name, and the words left; ValueError for an unknown one."""
    command, left = _ROOT, list(words)
    while hasattr(command, "commands"):
        if not left or left[0] not in command.commands:
            raise ValueError(f"no command {' '.join(words[:1]) or '(none)'}")
        command = command.commands[left.pop(0)]
    return command, left


def require_accepted(line: str) -> None:
    """ValueError where `mlplatform ...`, whole, is refused: by name, option, type or need."""
    words = shlex.split(line, comments=True)[1:]
    command, left = command_of(words)
    if "--help" in left:
        return
    try:
        command.make_context("mlplatform", left)
    except _REFUSED as error:
        raise ValueError(f"{line}: {error}") from error


def require_known(mention: str) -> None:
    """ValueError where a mention in running text names no command or no option of it.

    A mention may leave out what is needed, and give alternatives: `fetch yahoo|ib`.
    """
    words = mention.split()[1:]
    if not words or words[0].isupper():
        return
    command, left = command_of(words)
    known = {name for param in command.params for name in param.opts}
    for option in re.findall(r"(?<!\S)--[\w-]+", " ".join(left)):
        if option not in {*known, "--help"}:
            raise ValueError(f"{mention}: no option {option}")
