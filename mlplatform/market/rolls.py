"""The front month: which contract leads on which trading day, decided by what was known before."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import polars as pl

from mlplatform.domain.tables import BARS, QUARANTINED_BARS, ROLLS
from mlplatform.market.contracts import Contract, expiry_of
from mlplatform.market.validation import NOT_FRONT

LOOK_BACK = timedelta(days=35)
"""History that decides a roll: at least as much before the first day makes periods agree."""
_ENDED_SESSIONS = 3
"""A front without a trade in so many sessions has ended; fewer may be a hole in the data."""


class RollRule(StrEnum):
    """What makes the front month change."""

    VOLUME = "volume"
    CALENDAR = "calendar"


@dataclass(frozen=True)
class _Traded:
    """One contract in one session: contracts traded, and whether in the session's first bar."""

    volume: float
    at_open: bool


_Session = dict[Contract, _Traded]


@dataclass(frozen=True)
class _Roll:
    day: date
    contract: Contract
    previous: Contract | None
    reason: str
    decided: _Session
    """The session that decided; empty where none did."""


def roll_table(sound: pl.DataFrame, rule: RollRule, first_day: date, end_day: date) -> pl.DataFrame:
    """Table `rolls` of the trading days in [first_day, end_day).

    `sound` holds valid bars (table `bars`) of all contracts in these days and in the `LOOK_BACK`
    before them. The first row tells the front of the first session: with reason "opening" unless
    it takes over on that very day. Every later row is a roll; a roll takes place at the start of a
    session and never back to an earlier expiry.

    - volume: after a session in which a later contract traded more than the front. A front that
      did not trade at all in it says nothing: that may be a hole in the data.
    - calendar: on the Monday before the third Friday of the front's month, to the next expiry.
    - only contract left, under both rules: after the front's expiry; after three sessions without
      a trade of it; or when a session opens with a contract never seen in the look-back and
      without the front (files that splice contracts without overlap).

    Nothing inside a session decides about it, except its first bar (last case) and the opening of
    history: without earlier sessions the first one's own volume names the front. Bars with volume 0
    did not trade; unknown volume counts as traded, and as 0 contracts. Names that say no month are
    in order of their first appearance.

    The gap is the difference of both contracts' closes in the last bar before the roll in which
    both traded ("same bar"). Where they never did within the look-back it is that of the new one's
    first open and the old one's last close ("across the break"): an estimate.
    """
    sessions = _sessions(sound.filter(pl.col("session_date") < end_day))
    rows: list[dict[str, object]] = []
    front: Contract | None = None
    for roll in _walk(sessions, rule):
        if roll.day < first_day:
            front = roll.contract
        else:
            rows.append(_row(roll, sound))
    inside = [day for day, _ in sessions if day >= first_day]
    if front is not None and inside and (not rows or rows[0]["session_date"] != inside[0]):
        rows.insert(0, _row(_Roll(inside[0], front, None, "opening", {}), sound))
    return ROLLS.frame(pl.DataFrame(rows, schema=ROLLS.schema))


def front_month(sound: pl.DataFrame, rolls: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The front contract's bars (table `bars`), and all others as table `quarantined_bars`.

    `sound` are valid bars of days that the roll table covers: from its first session on. Both parts
    keep the order of `sound`; the others' reason is "not the front month".
    """
    leading = rolls.select("session_date", front="contract").sort("session_date")
    judged = (
        sound.with_row_index("place")
        .sort("session_date", maintain_order=True)
        .join_asof(leading, on="session_date", strategy="backward")
        .sort("place")
    )
    if judged["front"].null_count():
        raise ValueError("the bars begin before their roll table")
    leads = pl.col("contract") == pl.col("front")
    others = judged.filter(~leads).with_columns(reason=pl.lit(NOT_FRONT))
    return BARS.frame(judged.filter(leads)), QUARANTINED_BARS.frame(others)


def _sessions(sound: pl.DataFrame) -> list[tuple[date, _Session]]:
    """What traded in each session that has bars, in order."""
    traded = pl.col("volume").is_null() | (pl.col("volume") > 0)
    first_bar = pl.col("ts").filter(traded).min().over("session_date")
    found = (
        sound.select("session_date", "contract", "ts", "volume", traded=traded, opens=first_bar)
        .group_by("session_date", "contract")
        .agg(
            pl.col("volume").sum(),
            pl.col("traded").any(),
            at_open=((pl.col("ts") == pl.col("opens")) & pl.col("traded")).any(),
        )
        .sort("session_date", "contract")
    )
    first_seen: dict[str, date] = {}
    sessions: dict[date, _Session] = {}
    for day, name, volume, has_traded, at_open in found.iter_rows():
        expires = expiry_of(name, day)
        contract = Contract(expires or first_seen.setdefault(name, day), name, expires)
        session = sessions.setdefault(day, {})
        if has_traded:
            session[contract] = _Traded(volume, at_open)
    return list(sessions.items())


def _walk(sessions: list[tuple[date, _Session]], rule: RollRule) -> Iterator[_Roll]:
    front: Contract | None = None
    past: list[tuple[date, _Session]] = []
    for day, session in sessions:
        if front is None:
            front = _opening(session, rule, day)
            if front is not None:
                yield _Roll(day, front, None, "opening", {})
        else:
            successor, reason = _successor(front, day, session, past, rule)
            if successor is not None:
                yield _Roll(day, successor, front, reason, past[-1][1])
                front = successor
        if session:
            past.append((day, session))
            past = [(seen, them) for seen, them in past if seen >= day - LOOK_BACK]


def _opening(session: _Session, rule: RollRule, day: date) -> Contract | None:
    alive = {k: v for k, v in session.items() if not k.has_expired(day)} or session
    return _leader(alive, rule, day)


def _leader(candidates: _Session, rule: RollRule, day: date) -> Contract | None:
    """The one that traded most, or the next expiry that is not due; the nearer one where equal."""
    if rule is RollRule.CALENDAR:
        return min(candidates, key=lambda each: (each.is_due(day), each), default=None)
    return min(candidates, key=lambda each: (-candidates[each].volume, each), default=None)


def _successor(
    front: Contract,
    day: date,
    session: _Session,
    past: list[tuple[date, _Session]],
    rule: RollRule,
) -> tuple[Contract | None, str]:
    """The contract that takes over at the start of the session `day`, and why; None where none."""
    previous = past[-1][1] if past else {}
    opens = {k: v for k, v in session.items() if v.at_open}
    later = {k: v for k, v in previous.items() if k > front and not k.has_expired(day)}
    best = _leader(later, rule, day)
    if rule is RollRule.VOLUME and best is not None and front in previous:
        if later[best].volume > previous[front].volume:
            return best, "volume"
    elif rule is RollRule.CALENDAR and best is not None and front.is_due(day):
        return best, "calendar"
    recent = past[-_ENDED_SESSIONS:]
    absent = len(recent) == _ENDED_SESSIONS and not any(front in them for _, them in recent)
    if front.has_expired(day) or absent:
        newly = {k: v for k, v in opens.items() if k > front and not k.has_expired(day)}
        return best or min(newly, default=None), "only contract left"
    if front not in opens:
        known = {each for _, them in past for each in them}
        spliced = [each for each in opens if each > front and each not in known]
        return min(spliced, default=None), "only contract left"
    return None, ""


def _row(roll: _Roll, sound: pl.DataFrame) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(ROLLS.names)
    row |= {"session_date": roll.day, "contract": roll.contract.name, "reason": roll.reason}
    if roll.previous is None:
        return row
    new, old, measured = _prices(sound, roll.day, roll.contract.name, roll.previous.name)
    for name, contract in (("contract", roll.contract), ("previous", roll.previous)):
        traded = roll.decided.get(contract)
        row[f"{name}_volume"] = None if traded is None else traded.volume
    return row | {
        "previous": roll.previous.name,
        "gap_points": new - old,
        "gap_ratio": new / old,
        "measured": measured,
    }


def _prices(sound: pl.DataFrame, day: date, new: str, old: str) -> tuple[float, float, str]:
    """Prices of both contracts to be compared at the roll, and how they were found."""
    traded = sound.filter(
        pl.col("session_date").is_between(day - LOOK_BACK, day),
        pl.col("contract").is_in([new, old]),
        pl.col("volume").is_null() | (pl.col("volume") > 0),
    )
    before = traded.filter(pl.col("session_date") < day)
    ours = before.filter(pl.col("contract") == new)
    theirs = before.filter(pl.col("contract") == old)
    both = ours.join(theirs, on="ts", suffix="_old").sort("ts").tail(1)
    if not both.is_empty():
        return both["close"][0], both["close_old"][0], "same bar"
    after = traded.filter(pl.col("session_date") == day, pl.col("contract") == new).sort("ts")
    return after["open"][0], theirs.sort("ts")["close"][-1], "across the break"
