"""What is outside of the platform and broke: told in a sentence that says what to do.

Disks, databases and servers fail in the words of the library that met them, often wrapped by
others. Their names and messages are all that Dagster keeps of what happened in a step, so these are
what is looked at, for exceptions here and for those of other processes alike.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

AGAIN = "then give the same command again: it goes on where it was"
Told = tuple[str, str]
"""Class and message of an error."""


@dataclass(frozen=True)
class _Outage:
    """What its errors say, and what to do; {0} is the pattern's group, where it has one."""

    pattern: re.Pattern[str]
    sentence: str


def _outage(pattern: str, sentence: str) -> _Outage:
    return _Outage(re.compile(pattern, re.IGNORECASE), f"{sentence}, {AGAIN}.")


_POSTGRES = "Postgres does not answer{0}: start it, or correct its address and PGPASSWORD"
_AWAY = (
    _outage(r"connection to server( at \"[^\"]+\"(?:[^,]*, port \d+)?)[^:]* failed", _POSTGRES),
    _outage(
        r"too many retries for DB connection|"
        r"(?:server|SSL connection has been) closed (?:the connection )?unexpectedly|"
        r"terminating connection due to|connection already closed|SSL SYSCALL error|"
        r"could not (?:receive data from|send data to) server|"
        r"the database system is (?:starting up|shutting down|in recovery mode)",
        _POSTGRES,
    ),
)
"""A database that may be back in a moment: restarts go by."""
_KNOWN = (
    _outage(
        r"no space left on device|database or disk is full|disk quota exceeded|file too large",
        "The disk is full: make room where the home and its temporary files (TMPDIR) lie",
    ),
    _outage(
        r"read-only file system|readonly database",
        "The home can only be read: make it writable",
    ),
    _outage(
        r"database is locked|database table is locked",
        "A database of the home is locked by another process: end it, or wait until it has ended",
    ),
    _outage(
        r"file is not a database|database disk image is malformed",
        "A database of the home is damaged: put a copy of it in its place",
    ),
    _outage(
        r"unable to open database file|disk i/o error",
        "A database of the home cannot be opened or written: see that the disk has room and that "
        "the home is writable",
    ),
    _outage(
        r"API request to endpoint .* failed with error code( 4\d\d)",
        "MLflow refuses with error code{0}: let its server allow this host (--allowed-hosts) and "
        "this user, or correct the setting mlflow-uri",
    ),
    _outage(
        r"API request to (?:endpoint )?(https?://[^/\s]+)?.* failed with",
        "MLflow does not answer{0}: start its server, or correct the setting mlflow-uri",
    ),
    *_AWAY,
)


def outage_of(told: list[Told]) -> str | None:
    """The sentence for what broke outside, None where it is nothing known."""
    for known in _KNOWN:
        for _, message in told:
            if found := known.pattern.search(message):
                place = next((group for group in found.groups() if group), "")
                where = place if not place or place[0] == " " else f" at {place}"
                return known.sentence.format(where)
    return None


def is_passing(told: list[Told]) -> bool:
    """Whether what broke may work again in a moment, and nobody has waited for it yet."""
    return any(away.pattern.search(message) for away in _AWAY for _, message in told)


def told_of(error: BaseException) -> list[Told]:
    """An exception and all that led to it, the first cause first."""
    chain: list[Told] = []
    seen: BaseException | None = error
    while seen is not None and len(chain) < 20:
        chain.append((type(seen).__name__, str(seen)))
        seen = seen.__cause__ or seen.__context__
    return chain[::-1]


def told_of_step(error: Any) -> list[Told]:
    """The same of what Dagster kept of a step's error."""
    chain: list[Told] = []
    while error is not None and len(chain) < 20:
        chain.append((str(error.cls_name), str(error.message)))
        error = error.cause or error.context
    return chain[::-1]


def kinds() -> tuple[type[Exception], ...]:
    """The exceptions by which outages show, of libraries that are loaded: others cannot have been
    raised.
    """
    return (OSError, *_loaded())


def _loaded() -> Iterator[type[Exception]]:
    for module, name in (
        ("sqlalchemy.exc", "SQLAlchemyError"),
        ("dagster._core.errors", "DagsterError"),
        ("dagster_postgres.utils", "DagsterPostgresException"),
        ("mlflow.exceptions", "MlflowException"),
        ("optuna.exceptions", "OptunaError"),
        ("polars.exceptions", "PolarsError"),
    ):
        if module in sys.modules:
            yield getattr(sys.modules[module], name)
