"""How a file writes its times, and those times as Polars datetimes."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from mlplatform.domain.errors import InputError

Kind = Literal["epoch", "naive", "offset", "named", "milliseconds of the day"]

_OFFSET = r"(?:Z|(?:GMT|UTC)?[+-]\d\d(?::?\d\d)?|GMT|UTC)"
_TAIL = rf":\d\d(?:\.\d+)?\s*({_OFFSET})$"
_NAMED = r"\d\s+([A-Z][A-Za-z_]+(?:/[A-Za-z_]+)+|E[SD]T|C[SD]T)$"
_US_ABBREVIATIONS = {
    "EST": "America/New_York", "EDT": "America/New_York",
    "CST": "America/Chicago", "CDT": "America/Chicago",
}  # fmt: skip
_DATES = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y",
    "%m-%d-%Y", "%d-%m-%Y", "%m/%d/%y", "%d-%b-%Y",
)  # fmt: skip
_HOURS = (
    " %H:%M:%S", "T%H:%M:%S", " %H:%M", "T%H:%M", " %H%M%S", " %H:%M:%S%.f", "T%H:%M:%S%.f",
    "  %H:%M:%S", "-%H:%M:%S", " %H%M", " %I:%M:%S %p", " %I:%M %p", "%H%M%S", "",
    " %H%M%S %f",
)  # fmt: skip
_FORMATS = tuple(day + hour for hour in _HOURS for day in _DATES)
_EPOCHS: tuple[tuple[float, int, str], ...] = (
    (4.2e9, 1_000_000, "epoch seconds"),
    (4.2e12, 1_000, "epoch milliseconds"),
    (4.2e15, 1, "epoch microseconds"),
    (4.2e18, -1_000, "epoch nanoseconds"),
)
_FIRST_EPOCH_S = 6e8


@dataclass(frozen=True)
class TimeForm:
    """How times are written: in which columns (joined by a blank), and by which rule."""

    columns: tuple[str, ...]
    kind: Kind
    format: str = ""
    """Format of the text without its zone; empty for numbers and typed columns."""
    scale: int = 1
    """Epoch units: microseconds in one, negative where one is a fraction of a microsecond."""
    zone: str = ""
    """The zone that the file names with each time."""
    day: date | None = None
    """The day of times that count from midnight."""
    about: str = ""
    """In words."""

    @property
    def says_zone(self) -> bool:
        """Whether the file itself says where its times stand."""
        return self.kind in ("epoch", "offset", "named")


@dataclass(frozen=True)
class Times:
    """Times of a batch: `wall` (no zone): UTC where epoch or offset, else as written.

    `offsets` are the minutes ahead of UTC that the rows name, where they do.
    """

    wall: pl.Series
    offsets: pl.Series | None = None


def recognise_times(batch: pl.DataFrame, columns: tuple[str, ...], name: str) -> TimeForm:
    """The form of the times in these columns; raises InputError that shows one of them."""
    dtype = batch[columns[0]].dtype
    if isinstance(dtype, pl.Datetime):
        kind: Kind = "offset" if dtype.time_zone else "naive"
        return TimeForm(columns, kind, about=f"typed, {dtype.time_zone or 'without zone'}")
    if dtype == pl.Date:
        return TimeForm(columns, "naive", about="typed dates")
    text = _text(batch, columns).drop_nulls()
    text = text.filter(text != "")
    if text.is_empty():
        raise InputError(f"{name} has no times in column {'+'.join(columns)}: check the file.")
    if len(columns) == 1 and (form := _epoch(text, columns)):
        return form
    first = text[0]
    if re.search(_NAMED, first):
        return _named(text, columns, name)
    if re.search(_TAIL, first):
        bare = _strip(text, _TAIL)
        return TimeForm(columns, "offset", _format(bare, text, name), about=f"such as {first}")
    return TimeForm(columns, "naive", _format(text, text, name), about=f"such as {first}")


def read_times(batch: pl.DataFrame, form: TimeForm, name: str) -> Times:
    """The times of a batch; null where a cell cannot be read. Raises InputError: mixed zones."""
    column = batch[form.columns[0]]
    if form.kind == "milliseconds of the day":
        base = pl.Series([form.day]).cast(pl.Datetime("us"))[0]
        return Times(base + _number(column).cast(pl.Int64).cast(pl.Duration("ms")))
    if form.kind == "epoch":
        return Times(_from_epoch(column, form.scale))
    if not form.format:
        wall = column
        if isinstance(wall.dtype, pl.Datetime) and wall.dtype.time_zone:
            wall = wall.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return Times(wall.cast(pl.Datetime("us")))
    text = _text(batch, form.columns)
    if form.kind == "offset":
        return _with_offsets(text, form, batch, name)
    if form.kind == "named":
        return _with_name(text, form, batch, name)
    wall = _parse(text, form.format)
    if wall.null_count() > text.null_count():
        _refuse_mixed(text.filter(wall.is_null()), batch.filter(wall.is_null()), name)
    return Times(wall)


def zone_of(text: str) -> str:
    """The IANA name that a file's zone stands for; raises InputError where there is none."""
    zone = _US_ABBREVIATIONS.get(text, text)
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError(
            f"Unknown time zone '{text}': use a name such as America/New_York."
        ) from None
    return zone


def _text(batch: pl.DataFrame, columns: tuple[str, ...]) -> pl.Series:
    if len(columns) == 1:
        return batch[columns[0]].cast(pl.String)
    return batch.select(pl.concat_str(pl.col(columns), separator=" ")).to_series()


def _number(column: pl.Series) -> pl.Series:
    return column.cast(pl.Float64, strict=False)


def _epoch(text: pl.Series, columns: tuple[str, ...]) -> TimeForm | None:
    if not text.head(1000).str.contains(r"^\d{9,19}(\.\d*)?$").all():
        return None
    typical = float(text.head(1000).cast(pl.Float64).median() or 0.0)  # type: ignore[arg-type]
    for limit, scale, about in _EPOCHS:
        if _FIRST_EPOCH_S / 4.2e9 * limit <= typical < limit:
            return TimeForm(columns, "epoch", scale=scale, about=about)
    return None


def _from_epoch(column: pl.Series, scale: int) -> pl.Series:
    whole = column.cast(pl.Int64, strict=False)
    if whole.null_count() > column.null_count():  # 1717334400.0
        fraction = _number(column) * scale if scale > 0 else _number(column) / -scale
        return fraction.cast(pl.Int64, strict=False).cast(pl.Datetime("us"))
    micros = whole * scale if scale > 0 else whole // -scale
    return micros.cast(pl.Datetime("us"))


def _format(bare: pl.Series, text: pl.Series, name: str) -> str:
    """The first format that reads all times; else the one that reads most of the first ones."""
    head = bare.head(200)
    fits = {form: _parse(head, form).null_count() for form in _FORMATS}
    best = min(fits.values())
    if best > head.len() / 2:
        unread = _parse(head, min(fits, key=lambda form: fits[form])).is_null()
        raise InputError(
            f"Cannot read the times in {name} (such as '{text.head(200).filter(unread)[0]}'): "
            "write them like "
            "2025-06-02T13:30:00Z."
        )
    candidates = [form for form in _FORMATS if fits[form] == best]
    if len(candidates) == 1:
        return candidates[0]
    # Day and month can only be told apart by a day after the 12th, maybe far down the file.
    nulls = {form: _parse(bare, form).null_count() for form in candidates}
    return min(candidates, key=lambda form: nulls[form])


def _parse(text: pl.Series, form: str) -> pl.Series:
    if form.endswith("%H%M%S %f"):  # NinjaTrader's ticks: seven digits of a second
        head = text.str.slice(0, 15)
        fraction = text.str.slice(16).cast(pl.Int64, strict=False) // 10
        whole = head.str.to_datetime(form.removesuffix(" %f"), time_unit="us", strict=False)
        return whole + fraction.cast(pl.Duration("us"))
    if "%H" not in form and "%I" not in form:
        return text.str.to_date(form, strict=False).cast(pl.Datetime("us"))
    return text.str.to_datetime(form, time_unit="us", strict=False)


def _strip(text: pl.Series, pattern: str) -> pl.Series:
    """The texts without what the pattern's group finds at their end."""
    tail = pl.col("text").str.extract(pattern, 1).fill_null("")
    bare = pl.col("text").str.strip_suffix(tail).str.strip_chars()
    return text.to_frame("text").select(bare).to_series()


def _with_offsets(text: pl.Series, form: TimeForm, batch: pl.DataFrame, name: str) -> Times:
    tail = _common_tail(text)
    if tail is not None:
        wall = _parse(text.str.strip_suffix(tail).str.strip_chars(), form.format)
        minutes = pl.repeat(_minutes(tail), len(text), dtype=pl.Int64, eager=True)
    else:
        found = text.str.extract(_TAIL, 1)
        if (found.is_null() & text.is_not_null()).any():
            _refuse_naive(text, found, form, batch, name)
        known = {zone: _minutes(zone) for zone in found.unique().drop_nulls()}
        minutes = found.replace_strict(known, default=None, return_dtype=pl.Int64)
        wall = _parse(_strip(text, _TAIL), form.format)
    return Times(wall - (minutes * 60_000_000).cast(pl.Duration("us")), minutes)


def _common_tail(text: pl.Series) -> str | None:
    """The offset that all texts end with, if they do."""
    match = re.search(_TAIL, text[0] or "") if len(text) else None
    if match is None or not text.str.ends_with(match[1]).all():
        return None
    return match[1]


def _minutes(zone: str) -> int:
    digits = re.sub(r"[^0-9]", "", zone)
    if not digits:
        return 0
    size = int(digits[:2]) * 60 + int(digits[2:] or 0)
    return -size if "-" in zone else size


def _refuse_naive(
    text: pl.Series, found: pl.Series, form: TimeForm, batch: pl.DataFrame, name: str
) -> None:
    """A readable time without zone among times with one is an error; other cells are null."""
    bare = found.is_null() & _parse(text, form.format).is_not_null()
    if bare.any():
        row = batch["row"].filter(bare)[0]
        raise InputError(
            f"{name} mixes time zones: row {row} ('{text.filter(bare)[0]}') names none, others do. "
            "Export it with one clock."
        )


def _refuse_mixed(text: pl.Series, batch: pl.DataFrame, name: str) -> None:
    """A time with a zone among times without is an error; other unreadable cells are null."""
    zoned = (text.str.contains(_TAIL) | text.str.contains(_NAMED)).fill_null(False)
    if zoned.any():
        row = batch["row"].filter(zoned)[0]
        raise InputError(
            f"{name} mixes time zones: row {row} ('{text.filter(zoned)[0]}') names one, others "
            "none. Export it with one clock."
        )


def _named(text: pl.Series, columns: tuple[str, ...], name: str) -> TimeForm:
    zone = zone_of(str(text.str.extract(_NAMED, 1)[0]))
    bare = text.str.replace(r"\s+[A-Za-z_/]+$", "")
    return TimeForm(
        columns, "named", _format(bare, text, name), zone=zone, about=f"such as {text[0]}"
    )


def _with_name(text: pl.Series, form: TimeForm, batch: pl.DataFrame, name: str) -> Times:
    found = text.str.extract(_NAMED, 1)
    zones = {zone_of(zone) for zone in found.unique().drop_nulls()}
    bare = text.str.replace(r"\s+[A-Za-z_/]+$", "")
    wall = _parse(bare, form.format)
    nameless = found.is_null() & wall.is_not_null()
    if zones - {form.zone} or nameless.any():
        odd = nameless | (
            found.replace_strict(
                {z: zone_of(z) != form.zone for z in found.unique().drop_nulls()}, default=False
            )
        )
        raise InputError(
            f"{name} mixes time zones: row {batch['row'].filter(odd)[0]} "
            f"('{text.filter(odd)[0]}') is not in {form.zone}. Export it with one clock."
        )
    return Times(wall)


def to_utc(wall: pl.Series, zone: str, minutes_ahead: int = 0) -> pl.Series:
    """Wall times of a zone (plus minutes) in UTC; null where a clock change makes it ambiguous.

    No market hour of the CME is: clocks change on Sundays at night.
    """
    shifted = wall - timedelta(minutes=minutes_ahead)
    local = shifted.dt.replace_time_zone(zone, ambiguous="null", non_existent="null")
    return local.dt.convert_time_zone("UTC")


def midnight(day: str) -> date:
    """The day of "20250602"."""
    return datetime.strptime(day, "%Y%m%d").date()  # noqa: DTZ007
