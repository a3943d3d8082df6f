"""Telling people: a port, and apprise behind it (webhooks, e-mail, chats).

Targets hold tokens, so that they come from the environment only: MLPLATFORM_NOTIFY, apprise's
addresses parted by blanks, or MLPLATFORM_NOTIFY_FILE, a file with one a line. Nothing of them is
ever said.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from mlplatform.domain.errors import InputError

TARGETS, TARGETS_FILE = "MLPLATFORM_NOTIFY", "MLPLATFORM_NOTIFY_FILE"


@dataclass(frozen=True)
class Notice:
    """What happened, in a line and a few sentences of plain text."""

    title: str
    body: str
    level: Literal["info", "warning", "failure"] = "info"


class Notifier(Protocol):
    """Who can be told."""

    def tell(self, notice: Notice) -> int:
        """Tell all; the number of those told. Raises InputError where one could not be."""
        ...


class AppriseNotifier:
    """Tells every target of the environment; none there, none told."""

    def tell(self, notice: Notice) -> int:
        """One message a target."""
        import apprise

        targets = _targets()
        failed = 0
        for target in targets:
            sender = apprise.Apprise()
            told = sender.add(target) and sender.notify(
                body=notice.body, title=notice.title, notify_type=notice.level
            )
            failed += not told
        if failed:
            raise InputError(
                f"{failed} of {len(targets)} could not be told '{notice.title}': check the "
                f"addresses in {TARGETS} or {TARGETS_FILE}."
            )
        return len(targets)


def _targets() -> list[str]:
    named = os.environ.get(TARGETS_FILE)
    if not named:
        return os.environ.get(TARGETS, "").split()
    try:
        return Path(named).read_text().split()
    except OSError as error:
        reason = (error.strerror or "not possible").lower()
        raise InputError(f"{TARGETS_FILE} cannot be read ({reason}): correct it.") from None
