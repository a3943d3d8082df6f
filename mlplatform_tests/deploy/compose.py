"""What the compose file says, read as Docker Compose would read it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


@dataclass(frozen=True)
class Service:
    """One service, variables filled in."""

    name: str
    image: str
    command: list[str]
    environment: Mapping[str, str]
    healthcheck: list[str]
    body: Mapping[str, Any] = field(repr=False)
    """All that the file says of it."""


def read_services(given: Mapping[str, str], path: Path = COMPOSE) -> dict[str, Service]:
    """The services by name; `given` are the variables of .env. KeyError where a needed one is not
    given.
    """
    body = yaml.safe_load(_filled(path.read_text(), given))
    return {name: _service(name, told) for name, told in body["services"].items()}


def variables(text: str) -> set[str]:
    """The names of all variables in a text."""
    return {match[1] for match in _VARIABLE.finditer(text)}


def _filled(text: str, given: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        name, rule, default = match[1], match[2], match[3]
        if given.get(name):
            return given[name]
        if rule == "-":
            return default
        raise KeyError(f"{name} is needed")

    return _VARIABLE.sub(value, text)


def _service(name: str, told: Mapping[str, Any]) -> Service:
    command = told.get("command", [])
    return Service(
        name,
        told["image"],
        [str(part) for part in command],
        {key: str(value) for key, value in told.get("environment", {}).items()},
        [str(part) for part in told.get("healthcheck", {}).get("test", [])][1:],
        told,
    )
