"""`mlplatform explain`: one candidate or trade, from the raw row to the result."""

import json
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from rich.console import Console

from mlplatform.commands.explain_evidence import Shelf
from mlplatform.commands.explain_page import print_explanation, print_newest
from mlplatform.domain.errors import InputError
from mlplatform.orchestration.build import Platform, build_platform
from mlplatform.settings import load_settings
from mlplatform.studies.explanation.assembling import explain_candidate
from mlplatform.studies.explanation.chain import Explanation
from mlplatform.studies.explanation.identities import find_identity, split_policy

NEWEST = 20


def explain(
    home_root: Path, named: str | None, as_json: bool, is_whole: bool, console: Console
) -> None:
    """Print the chain of a candidate, or of a trade named `POLICY:CANDIDATE_ID`; as JSON for
    programs. Without a name list the newest ids. Writes nothing; raises InputError.
    """
    platform = build_platform(home_root, load_settings(home_root))
    if named is None:
        print_newest(newest(platform), console)
        return
    found = explanation_of(platform, named)
    if as_json:
        text = json.dumps(asdict(found), default=_plain, allow_nan=False, indent=1)
        print(text)  # noqa: T201 - for programs: no colours, no wrapping
        return
    print_explanation(found, is_whole, console)


def explanation_of(platform: Platform, named: str) -> Explanation:
    """The chain of what is named; of a trade only its own policy's part of the actions."""
    policy, text = split_policy(named)
    shelves = _shelves(platform, text)
    home_of = {identity: shelf for shelf in shelves for identity in shelf.ids}
    identity = find_identity(text, list(home_of))
    found = explain_candidate(identity, home_of[identity].evidence(identity))
    if policy is None:
        return found
    actions = tuple(action for action in found.actions if action.policy == policy)
    if not actions:
        raise InputError(
            f"Policy {policy} decided nothing on {identity}: leave '{policy}:' out to see who did."
        )
    return Explanation(**{**found.__dict__, "actions": actions})


def newest(platform: Platform) -> pl.DataFrame:
    """The newest candidates and what policies made of them: `candidate_id`, `ts`, a column of
    net R a policy; at most NEWEST of each series.
    """
    return pl.concat([shelf.newest(NEWEST) for shelf in _shelves(platform, "")])


def _shelves(platform: Platform, text: str) -> list[Shelf]:
    """The series that have candidates; those alone that the text names, where it names one."""
    lake = platform.home.lake
    known = [name for name in platform.book.series() if lake.periods("candidates", name)]
    if not known:
        raise InputError(f"{platform.home.root} has no candidates yet: run `mlplatform run` first.")
    named = [name for name in known if f"{name}:" in text]
    return [Shelf(platform, name) for name in named or known]


def _plain(value: Any) -> Any:
    """What JSON has no type for."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    raise TypeError(f"{type(value).__name__} is no JSON")
