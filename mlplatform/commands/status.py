"""`mlplatform status`: how a home stands, for people, programs and Prometheus."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

from mlplatform.commands.exposition import exposition
from mlplatform.domain.errors import InputError
from mlplatform.orchestration.build import build_platform
from mlplatform.orchestration.standing import RunStanding, SeriesStanding, Standing, standing_of
from mlplatform.settings import SETTINGS_FILE, load_settings

Form = Literal["table", "json", "prometheus"]


def status(home_root: Path, form: Form, console: Console) -> None:
    """Print how the home stands; raises InputError where there is none."""
    show(look(home_root), form, console)


def show(told: Standing, form: Form, console: Console) -> None:
    """Print it for people, for programs or for Prometheus."""
    if form == "json":
        console.print_json(json.dumps(asdict(told), default=str))
    elif form == "prometheus":
        console.out(exposition(told), end="", highlight=False)
    else:
        console.print(_series(told))
        console.print(_runs(told))
        for line in _failures(told):
            console.print(line, soft_wrap=True, highlight=False)
        for line in _automation(told):
            console.print(line, soft_wrap=True, highlight=False)


def look(home_root: Path) -> Standing:
    """How the home stands now."""
    if not (home_root / SETTINGS_FILE).is_file():
        raise InputError(f"{home_root} is no home yet: run `mlplatform run` first.")
    return standing_of(build_platform(home_root, load_settings(home_root)))


def look_if_there(home_root: Path) -> Standing:
    """How the home stands now; of one that is to come that it holds nothing."""
    if (home_root / SETTINGS_FILE).is_file():
        return look(home_root)
    return Standing(datetime.now(UTC), (), (), 0)


def _series(told: Standing) -> Table:
    table = Table(title="Series", title_justify="left")
    for heading in ("Series", "Champion", "Newest bar", "Age", "Drifted inputs", "Pending"):
        table.add_column(heading)
    for one in told.series:
        table.add_row(
            one.series,
            _champion(one),
            f"{one.data_to:%Y-%m-%d %H:%M} UTC" if one.data_to else "none",
            age(told.at - one.data_to) if one.data_to else "",
            "" if one.drifted_frac is None else f"{one.drifted_frac:.0%}".replace("%", " %"),
            one.trouble or (f"{one.pending} partitions" if one.pending else "nothing"),
        )
    return table


def _failures(told: Standing) -> Iterator[str]:
    """How many runs failed of late, and the newest of them."""
    count = "No run" if not told.failed else f"{told.failed} run{'s' * (told.failed > 1)}"
    yield f"{count} failed within seven days{':' if told.failures else '.'}"
    for run in told.failures:
        what = " ".join(part for part in (run.job, run.partition) if part)
        yield f"  {_started(run.started)}  {what} (the Dagster UI says why, under Runs)"


def _automation(told: Standing) -> Iterator[str]:
    """What works by itself, and what does not."""
    on = [one.name for one in told.automation if one.is_on]
    off = [one.name for one in told.automation if not one.is_on]
    if told.automation:
        yield f"Automation on:  {', '.join(on) or 'nothing'}"
    if off:
        yield f"Automation off: {', '.join(off)} (start them in the Dagster UI, under Automation)"


def _champion(one: SeriesStanding) -> str:
    if one.champion_version is None:
        return "none"
    return f"version {one.champion_version}, window {one.champion_period}"


def _runs(told: Standing) -> Table:
    table = Table(title="Newest runs", title_justify="left")
    for heading in ("Started", "Job", "Partition", "Ended", "Took"):
        table.add_column(heading)
    for run in told.runs:
        table.add_row(_started(run.started), run.job, run.partition, run.status, _took(run))
    return table


def _started(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "not yet"


def _took(run: RunStanding) -> str:
    return "" if run.seconds is None else f"{run.seconds:.1f} s"


def age(span: timedelta) -> str:
    """A span in its largest whole unit, such as `3 days`."""
    minutes = int(span.total_seconds() // 60)
    for unit, length in (("day", 1440), ("hour", 60), ("minute", 1)):
        if minutes >= length:
            count = minutes // length
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "under a minute"
