"""`mlplatform ingest`: files into the home, each understood, said, and checked at the door."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from mlplatform.adapters.bars.intake import Intake, Looked, OpenFile
from mlplatform.adapters.bars.port import Source, SourceSpec
from mlplatform.adapters.bars.sources import open_file
from mlplatform.adapters.home import Home, write_text
from mlplatform.domain.errors import CheckStopped, InputError
from mlplatform.domain.instrument import instrument_of
from mlplatform.domain.periods import PeriodAxis
from mlplatform.domain.series import Timeframe
from mlplatform.orchestration.build import build_platform
from mlplatform.orchestration.instance import open_instance
from mlplatform.orchestration.running.runner import Judged, run_intake
from mlplatform.settings import SETTINGS_FILE, load_settings

_SHOWN_FAILURES = 3


@dataclass(frozen=True)
class Files:
    """What the user gave and said of it."""

    path: Path
    instrument: str
    timeframe: str | None
    timezone: str | None
    label: str | None
    cadence: str | None

    def paths(self) -> list[Path]:
        """The file, or the files of the folder, each to be taken in by itself."""
        if not self.path.is_dir():
            return [self.path]
        found = [path for path in sorted(self.path.rglob("*")) if path.is_file()]
        found = [path for path in found if not path.name.startswith(".")]
        if not found:
            raise InputError(f"{self.path} holds no files: give a folder of files of bars.")
        return found

    def open(self, path: Path) -> Source:
        """One file, understood."""
        spec = SourceSpec("file", str(path.expanduser().absolute()), self.timezone, self.label)
        timeframe = Timeframe(self.timeframe) if self.timeframe else None
        return open_file(instrument_of(self.instrument), timeframe, spec, datetime.now(UTC))


def ingest(home_root: Path, files: Files, dry_run: bool, console: Console) -> None:
    """Understand every file, take in what can be used, check the bars, say what became of each.

    Raises InputError where a file was refused (the others are taken in), CheckStopped where a
    blocking check found the bars unfit.
    """
    instrument_of(files.instrument)
    door = Door(home_root, files.cadence, console)
    looks = [door.look(path, files.open) for path in files.paths()]
    door.take(looks, dry_run)


class Door:
    """Where bars come into a home: looked at first, then taken in and checked together."""

    def __init__(self, home_root: Path, cadence: str | None, console: Console) -> None:
        self.is_new = not (home_root / SETTINGS_FILE).is_file()
        self.settings = load_settings(home_root, cadence=cadence)
        if not self.is_new and self.settings.cadence != load_settings(home_root).cadence:
            raise InputError(f"{home_root} has another cadence: give another --home.")
        axis = PeriodAxis(self.settings.cadence, "" if self.is_new else self.settings.first_period)
        self.intake = Intake(Home(home_root), axis)
        self.console = console

    def look(self, path: Path, open_file: OpenFile) -> Looked:
        """Understand one file and say what it is; nothing is written to the home."""
        looked = self.intake.look(path, open_file)
        _tell(looked, self.console)
        return looked

    def take(self, looks: list[Looked], dry_run: bool) -> None:
        """Take in what can be used; raises InputError where something was refused."""
        refused = [str(look.refusal) for look in looks if look.refusal is not None]
        try:
            if dry_run:
                self.console.print("Dry run: nothing was written.")
            elif len(refused) < len(looks) or not self.is_new:
                self._take(looks)
        finally:
            for look in looks:
                if look.staged:
                    look.staged.discard()
        if refused:
            more = f"{len(refused)} of {len(looks)} files were refused: " if len(looks) > 1 else ""
            raise InputError(more + "; ".join(dict.fromkeys(refused)))

    def _take(self, looks: list[Looked]) -> None:
        home, settings = self.intake.home, self.settings
        first = [min(look.staged.delivery.hashes) for look in looks if look.staged]
        if self.is_new and first:
            settings = settings.model_copy(update={"first_period": min(first)})
        home.create()
        kept = json.dumps(settings.model_dump(mode="json"), indent=1) + "\n"
        write_text(home.root / SETTINGS_FILE, kept)
        for look in looks:
            self.intake.take(look)
        series = sorted({look.series for look in looks if look.refusal is None})
        if series:
            _check(home.root, series, self.console)


def _check(home_root: Path, series: list[str], console: Console) -> None:
    """Bring the market assets up to date and print what the checks say."""
    platform = build_platform(home_root, load_settings(home_root))
    with open_instance(platform.home) as instance:
        judged = run_intake(platform, instance, series)
    if not judged:
        console.print("Nothing was new.")
        return
    _print_checks(judged, console)
    for check in judged:
        for failure in check.failures:
            if failure.stops:
                raise CheckStopped(
                    f"Check {check.check} found the bars of {failure.period} unfit: {failure.what}"
                )
    for name in series:
        instrument, _, timeframe = name.partition("-")
        console.print(
            f"Next      mlplatform run --instrument {instrument} --timeframe {timeframe} "
            f"--home {home_root}",
            soft_wrap=True,
        )


def _print_checks(judged: list[Judged], console: Console) -> None:
    table = Table(title="What the checks say", title_justify="left")
    for heading in ("Check", "Periods", "Passed", "Failed"):
        table.add_column(heading)
    for check in judged:
        bad = len(check.failures)
        color = "red" if any(failure.stops for failure in check.failures) else "yellow"
        passed = str(check.periods - bad)
        table.add_row(check.check, str(check.periods), passed, f"[{color}]{bad}[/]" if bad else "")
    console.print(table)
    for check in judged:
        for failure in check.failures[:_SHOWN_FAILURES]:
            console.print(f"{failure.period}  {check.check}: {failure.what}", soft_wrap=True)
        more = len(check.failures) - _SHOWN_FAILURES
        if more > 0:
            console.print(f"{check.check}: {more} more, on the asset's page.")


def _tell(look: Looked, console: Console) -> None:
    if look.source is None:
        console.print(f"{look.path.name}: [red]refused[/red]. {look.refusal}", soft_wrap=True)
        return
    table = Table(title=f"{look.path.name}: {look.series}", title_justify="left")
    for heading in ("What", "Understood as", "How sure"):
        table.add_column(heading)
    for line in look.source.understood:
        table.add_row(*line)
    console.print(table)
    if look.refusal is not None:
        console.print(f"[red]refused[/red]. {look.refusal}", soft_wrap=True)
    elif look.staged is None:
        console.print("It was taken in before: nothing to do.")
