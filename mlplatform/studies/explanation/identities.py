"""What a person calls a candidate or a trade, and which one that is."""

from collections.abc import Sequence

from mlplatform.decisions.exits import STRATEGY
from mlplatform.domain.errors import InputError
from mlplatform.studies.backtest import POLICIES

_TOLD = 5


def split_policy(text: str) -> tuple[str | None, str]:
    """A trade is named `POLICY:CANDIDATE_ID`, such as `ml:MES-1m:gap_fill:20250602T133000`; the
    policy is None where only a candidate is named.
    """
    head, colon, rest = text.partition(":")
    return (head, rest) if colon and head in (*POLICIES, STRATEGY) else (None, text)


def find_identity(text: str, ids: Sequence[str]) -> str:
    """The id that this is, or the only one that it is a part of. Raises InputError."""
    if text in ids:
        return text
    found = sorted({item for item in ids if text and text in item})
    if len(found) == 1:
        return found[0]
    if not found:
        raise InputError(
            f"Unknown id '{text}': run `mlplatform explain` without an id to list the newest ones."
        )
    more = f" and {len(found) - _TOLD:,} more" if len(found) > _TOLD else ""
    raise InputError(
        f"'{text}' is part of {len(found):,} ids: give one of {', '.join(found[:_TOLD])}{more}."
    )
