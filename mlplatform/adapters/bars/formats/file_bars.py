"""A file, a zip or a folder of bars or trades: understood first, then read as table `raw_bars`."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from mlplatform.adapters.bars.formats.containers import Limits, Member, members
from mlplatform.adapters.bars.formats.contracts import check_roots
from mlplatform.adapters.bars.formats.plan import canonical, plan_of
from mlplatform.adapters.bars.formats.rows import read_table
from mlplatform.adapters.bars.formats.settle import (
    Hints,
    Market,
    settle_clock,
    settle_label,
    settle_timeframe,
)
from mlplatform.adapters.bars.formats.survey import Survey, check_offsets, survey_table
from mlplatform.adapters.bars.formats.ticks import aggregate_ticks
from mlplatform.adapters.bars.formats.times import to_utc
from mlplatform.adapters.bars.formats.understanding import Part, Understanding
from mlplatform.domain.errors import InputError
from mlplatform.domain.tables import RAW_BARS
from mlplatform.market.clock_activity import ActivityProfile, split_zone

BATCH_ROWS = 500_000
FIRST_DAY = datetime(1990, 1, 1, tzinfo=UTC)
_SOURCE_DIGITS = 16


class FileBars:
    """Bars of one file; `understanding` is made on construction, which raises InputError."""

    def __init__(
        self,
        path: Path,
        hints: Hints,
        now: datetime,
        limits: Limits | None = None,
        root: Path | None = None,
    ) -> None:
        self.path = path
        self._limits, self._root = limits, root
        self.understanding = understand(path, hints, now, limits, root)

    def batches(self, size: int = BATCH_ROWS) -> Iterator[pl.DataFrame]:
        """The file's bars in its order, of about `size` rows of the file each."""
        return read_batches(self.path, self.understanding, size, self._limits, self._root)


def understand(
    path: Path,
    hints: Hints,
    now: datetime,
    limits: Limits | None = None,
    root: Path | None = None,
) -> Understanding:
    """What a file, zip or folder holds, by one streaming pass over all of it.

    Raises InputError, one sentence that says what to do, where it cannot be read, is not of
    `hints.instrument`, contradicts a hint, or is contradicted by the market itself.
    """
    profile = ActivityProfile()
    surveys: dict[str, tuple[Member, Survey]] = {}
    for member in members(path, limits or Limits(), root):
        table = read_table(member)
        plan = plan_of(table)
        if plan is None:
            raise InputError(f"{member.name} holds no rows: give a file of bars.")
        surveys[member.where] = (member, survey_table(table, plan, profile))
    if not surveys:
        raise InputError(f"{path.name} holds no files: give a file of bars.")
    found = [survey for _, survey in surveys.values()]
    name = path.name
    _check_alike(found, name)
    check_roots(set().union(*(survey.roots for survey in found)), hints.instrument, name)
    return _settle(path, hints, now, profile, list(surveys.values()))


def read_batches(
    path: Path,
    understanding: Understanding,
    size: int = BATCH_ROWS,
    limits: Limits | None = None,
    root: Path | None = None,
) -> Iterator[pl.DataFrame]:
    """Frames of table `raw_bars` in file order: `ts` UTC start of the bar, nothing repaired.

    A cell that cannot be read is null. Raises InputError where the file changed meanwhile.
    """
    found = {member.where: member for member in members(path, limits or Limits(), root)}
    for part in understanding.parts:
        member = found.get(part.where)
        if member is None:
            raise InputError(f"{part.name} is gone from {path.name}: give the file again.")
        frames = _frames(member, part, understanding, size)
        if understanding.kind == "ticks":
            frames = aggregate_ticks(frames, understanding.timeframe)
        for frame in frames:
            yield RAW_BARS.frame(frame.with_columns(source=pl.lit(part.source)))


def _frames(
    member: Member, part: Part, understanding: Understanding, size: int
) -> Iterator[pl.DataFrame]:
    zone, ahead = split_zone(understanding.clock_finding.value)
    is_end = understanding.label.value == "end"
    back = understanding.timeframe.delta if is_end else timedelta(0)
    for batch in read_table(member).batches(size):
        frame, _ = canonical(batch, part.plan)
        yield frame.with_columns(
            to_utc(frame["wall"], zone, ahead).alias("ts") - back,
            row=pl.col("row") + part.first_row,
        )


def _file_of(member: Member, path: Path) -> Path:
    """The file that a member lies in: `path`, or one of the folder that `path` is."""
    if not path.is_dir():
        return path
    files = sorted(path.iterdir(), key=lambda file: len(file.name), reverse=True)
    exact = (file for file in files if member.where == str(file))
    inside = (file for file in files if member.where.startswith(f"{file} ("))
    return next(exact, None) or next(inside)


def _check_alike(surveys: list[Survey], name: str) -> None:
    """Refuse a zip or folder whose files are not of one kind; raises InputError."""
    first = surveys[0].plan
    for survey in surveys[1:]:
        plan = survey.plan
        if plan.columns != first.columns or plan.dialect.vendor != first.dialect.vendor:
            raise InputError(
                f"{plan.name} and {first.name} have different columns: give them one by one."
            )
        if (plan.form.kind, plan.form.zone) != (first.form.kind, first.form.zone):
            raise InputError(
                f"{plan.name} and {first.name} write their times differently: give them one by one."
            )
    for survey in surveys:
        if survey.first is None:
            raise InputError(f"{survey.plan.name} holds no times: give a file of bars.")
    _check_steps(surveys)
    merged: dict[int, set[int]] = {}
    for survey in surveys:
        for offset, days in survey.offsets.items():
            merged.setdefault(offset, set()).update(days)
    check_offsets(merged, name)


def _check_steps(surveys: list[Survey]) -> None:
    """Each file's commonest step must be that of the first one with enough bars."""
    seen: tuple[int, str] | None = None
    for survey in surveys:
        total = sum(survey.steps.values())
        if not total:
            continue
        step, count = survey.steps.most_common(1)[0]
        if count < total / 2:  # an illiquid contract: what is commonest is chance
            continue
        if seen and step != seen[0]:
            raise InputError(
                f"{survey.plan.name} has bars of {step} seconds, {seen[1]} of {seen[0]}: give "
                "them one by one."
            )
        seen = seen or (step, survey.plan.name)


def _settle(
    path: Path,
    hints: Hints,
    now: datetime,
    profile: ActivityProfile,
    found: list[tuple[Member, Survey]],
) -> Understanding:
    name, plan = path.name, found[0][1].plan
    surveys = [survey for _, survey in found]
    steps: Counter[int] = sum((survey.steps for survey in surveys), Counter())
    timeframe, timeframe_finding = settle_timeframe(steps, plan, hints, name)
    offsets: dict[int, set[int]] = {}
    for survey in surveys:
        for minutes, days in survey.offsets.items():
            offsets.setdefault(minutes, set()).update(days)
    step = 60 if plan.dialect.kind == "ticks" else timeframe.seconds
    market = Market(profile, step, offsets)
    clock = settle_clock(plan, hints, market, name)
    label = settle_label(plan, hints, market, clock.value, name)
    back = timeframe.delta if label.value == "end" else timedelta(0)
    first, last = _span(surveys, clock.value, now)
    parts, sha256 = _parts(path, found)
    varied = any(offset != 0 for offset in offsets)
    return Understanding(
        path=path,
        vendor=plan.dialect.vendor,
        kind=plan.dialect.kind,
        columns={ours: "+".join(theirs) for ours, theirs in plan.columns.items()},
        clock="as written, with offset" if varied and clock.value == "UTC" else clock.value,
        clock_finding=clock,
        label=label,
        timeframe=timeframe,
        timeframe_finding=timeframe_finding,
        contracts=tuple(sorted(set().union(*(survey.contracts for survey in surveys)) - {""})),
        rows=sum(survey.rows for survey in surveys),
        first=first - back,
        last=last - back,
        sha256=sha256,
        parts=parts,
    )


def _span(surveys: list[Survey], clock: str, now: datetime) -> tuple[datetime, datetime]:
    """First and last time in UTC; raises InputError naming the row of one that cannot be."""
    zone, ahead = split_zone(clock)
    ends: list[datetime] = []
    for survey in surveys:
        assert survey.first is not None
        assert survey.last is not None
        walls = pl.Series([survey.first[0], survey.last[0]], dtype=pl.Datetime("us"))
        # An hour that a clock change makes impossible is told as if it were UTC: near enough.
        utc = to_utc(walls, zone, ahead).to_list()
        first, last = (u or w.replace(tzinfo=UTC) for u, w in zip(utc, walls, strict=True))
        if last > now + timedelta(days=1):
            raise InputError(
                f"{survey.plan.name} has a date in the future: row {survey.last[1]} is of "
                f"{last:%Y-%m-%d %H:%M}. Correct or remove it."
            )
        if first < FIRST_DAY:
            raise InputError(
                f"{survey.plan.name} has a date before 1990: row {survey.first[1]} is of "
                f"{first:%Y-%m-%d %H:%M}. Correct or remove it."
            )
        ends += [first, last]
    return min(ends), max(ends)


def _parts(path: Path, found: list[tuple[Member, Survey]]) -> tuple[tuple[Part, ...], str]:
    """The files in order of their first bar, rows numbered through each container; and the hash."""
    ordered = sorted(found, key=lambda pair: (pair[1].opening, pair[0].name))
    files = {member.where: _file_of(member, path) for member, _ in found}
    hashes = {file: _sha256(file) for file in set(files.values())}
    rows: Counter[Path] = Counter()
    parts = []
    for member, survey in ordered:
        file = files[member.where]
        parts.append(
            Part(
                name=member.name,
                where=member.where,
                plan=survey.plan,
                source=hashes[file][:_SOURCE_DIGITS],
                first_row=rows[file],
                rows=survey.rows,
                opening=survey.opening,
            )
        )
        rows[file] += survey.last_row + 1
    if not path.is_dir():
        return tuple(parts), hashes[path]
    listed = "\n".join(f"{file.name} {digest}" for file, digest in sorted(hashes.items()))
    return tuple(parts), hashlib.sha256(listed.encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
