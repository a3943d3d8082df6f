"""Bars from a Parquet or CSV file."""

from pathlib import Path

import polars as pl

from mlplatform.domain.errors import InputError
from mlplatform.domain.tables import RAW_BARS

_NAMES = {
    "ts": ("ts", "timestamp", "datetime", "time", "date"),
    "open": ("open",),
    "high": ("high",),
    "low": ("low",),
    "close": ("close", "last"),
    "volume": ("volume", "vol"),
    "contract": ("contract", "symbol"),
}
_OPTIONAL = {"volume": pl.lit(None, pl.Float64), "contract": pl.lit("")}


class FileBars:
    """One file of bars; naive times need `timezone`, as a guess would move every session."""

    kind = "file"
    note = None

    def __init__(self, path: Path, timezone: str | None = None) -> None:
        self.path = path
        self.timezone = timezone

    def read(self) -> pl.DataFrame:
        """The file's rows as table `raw_bars`."""
        table = self._table()
        columns = {name.strip().lower(): name for name in reversed(table.columns)}
        chosen: dict[str, pl.Expr] = {}
        for name, aliases in _NAMES.items():
            found = next((columns[alias] for alias in aliases if alias in columns), None)
            if found is not None:
                chosen[name] = pl.col(found)
            elif name in _OPTIONAL:
                chosen[name] = _OPTIONAL[name]
        missing = [name for name in _NAMES if name not in chosen]
        if missing:
            raise InputError(
                f"{self.path} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)} "
                f"(it has {', '.join(table.columns) or 'none'}): rename its columns."
            )
        if table.is_empty():
            raise InputError(f"{self.path} holds no rows: give a file of bars.")
        frame = table.select(**chosen).with_row_index("row")
        return RAW_BARS.frame(
            frame.with_columns(
                self._utc(frame["ts"]),
                *(self._number(frame[name]) for name in ("open", "high", "low", "close", "volume")),
                contract=pl.col("contract").cast(pl.String).fill_null(""),
            )
        )

    def _table(self) -> pl.DataFrame:
        if not self.path.is_file():
            raise InputError(f"No file {self.path}: check the path given as --data.")
        try:
            if self.path.suffix == ".parquet":
                return pl.read_parquet(self.path, memory_map=False)
            return pl.read_csv(self.path, comment_prefix="#", infer_schema_length=10_000)
        except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
            reason = str(error).splitlines()[0]
            raise InputError(
                f"Cannot read {self.path} as {self.path.suffix or 'CSV'} ({reason}): "
                "give a Parquet or CSV file of bars."
            ) from None

    def _utc(self, ts: pl.Series) -> pl.Series:
        if ts.dtype == pl.String:
            ts = self._parse(ts)
        if not isinstance(ts.dtype, pl.Datetime):
            raise InputError(
                f"The times in {self.path} are of type {ts.dtype}: write them as dates with a "
                "time and a zone, such as 2025-06-02T13:30:00Z."
            )
        if ts.dtype.time_zone is not None:
            return ts.dt.convert_time_zone("UTC").dt.cast_time_unit("us")
        if self.timezone is None:
            raise InputError(
                f"The times in {self.path} name no time zone: say it with --timezone, such as "
                "--timezone America/New_York."
            )
        try:
            # The hour that a clock change makes ambiguous or impossible is no market hour.
            local = ts.dt.replace_time_zone(self.timezone, ambiguous="null", non_existent="null")
        except pl.exceptions.PolarsError:
            raise InputError(
                f"Unknown time zone '{self.timezone}': use a name such as America/New_York."
            ) from None
        return local.dt.convert_time_zone("UTC").dt.cast_time_unit("us")

    def _parse(self, ts: pl.Series) -> pl.Series:
        zoned = ts.drop_nulls().str.contains(r"(Z|[+-]\d\d:?\d\d)$").all()
        try:
            if zoned:
                return ts.str.to_datetime(time_unit="us", time_zone="UTC", strict=True)
            return ts.str.to_datetime(time_unit="us", strict=True)
        except pl.exceptions.PolarsError:
            raise InputError(
                f"Cannot read the times in {self.path} (such as '{ts[0]}'): write them like "
                "2025-06-02T13:30:00Z."
            ) from None

    def _number(self, column: pl.Series) -> pl.Series:
        try:
            return column.cast(pl.Float64)
        except pl.exceptions.PolarsError:
            raise InputError(
                f"Column {column.name} of {self.path} is not numeric: write numbers like 5432.25."
            ) from None
