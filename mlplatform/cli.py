"""The `mlplatform` command: parses, hands over, and turns errors into one sentence and a code."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from mlplatform.domain.errors import CheckStopped, InputError
from mlplatform.domain.periods import Cadence
from mlplatform.settings import home_path

app = typer.Typer(
    help="From raw bars to a registered policy, with proof.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

bench_app = typer.Typer(help="Measure the platform on this machine.", no_args_is_help=True)
app.add_typer(bench_app, name="bench")
check_app = typer.Typer(
    help="Prove what the platform promises, on your data.", no_args_is_help=True
)
app.add_typer(check_app, name="check")

Home = Annotated[Path | None, typer.Option(help="Where everything is kept [.mlplatform].")]
Data = Annotated[
    str | None,
    typer.Option(help="A file of bars, yahoo or synthetic [what the home holds, else synthetic]."),
]
Instrument = Annotated[str, typer.Option(help="ES, MES, NQ or MNQ.")]
Timeframe = Annotated[str, typer.Option(help="The length of a bar, such as 1m or 5m.")]
Timezone = Annotated[
    str | None, typer.Option(help="Of times without a zone, such as America/New_York.")
]
CadenceOption = Annotated[
    Cadence | None, typer.Option(help="The length of a period [month; week for yahoo].")
]
TrainPeriods = Annotated[int | None, typer.Option(help="Periods that a window learns from [3].")]
Trials = Annotated[int | None, typer.Option(help="Optuna trials per role and window [10].")]
Seed = Annotated[int | None, typer.Option(help="Of every random draw [7].")]
Capital = Annotated[float | None, typer.Option(help="Starting capital in USD [50000].")]
From = Annotated[str | None, typer.Option("--from", help="First period to use, such as 2025-03.")]
To = Annotated[str | None, typer.Option("--to", help="Last period to use.")]


def _wish(
    data: str | None, instrument: str, timeframe: str, timezone: str | None, **given: Any
) -> Any:
    from mlplatform.commands.study import Wish

    return Wish(data, instrument, timeframe, timezone, given)


@app.command()
def run(  # noqa: PLR0913
    data: Data = None,
    instrument: Instrument = "MES",
    timeframe: Timeframe = "5m",
    timezone: Timezone = None,
    home: Home = None,
    cadence: CadenceOption = None,
    train_periods: TrainPeriods = None,
    trials: Trials = None,
    seed: Seed = None,
    capital: Capital = None,
    from_: From = None,
    to: To = None,
) -> None:
    """Materialise the chain, bars to report and policy; only what is new runs."""
    from mlplatform.commands.run import run as run_study

    wish = _wish(
        data,
        instrument,
        timeframe,
        timezone,
        cadence=cadence,
        train_periods=train_periods,
        trials=trials,
        seed=seed,
        capital_usd=capital,
        from_period=from_,
        to_period=to,
    )
    run_study(home_path(home), wish, Console())


@app.command()
def plan(  # noqa: PLR0913
    data: Annotated[str | None, typer.Option(help="As for run; else what the home knows.")] = None,
    instrument: Instrument = "MES",
    timeframe: Timeframe = "5m",
    timezone: Timezone = None,
    home: Home = None,
    cadence: CadenceOption = None,
    train_periods: TrainPeriods = None,
    trials: Trials = None,
    seed: Seed = None,
    capital: Capital = None,
    from_: From = None,
    to: To = None,
) -> None:
    """Print what would run, and why. Writes nothing."""
    from mlplatform.commands.plan import plan as print_plan

    wish = None
    if data is not None:
        wish = _wish(
            data,
            instrument,
            timeframe,
            timezone,
            cadence=cadence,
            train_periods=train_periods,
            trials=trials,
            seed=seed,
            capital_usd=capital,
            from_period=from_,
            to_period=to,
        )
    print_plan(home_path(home), wish, Console())


@app.command()
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
    take_in(home_path(home), files, dry_run, Console())


@app.command()
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
    fetch_bars(home_path(home), who, wanted, dry_run, Console())


@app.command()
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

    write(home_path(home), series, Shape(adjust, timeframe), out, Console())


@app.command()
def setups(
    data: Annotated[str | None, typer.Option(help="A file to count candidates on.")] = None,
    instrument: Instrument = "MES",
    timeframe: Timeframe = "5m",
    timezone: Timezone = None,
    series: Annotated[str | None, typer.Option(help="A series of the home to count on.")] = None,
    home: Home = None,
) -> None:
    """The setups in use: idea, parameters, suggested order; with data, candidates a month."""
    from mlplatform.commands.setups import Look
    from mlplatform.commands.setups import setups as show

    show(home_path(home), Look(data, instrument, timeframe, timezone, series), Console())


@app.command()
def decide(
    series: Annotated[str, typer.Option(help="Such as MES-1m.")],
    home: Home = None,
    newest: Annotated[int, typer.Option(min=1, help="How many candidates to show.")] = 10,
) -> None:
    """Load the champion policy and print its decisions for the newest bars."""
    from mlplatform.commands.decide import decide as print_decisions

    print_decisions(home_path(home), series, newest, Console())


@app.command()
def explain(
    identity: Annotated[
        str | None, typer.Argument(help="A candidate's id, or POLICY:ID of a trade [list ids].")
    ] = None,
    home: Home = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    whole: Annotated[bool, typer.Option("--all", help="All inputs of the models.")] = False,
) -> None:
    """Walk one candidate or trade from its raw row to its result; without an id list ids."""
    from mlplatform.commands.explain import explain as print_chain

    print_chain(home_path(home), identity, as_json, whole, Console())


@app.command()
def ui(
    home: Home = None,
    dagster_port: Annotated[int, typer.Option(help="Of the Dagster UI.")] = 3000,
    mlflow_port: Annotated[int, typer.Option(help="Of the MLflow UI.")] = 5000,
) -> None:
    """Start the Dagster UI, its daemon and the MLflow UI on loopback; Ctrl-C stops them."""
    from mlplatform.commands.ui import ui as serve

    serve(home_path(home), dagster_port, mlflow_port, Console())


@bench_app.command("stress")
def bench_stress(
    data: Annotated[Path, typer.Option(help="A Parquet or CSV file of bars.")],
    rsi_band: Annotated[float, typer.Option(help="Distance of RSI from 50.")] = 8.5,
    stop_atr: Annotated[float, typer.Option(help="Stop distance in ATR 14.")] = 1.5,
    target_atr: Annotated[float, typer.Option(help="Target distance in ATR 14.")] = 2.0,
    instrument: Instrument = "NQ",
    timezone: Timezone = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """The stress workload: figures, and the time of each stage, cold and warm."""
    from mlplatform.adapters.bars.port import SourceSpec
    from mlplatform.commands.bench import stress
    from mlplatform.studies.stress import StressSettings

    rules = StressSettings(rsi_band, stop_atr, target_atr)
    source = SourceSpec("file", str(data), timezone)
    stress(source, instrument, rules, as_json, Console())


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
    cuts: Annotated[int, typer.Option(min=1, help="Points at which the future is cut off.")] = 20,
    rows: Annotated[int, typer.Option(min=1, help="Bars before each that are compared.")] = 500,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Whether features or setups know the future: column, row and size of each leak. Exit code 3
    where there is one.
    """
    from mlplatform.commands.check import LeakCheck, leaks
    from mlplatform.features.proof import Effort

    given = LeakCheck(data, instrument, timeframe, timezone, features, setups, Effort(cuts, rows))
    leaks(given, as_json, Console())


@app.command()
def doctor(home: Home = None) -> None:
    """Check versions, home, ports and optional parts, one line each."""
    from mlplatform.commands.doctor import doctor as examine

    examine(home_path(home), (3000, 5000), Console())


def main() -> None:
    """The entry point: exit code 2 for the user's input, 3 for a check that stopped the chain."""
    try:
        app()
    except (InputError, CheckStopped) as error:
        Console(stderr=True, soft_wrap=True).print(f"Error: {error}", markup=False, highlight=False)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
