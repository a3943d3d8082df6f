"""`mlplatform report compare`: two studies side by side, on the console and as a page."""

import json
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console

from mlplatform.adapters.home import Home, write_text
from mlplatform.decisions.exits import STRATEGY
from mlplatform.domain.errors import InputError
from mlplatform.domain.periods import Cadence, PeriodAxis
from mlplatform.domain.tables import TRADES
from mlplatform.market.periods import trading_day
from mlplatform.market.sessions import session_calendar
from mlplatform.orchestration.desks.champions import Shelf
from mlplatform.reports.comparison_json import comparison_json
from mlplatform.reports.comparison_page import basis, comparison_html
from mlplatform.reports.comparison_rows import comparison_tables, shared_line
from mlplatform.settings import SETTINGS_FILE
from mlplatform.studies.backtest import POLICIES
from mlplatform.studies.comparison.comparing import compare
from mlplatform.studies.comparison.value import Comparison, Contender

CHAMPION = "champion"
_TRADED = (*POLICIES, STRATEGY)
_NAMED = (*_TRADED, CHAMPION)
_NEEDED = ("series", "cadence", "windows", "source", "settings")
_EXAMPLE = "give a series of the home, another home, or a report folder"


@dataclass(frozen=True)
class Outcome:
    """Where a comparison is told: files in `folder` (B's report folder where None)."""

    folder: Path | None = None
    as_json: bool = False
    seed: int = 7


def compare_reports(home_root: Path, a: str, b: str, told: Outcome, console: Console) -> None:
    """Print B against A and write `comparison.html` and `comparison.json`.

    Each side is `PLACE` or `PLACE@POLICY`: a series of the home, a home, or a report folder, and
    ml (the default), baseline, strategy, random_entry or champion. Raises InputError.
    """
    sides = [_named(home_root, spec) for spec in (a, b)]
    if sides[0] == sides[1]:
        raise InputError(f"{a} and {b} are the same study: name two, or two policies of one.")
    contenders = [_contender(folder, policy) for folder, policy in sides]
    found = _compared(*_told_apart(contenders, [a, b]), told.seed)
    text = json.dumps(comparison_json(found), indent=1) + "\n"
    folder = (told.folder or sides[1][0]).expanduser().absolute()
    _write(folder, {"comparison.html": comparison_html(found), "comparison.json": text})
    if told.as_json:
        print(text, end="")  # noqa: T201 - for programs: no colours
        return
    _print(found, folder, console)


def _print(found: Comparison, folder: Path, console: Console) -> None:
    span = f"{found.days[0]} to {found.days[-1]}"
    console.print(f"A: {found.a.label}", f"B: {found.b.label}", sep="\n", soft_wrap=True)
    console.print(found.sentence, style="bold", soft_wrap=True)
    console.print(f"{basis(found)} ({span})", soft_wrap=True, highlight=False)
    for note in found.notes:
        console.print(note, style="yellow", soft_wrap=True)
    for table in comparison_tables(found):
        console.print(table)
    console.print(shared_line(found), soft_wrap=True, highlight=False)
    console.print(f"Page      {folder / 'comparison.html'}", soft_wrap=True)
    console.print(f"Figures   {folder / 'comparison.json'}", soft_wrap=True)


def _write(folder: Path, texts: dict[str, str]) -> None:
    try:
        for name, text in texts.items():
            write_text(folder / name, text)
    except OSError as error:
        reason = (error.strerror or "not possible").lower()
        raise InputError(f"Cannot write to {folder} ({reason}): give a writable --out.") from None


def _compared(a: Contender, b: Contender, seed: int) -> Comparison:
    try:
        return compare(a, b, seed)
    except ValueError as error:
        raise InputError(f"{a.label} and {b.label} cannot be compared: {error}.") from None


def _told_apart(found: list[Contender], specs: list[str]) -> list[Contender]:
    """Where both would be called the same, each is called what the user wrote."""
    if found[0].label != found[1].label:
        return found
    return [replace(side, label=spec) for side, spec in zip(found, specs, strict=True)]


def _named(home_root: Path, spec: str) -> tuple[Path, str]:
    """The report folder and the policy that a user named."""
    place, _, policy = spec.partition("@") if "@" in spec else (spec, "", "ml")
    if policy not in _NAMED:
        raise InputError(f"There is no policy {policy!r}: there are {', '.join(_NAMED)}.")
    path = Path(place).expanduser().absolute()
    if (path / "report.json").is_file():
        return path, policy
    if (path / SETTINGS_FILE).is_file():
        return _only_series(path), policy
    folder = Home(home_root).report(place)
    if (folder / "report.json").is_file():
        return folder, policy
    if path.is_dir():
        raise InputError(f"{place} holds no report.json and is no home: {_EXAMPLE}.")
    raise InputError(f"{place} is no folder, and {home_root} has no report of it: {_EXAMPLE}.")


def _only_series(root: Path) -> Path:
    held = sorted(path.parent for path in root.glob("reports/*/report.json"))
    if len(held) == 1:
        return held[0]
    if not held:
        raise InputError(f"{root} has no report: run `mlplatform run --home {root}` first.")
    names = ", ".join(f"{folder}" for folder in held)
    raise InputError(f"{root} has {len(held)} reports: name one of {names}.")


def _contender(folder: Path, policy: str) -> Contender:
    report = _report(folder)
    series = report["series"]
    if policy == CHAMPION:
        shelf = Shelf(Home(folder.parents[1]), series)
        champion = shelf.champion(shelf.current)
        if champion is None:
            raise InputError(f"{folder.parents[1]} keeps no champion's trades of {series}.")
        return champion
    trades = _trades(folder)
    mine = trades.filter(pl.col("policy") == policy).select(TRADES.names)
    if policy == STRATEGY and mine.is_empty():
        raise InputError(f"{folder} has no policy strategy: its study had no exits of its own.")
    return Contender(
        f"{series} {policy} ({_place(folder)})",
        series,
        policy,
        mine,
        _days(folder, report, mine),
        float(report["settings"]["capital_usd"]),
        report["settings"],
        str(report["source"].get("sha256", "")),
    )


def _place(folder: Path) -> str:
    """A home by its name where the folder is a home's, else the folder's own."""
    is_in_home = folder.parent.name == "reports"
    return folder.parents[1].name if is_in_home else folder.name


def _report(folder: Path) -> dict[str, Any]:
    try:
        report = json.loads((folder / "report.json").read_text())
        missing = [name for name in _NEEDED if name not in report]
        if not missing:
            float(report["settings"]["capital_usd"])
            return dict(report)
        what = f"it lacks {missing[0]}"
    except (ValueError, KeyError, TypeError):
        what = "it is not one that this platform wrote"
    raise InputError(f"{folder / 'report.json'} cannot be read: {what}.")


def _trades(folder: Path) -> pl.DataFrame:
    path = folder / "trades.parquet"
    if not path.is_file():
        raise InputError(f"{folder} has no trades.parquet beside its report.json.")
    try:
        trades = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError):
        raise InputError(f"{path} is no Parquet file.") from None
    if missing := [name for name in ("policy", *TRADES.names) if name not in trades.columns]:
        raise InputError(f"{path} lacks the column {missing[0]}.")
    return trades


def _days(folder: Path, report: dict[str, Any], trades: pl.DataFrame) -> tuple[date, ...]:
    """The trading days of the report's windows, within the time that its bars cover, and those
    that it traded on.
    """
    try:
        axis = PeriodAxis(Cadence(report["cadence"]), "")
        periods = [str(window["period"]) for window in report["windows"]]
        first, last = (datetime.fromisoformat(report["source"][key]) for key in ("from", "to"))
        spans = [(axis.start_of(key), axis.end_of(key)) for key in periods]
    except (ValueError, KeyError, TypeError, InputError):
        path = folder / "report.json"
        raise InputError(f"{path} cannot be read: its windows are not understood.") from None
    if not spans:
        raise InputError(f"{folder} is of a study without a window: there is nothing to compare.")
    days = set(trades.select(trading_day(pl.col("exit_ts"))).to_series())
    for start, end in spans:
        calendar = session_calendar(start, end - timedelta(days=1))
        held = calendar.filter(pl.col("session_end") > first, pl.col("session_start") <= last)
        days |= set(held["session_date"])
    return tuple(sorted(days))
