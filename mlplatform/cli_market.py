"""The commands that bring bars in and look at them, as the command line parses them."""

from pathlib import Path
from typing import Annotated

import typer

from mlplatform.cli_options import (
    CadenceOption,
    Home,
    Instrument,
    Strategy,
    Timeframe,
    Timezone,
    terminal,
)
from mlplatform.settings import home_path

check_app = typer.Typer(
    help="Prove what the platform promises, on your data.", no_args_is_help=True
)


def add_to(app: typer.Typer) -> None:
    """Make them commands of the application."""
    for command in (ingest, fetch, export, setups):
        app.command()(command)
    app.add_typer(check_app, name="check")


def ingest(
    path: Annotated[Path, typer.Argument(help="A file of bars or trades, or a folder of them.")],
    instrument: Annotated[str, typer.Option(help="ES, MES, NQ or MNQ.")],
    timeframe: Annotated[str | None, typer.Option(help="Of the bars [found out].")] = None,
    timezone: Timezone = None,
    label: Annotated[
        str | None, typer.Option(help="Whether times are the bars' start or end [found out].")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it is.")] = False,
    home: Home = None,
    cadence: CadenceOption = None,
) -> None:
    """Take bars into the home: understand, say, check; what is broken is refused with reasons."""
    from mlplatform.commands.ingest import Files
    from mlplatform.commands.ingest import ingest as take_in

    files = Files(path, instrument, timeframe, timezone, label, cadence)
    take_in(home_path(home), files, dry_run, terminal())


def fetch(  # noqa: PLR0913
    vendor: Annotated[str, typer.Argument(help="yahoo, ib or dukascopy.")],
    instrument: Annotated[str, typer.Option(help="ES, MES, NQ or MNQ.")],
    timeframe: Timeframe = "5m",
    duration: Annotated[str | None, typer.Option(help="Back from now, such as '1 Y'.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="First day, 2025-06-02.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Day before which it ends.")] = None,
    rth_only: Annotated[bool, typer.Option("--rth-only", help="Regular hours alone.")] = False,
    update: Annotated[bool, typer.Option("--update", help="Only what is newer.")] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Only what was fetched.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Take nothing in.")] = False,
    home: Home = None,
    cadence: CadenceOption = None,
) -> None:
    """Fetch bars over the network; an interrupted download goes on where it was."""
    from mlplatform.adapters.bars.fetching import Wanted
    from mlplatform.commands.fetch import Vendor, day_of, fetch_bars

    first, last = day_of(from_, "--from"), day_of(to, "--to")
    wanted = Wanted(duration, first, last, rth_only, update, offline)
    who = Vendor(vendor, instrument, timeframe, cadence)
    fetch_bars(home_path(home), who, wanted, dry_run, terminal())


def export(
    series: Annotated[str, typer.Option(help="Such as ES-5m.")],
    out: Annotated[Path, typer.Option(help="The file to write, .parquet or .csv.")],
    adjust: Annotated[str | None, typer.Option(help="difference or ratio [unadjusted].")] = None,
    timeframe: Annotated[str | None, typer.Option(help="Longer bars, such as 30m.")] = None,
    home: Home = None,
) -> None:
    """Write a series' continuous bars into one file, unadjusted or adjusted for rolls."""
    from mlplatform.commands.export import Shape
    from mlplatform.commands.export import export as write

    write(home_path(home), series, Shape(adjust, timeframe), out, terminal())


def setups(
    data: Annotated[str | None, typer.Option(help="A file to count candidates on.")] = None,
    instrument: Instrument = "MES",
    timeframe: Timeframe = "5m",
    timezone: Timezone = None,
    series: Annotated[str | None, typer.Option(help="A series of the home to count on.")] = None,
    strategy: Strategy = None,
    features: Annotated[
        bool, typer.Option("--features", help="List what a strategy's filters may read.")
    ] = False,
    home: Home = None,
) -> None:
    """The setups in use: idea, parameters, suggested order; with data, candidates a month."""
    from mlplatform.commands.setups import Look
    from mlplatform.commands.setups import features as show_features
    from mlplatform.commands.setups import setups as show

    if features:
        show_features(terminal())
        return
    look = Look(data, instrument, timeframe, timezone, series, strategy)
    show(home_path(home), look, terminal())


@check_app.command("leaks")
def check_leaks(  # noqa: PLR0913
    data: Annotated[Path, typer.Option(help="A file of bars or trades.")],
    instrument: Annotated[str, typer.Option(help="ES, MES, NQ or MNQ.")] = "ES",
    timeframe: Annotated[str | None, typer.Option(help="Of the bars [found out].")] = None,
    timezone: Timezone = None,
    features: Annotated[
        str | None, typer.Option(help="Your features: file.py or file.py:name [the core set].")
    ] = None,
    setups: Annotated[
        str | None, typer.Option(help="Your setups: file.py or file.py:name [those in use].")
    ] = None,
    strategy: Annotated[
        str | None, typer.Option(help="Your strategy, YAML or Python: its setups and filters.")
    ] = None,
    cuts: Annotated[int, typer.Option(min=1, help="Points at which the future is cut off.")] = 20,
    rows: Annotated[int, typer.Option(min=1, help="Bars before each that are compared.")] = 500,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Whether features or setups know the future: column, row and size of each leak. Exit code 3
    where there is one.
    """
    from mlplatform.commands.check import LeakCheck, leaks
    from mlplatform.features.proof import Effort

    effort = Effort(cuts, rows)
    given = LeakCheck(data, instrument, timeframe, timezone, features, setups, effort, strategy)
    leaks(given, as_json, terminal())
