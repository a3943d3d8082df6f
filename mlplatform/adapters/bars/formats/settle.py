"""Which clock, label and timeframe a file has: what it says, what the user says, what the market
says; and a refusal where they contradict each other."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from mlplatform.adapters.bars.formats.dialect import BarLabel
from mlplatform.adapters.bars.formats.plan import Plan
from mlplatform.adapters.bars.formats.survey import keeps_offsets
from mlplatform.adapters.bars.formats.times import zone_of
from mlplatform.domain.errors import InputError
from mlplatform.domain.instrument import Instrument
from mlplatform.domain.series import Timeframe
from mlplatform.market.clock import ClockVerdict, judge_clock, judge_label
from mlplatform.market.clock_activity import ActivityProfile, split_zone

CERTAIN, SUPPORTED, ASSUMED = "certain", "supported by the market", "assumed"
DAY_SECONDS = 86_400
_NAMES_OF_UTC = ("Etc/UTC", "GMT", "Etc/GMT", "Zulu", "Etc/Zulu")


@dataclass(frozen=True)
class Hints:
    """What the user says of a file; None where they leave it to be found out."""

    instrument: Instrument
    timeframe: Timeframe | None = None
    timezone: str | None = None
    label: BarLabel | None = None

    def __post_init__(self) -> None:
        if self.timezone is not None:
            zone_of(split_zone(self.timezone)[0])
            if self.timezone in _NAMES_OF_UTC:
                object.__setattr__(self, "timezone", "UTC")
        if self.label not in (None, "start", "end"):
            raise InputError(f"Unknown label '{self.label}': say --label start or --label end.")


@dataclass(frozen=True)
class Finding:
    """A thing understood, how sure that is, and why, in a sentence."""

    value: str
    how_sure: str
    evidence: str


@dataclass(frozen=True)
class Market:
    """The market as the file's bars show it, in the clock they are written in."""

    profile: ActivityProfile
    step_seconds: int
    offsets: Mapping[int, set[int]]
    """Minutes ahead of UTC that rows name, and the days on which they do."""

    def clock(self, zone: str, label: str | None) -> ClockVerdict:
        """What it says of that zone, where bars carry that label."""
        behind = self.step_seconds // 60 if label == "end" else 0
        return judge_clock(self.profile.earlier(behind), zone, self.step_seconds / 60)


def settle_timeframe(
    steps: Counter[int], plan: Plan, hints: Hints, name: str
) -> tuple[Timeframe, Finding]:
    """The bars' length; raises InputError where the commonest step contradicts it."""
    said = hints.timeframe
    if plan.dialect.kind == "ticks":
        timeframe = said or Timeframe("1m")
        why = "ticks become bars of the length you said" if said else "ticks become 1m bars"
        return timeframe, Finding(timeframe.name, CERTAIN, why)
    vendor = Timeframe(plan.timeframe) if plan.timeframe else None
    if vendor and said and vendor.seconds != said.seconds:
        _refuse_timeframe(name, vendor, "the file says so itself", said)
    if not steps:
        if not (vendor or said):
            raise InputError(
                f"{name} has too few bars to see how long they are: say --timeframe, such as 1m."
            )
        known = vendor or said
        assert known is not None
        sure = CERTAIN if vendor else ASSUMED
        return known, Finding(known.name, sure, "the file says so" if vendor else "as you said")
    seconds, count = max(steps.items(), key=lambda item: (item[1], -item[0]))
    share = count / sum(steps.values())
    seen = timeframe_of(seconds)
    why = f"{share:.0%} of bars are {seen.name} after the one before"
    said = said or vendor
    # Of an illiquid contract bars are missing: its steps are multiples, and say nothing against.
    is_multiple = said is not None and seconds % said.seconds == 0 and share < 0.5
    if said and seen.seconds != said.seconds and not is_multiple:
        _refuse_timeframe(name, seen, why, said)
    chosen = said or seen
    return chosen, Finding(chosen.name, CERTAIN if vendor else SUPPORTED, why)


def timeframe_of(seconds: int) -> Timeframe:
    """The timeframe of so many seconds, in its largest whole unit."""
    for unit, size in (("d", DAY_SECONDS), ("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return Timeframe(f"{seconds // size}{unit}")
    return Timeframe(f"{seconds}s")


def settle_clock(plan: Plan, hints: Hints, market: Market, name: str) -> Finding:
    """The zone that times are written in ("UTC" for instants); raises InputError."""
    label = hints.label or plan.dialect.label
    if plan.form.says_zone:
        return _own_clock(plan, hints, market, name)
    said = hints.timezone
    zone = said or plan.dialect.clock
    if zone is None:
        return _clock_of_market(plan, market, label, name)
    verdict = market.clock(zone, label)
    if verdict.is_consistent:
        return Finding(zone, SUPPORTED, f"{verdict.evidence}, as it is in {zone}")
    if verdict.offset_minutes is not None:
        claim = f"not the {zone} you said" if said else f"not {plan.dialect.vendor}'s usual {zone}"
        raise InputError(f"In {name} {verdict.evidence}: {_likely(verdict, claim)}")
    if said is None and plan.dialect.needs_market:
        raise _ask(name, verdict)
    who = "you said so" if said else f"{plan.dialect.vendor} writes it so"
    return Finding(zone, ASSUMED, f"{who}; {verdict.evidence}")


def settle_label(plan: Plan, hints: Hints, market: Market, zone: str, name: str) -> Finding:
    """Whether bars carry their start or end; raises InputError where the market contradicts."""
    if plan.dialect.kind == "ticks":
        return Finding("start", CERTAIN, "ticks are put into bars by their own time")
    if market.step_seconds >= DAY_SECONDS:
        return Finding("start", ASSUMED, "bars of whole days carry their date")
    verdict = judge_label(market.profile, zone, market.step_seconds / 60)
    claimed = hints.label or plan.dialect.label
    if verdict.label and claimed and verdict.label != claimed:
        who = "you said" if hints.label else f"{plan.dialect.vendor} usually does"
        raise InputError(
            f"Bars in {name} are labelled by their {verdict.label}, not by their {claimed} as "
            f"{who} ({verdict.evidence}): say --label {verdict.label}."
        )
    if verdict.label:
        return Finding(verdict.label, SUPPORTED, verdict.evidence)
    who = "you said so" if hints.label else f"{plan.dialect.vendor} writes it so"
    return Finding(
        claimed or "start",
        ASSUMED,
        f"{who if claimed else 'the usual label'}; {verdict.evidence}",
    )


def _own_clock(plan: Plan, hints: Hints, market: Market, name: str) -> Finding:
    """The clock of a file that says it; the user may correct it where the market agrees."""
    zone = plan.form.zone or "UTC"
    label = hints.label or plan.dialect.label
    verdict = market.clock(zone, label)
    contradicted = verdict.offset_minutes is not None and not verdict.is_consistent
    said = hints.timezone
    if contradicted and said and said != zone and market.clock(said, label).is_consistent:
        return Finding(said, SUPPORTED, f"the file claims {zone}, but {verdict.evidence}")
    if contradicted:
        claim = f"not {zone} as the file claims"
        raise InputError(f"In {name} {verdict.evidence}: {_likely(verdict, claim)}")
    if said and said != zone and not (market.offsets and keeps_offsets(said, market.offsets)):
        agrees = ", and the market agrees" if verdict.is_consistent else ""
        raise InputError(
            f"The times in {name} say themselves that they are {zone} ({plan.form.about})"
            f"{agrees}, not {said}: say --timezone {zone}, or leave it out."
        )
    told = f"the file says so ({plan.form.about})"
    return Finding(zone, CERTAIN, f"{told}; {verdict.evidence}")


def _clock_of_market(plan: Plan, market: Market, label: str | None, name: str) -> Finding:
    verdict = market.clock("UTC", label)
    likely = verdict.likely_zone
    if plan.dialect.trusts_market and likely is not None:
        return Finding(likely, SUPPORTED, f"{verdict.evidence}, as it is in {likely}")
    raise _ask(name, verdict)


def _ask(name: str, verdict: ClockVerdict) -> InputError:
    if verdict.offset_minutes is None:
        return InputError(
            f"The times in {name} name no time zone, and {verdict.evidence}: say it with "
            "--timezone, such as --timezone America/New_York."
        )
    return InputError(
        f"The times in {name} name no time zone; {verdict.evidence}: {_likely(verdict, '')}"
    )


def _likely(verdict: ClockVerdict, claim: str) -> str:
    apart = f", {claim}" if claim else ""
    if verdict.likely_zone is None:
        return (
            f"it is of no zone known here{apart}; export it in UTC, or in the exchange's own time."
        )
    return f"it is {verdict.likely_zone}{apart}; say --timezone {verdict.likely_zone}."


def _refuse_timeframe(name: str, seen: Timeframe, why: str, said: Timeframe) -> None:
    raise InputError(
        f"{name} holds {seen.name} bars, not {said.name} ({why}): say --timeframe {seen.name}."
    )
