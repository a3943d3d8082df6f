"""`mlplatform fetch`: bars over the network into the home; what came once is not asked again."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from mlplatform.adapters.bars.fetching import Wanted, fetch, network_settings
from mlplatform.adapters.bars.port import Source
from mlplatform.commands.ingest import Door
from mlplatform.domain.errors import InputError
from mlplatform.domain.instrument import instrument_of
from mlplatform.domain.series import Series, Timeframe
from mlplatform.settings import SETTINGS_FILE


@dataclass(frozen=True)
class Vendor:
    """Whom to ask for which series."""

    kind: str
    instrument: str
    timeframe: str
    cadence: str | None


def fetch_bars(
    home_root: Path, vendor: Vendor, wanted: Wanted, dry_run: bool, console: Console
) -> None:
    """Download, take in, check. Raises InputError; what was fetched by then is kept."""
    series = Series(instrument_of(vendor.instrument), Timeframe(vendor.timeframe))
    cadence = vendor.cadence or ("week" if vendor.kind == "yahoo" else None)
    door = Door(home_root, cadence if vendor.cadence or _is_new(home_root) else None, console)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(f"{vendor.kind} {series.name}", total=None)

        def on_request(done: int, total: int, _: object) -> None:
            progress.update(task, completed=done, total=total)

        def opened(_: Path) -> Source:
            return fetch(
                series,
                vendor.kind,
                home_root / "downloads",
                wanted,
                datetime.now(UTC),
                network_settings(),
                on_request,
            )

        looked = door.look(Path(vendor.kind), opened)
    door.take([looked], dry_run)


def day_of(text: str | None, option: str) -> datetime | None:
    """A date of the command line, in UTC; raises InputError with an example."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise InputError(f"'{text}' is no date: write {option} like 2025-06-02.") from None


def _is_new(home_root: Path) -> bool:
    return not (home_root / SETTINGS_FILE).is_file()
