"""One streaming pass over a file: what must be known of all rows before any is used."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from mlplatform.adapters.bars.formats.plan import PRICES, Plan, canonical
from mlplatform.adapters.bars.formats.rows import RawTable
from mlplatform.domain.errors import InputError
from mlplatform.market.clock import ZONES
from mlplatform.market.clock_activity import ActivityProfile, split_zone

BATCH_ROWS = 500_000


@dataclass
class Survey:
    """What a pass over one file found."""

    plan: Plan
    rows: int = 0
    last_row: int = -1
    """Greatest row number; more than `rows` - 1 where some rows are no trades."""
    unread_times: int = 0
    unread_prices: int = 0
    first: tuple[datetime, int] | None = None
    """Earliest time as written (or UTC, where the file says so), and its row."""
    last: tuple[datetime, int] | None = None
    """Latest time, and its row."""
    opening: datetime | None = None
    """Time of the first row that has one."""
    roots: set[str] = field(default_factory=set)
    contracts: set[str] = field(default_factory=set)
    steps: Counter[int] = field(default_factory=Counter)
    """Seconds from one bar of a contract to its next, and how often."""
    offsets: dict[int, set[int]] = field(default_factory=dict)
    """Minutes ahead of UTC that rows name, and the days (since 1970) on which they do."""

    def add(self, frame: pl.DataFrame, offsets: pl.Series | None, profile: ActivityProfile) -> None:
        """Count one batch in canonical form."""
        wall = frame["wall"]
        self.rows += frame.height
        if frame.height:
            self.last_row = max(self.last_row, frame["row"].item(-1))
        self.unread_times += wall.null_count()
        self.roots.update(frame["root"].unique().to_list())
        self.contracts.update(frame["contract"].unique().to_list())
        self._extremes(frame)
        if offsets is not None:
            days = wall.dt.epoch("d").cast(pl.Int64)
            pairs = pl.DataFrame({"offset": offsets, "day": days}).drop_nulls().unique()
            for offset, found in pairs.group_by("offset").agg("day").iter_rows():
                self.offsets.setdefault(offset, set()).update(found)
        if self.plan.dialect.kind == "ticks":
            self.unread_prices += frame["price"].null_count()
            minutes = frame.filter(pl.col("wall").is_not_null()).group_by(
                pl.col("wall").dt.truncate("1m")
            )
            busy = minutes.agg(
                high=pl.col("price").max(), low=pl.col("price").min(), volume=pl.col("size").sum()
            )
            profile.add(busy["wall"], busy)
        else:
            self.unread_prices += max(frame[name].null_count() for name in PRICES)
            self._count_steps(frame)
            profile.add(wall, frame)

    def _extremes(self, frame: pl.DataFrame) -> None:
        low, high = frame["wall"].arg_min(), frame["wall"].arg_max()
        if low is None or high is None:
            return
        rows, wall = frame["row"], frame["wall"]
        if self.first is None or wall[low] < self.first[0]:
            self.first = (wall[low], rows[low])
        if self.last is None or wall[high] > self.last[0]:
            self.last = (wall[high], rows[high])
        if self.opening is None:
            self.opening = wall.drop_nulls()[0]

    def _count_steps(self, frame: pl.DataFrame) -> None:
        step = pl.col("wall").diff()
        if len(frame["contract"].unique()) > 1:
            step = step.over("contract")
        seconds = frame.select(step.dt.total_seconds().alias("step")).to_series()
        counted = seconds.filter(seconds > 0).value_counts()
        for value, count in counted.iter_rows():
            self.steps[value] += count


def survey_table(table: RawTable, plan: Plan, profile: ActivityProfile) -> Survey:
    """Read a file once, batch by batch; raises InputError where it is of no use as a whole."""
    survey = Survey(plan)
    for batch in table.batches(BATCH_ROWS):
        frame, offsets = canonical(batch, plan)
        survey.add(frame, offsets, profile)
    if survey.rows and survey.unread_times > survey.rows / 2:
        raise InputError(
            f"More than half of the times in {table.name} cannot be read as {plan.form.about}: "
            "write them all in one form, such as 2025-06-02T13:30:00Z."
        )
    if survey.rows and survey.unread_prices > survey.rows / 2:
        raise InputError(
            f"More than half of the prices in {table.name} cannot be read: write numbers such as "
            "5432.25."
        )
    check_offsets(survey.offsets, table.name)
    return survey


def check_offsets(offsets: dict[int, set[int]], name: str) -> None:
    """Refuse rows whose offsets to UTC are not those of one zone; raises InputError."""
    if len(offsets) < 2:
        return
    if not any(keeps_offsets(zone, offsets) for zone in ZONES):
        listed = " and ".join(_signed(minutes) for minutes in sorted(offsets))
        raise InputError(
            f"{name} mixes time zones: its rows are {listed} from UTC, which no one zone is. "
            "Export it with one clock."
        )


def keeps_offsets(zone: str, offsets: Mapping[int, set[int]]) -> bool:
    """Whether a zone has those offsets on those days; the days around a change count as either."""
    name, ahead = split_zone(zone)
    for minutes, days in offsets.items():
        for day in days:
            noon = datetime(1970, 1, 1, 12, tzinfo=UTC) + timedelta(days=day)
            near = {
                (noon + timedelta(days=off)).astimezone(ZoneInfo(name)).utcoffset()
                for off in (-1, 0, 1)
            }
            if timedelta(minutes=minutes - ahead) not in near:
                return False
    return True


def _signed(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}:{rest:02d}"
