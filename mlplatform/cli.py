"""The `mlplatform` command: parses, hands over, and turns errors into one sentence and a code."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from mlplatform import cli_market, cli_report
from mlplatform.cli_options import (
    CadenceOption,
    Capital,
    Data,
    From,
    Home,
    Instrument,
    Seed,
    Strategy,
    Timeframe,
    Timezone,
    To,
    TrainPeriods,
    Trials,
    terminal,
)
from mlplatform.domain.errors import CheckStopped, InputError
from mlplatform.orchestration.steps.outages import kinds, outage_of, told_of
from mlplatform.settings import home_path

app = typer.Typer(
    help="From raw bars to a registered policy, with proof.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

bench_app = typer.Typer(help="Measure the platform on this machine.", no_args_is_help=True)
app.add_typer(bench_app, name="bench")
cli_market.add_to(app)
cli_report.add_to(app)


def _wish(
    data: str | None,
    instrument: str,
    timeframe: str,
    timezone: str | None,
    strategy: str | None,
    **given: Any,
) -> Any:
    from mlplatform.commands.study import Wish

    return Wish(data, instrument, timeframe, timezone, given, strategy)


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
    strategy: Strategy = None,
) -> None:
    """Materialise the chain, bars to report and policy; only what is new runs."""
    from mlplatform.commands.run import run as run_study

    wish = _wish(
        data,
        instrument,
        timeframe,
        timezone,
        strategy,
        cadence=cadence,
        train_periods=train_periods,
        trials=trials,
        seed=seed,
        capital_usd=capital,
        from_period=from_,
        to_period=to,
    )
    run_study(home_path(home), wish, terminal())


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
    strategy: Strategy = None,
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
            strategy,
            cadence=cadence,
            train_periods=train_periods,
            trials=trials,
            seed=seed,
            capital_usd=capital,
            from_period=from_,
            to_period=to,
        )
    print_plan(home_path(home), wish, terminal())


@app.command()
def decide(
    series: Annotated[str, typer.Option(help="Such as MES-1m.")],
    home: Home = None,
    newest: Annotated[int, typer.Option(min=1, help="How many candidates to show.")] = 10,
    open_: Annotated[
        list[str] | None,
        typer.Option("--open", help="A position in another series, as MNQ-5m:long:2:41.5; repeat."),
    ] = None,
) -> None:
    """Load the champion policy and print its decisions for the newest bars."""
    from mlplatform.commands.decide import decide as print_decisions

    print_decisions(home_path(home), series, newest, terminal(), open_ or ())


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

    print_chain(home_path(home), identity, as_json, whole, terminal())


@app.command()
def ui(
    home: Home = None,
    dagster_port: Annotated[int, typer.Option(help="Of the Dagster UI.")] = 3000,
    mlflow_port: Annotated[int, typer.Option(help="Of the MLflow UI.")] = 5000,
) -> None:
    """Start the Dagster UI, its daemon and the MLflow UI on loopback; Ctrl-C stops them."""
    from mlplatform.commands.ui import ui as serve

    serve(home_path(home), dagster_port, mlflow_port, terminal())


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
    stress(source, instrument, rules, as_json, terminal())


@bench_app.command("truth")
def bench_truth(  # noqa: PLR0913
    worlds: Annotated[int, typer.Option(help="Noise worlds.")] = 100,
    planted: Annotated[int, typer.Option(help="Planted worlds of each of three strengths.")] = 20,
    workers: Annotated[int, typer.Option(help="Processes, one core each.")] = 1,
    home: Home = None,
    trials: Annotated[int, typer.Option(min=1, help="Optuna trials per role and window.")] = 5,
    train_periods: Annotated[int, typer.Option(min=1, help="Months a window learns from.")] = 6,
    seed: Annotated[
        int, typer.Option(min=0, help="Of all worlds; those of 7 were used in development.")
    ] = 11,
    keras: Annotated[
        bool, typer.Option("--keras", help="With networks: half as long again.")
    ] = False,
    so_far: Annotated[bool, typer.Option("--so-far", help="Run none, tell what is done.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Whether verdicts are right on seeded worlds with and without a planted edge; goes on."""
    from mlplatform.commands.truth import TruthWish, truth
    from mlplatform.studies.truth.worlds import TruthSettings

    settings = TruthSettings(worlds, planted, trials, train_periods, seed)
    if keras:
        settings = replace(settings, families=(*settings.families, "keras"))
    truth(home_path(home), TruthWish(settings, workers, so_far, as_json), terminal())


@app.command()
def status(
    home: Home = None,
    form: Annotated[
        Literal["table", "json", "prometheus"], typer.Option("--format", help="For whom.")
    ] = "table",
) -> None:
    """Champion, age of data, pending partitions, newest runs and failures."""
    from mlplatform.commands.status import status as print_status

    print_status(home_path(home), form, terminal())


@app.command()
def metrics(
    home: Home = None,
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Of /metrics.")] = 9400,
) -> None:
    """Serve the same figures to Prometheus until Ctrl-C; of a home to come, none."""
    from mlplatform.commands.exposition import serve
    from mlplatform.commands.status import look_if_there

    root = home_path(home)
    serve(lambda: look_if_there(root), host, port)


@app.command()
def prune(
    home: Home = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Remove old runs, superseded models, and files that nothing refers to, by the settings."""
    from mlplatform.commands.prune import prune as remove_what_is_old

    remove_what_is_old(home_path(home), dry_run, terminal())


@app.command()
def doctor(home: Home = None) -> None:
    """Check versions, home, ports and optional parts, one line each."""
    from mlplatform.commands.doctor import doctor as examine

    examine(home_path(home), (3000, 5000), terminal())


def main() -> None:
    """The entry point: exit code 2 for the user's input and for what is down outside, 3 for a check
    that stopped the chain.
    """
    try:
        app()
    except (InputError, CheckStopped) as error:
        _say(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except kinds() as error:
        sentence = outage_of(told_of(error))
        if sentence is None:
            raise
        _say(sentence)
        sys.exit(InputError.exit_code)


def _say(error: str) -> None:
    terminal(stderr=True, soft_wrap=True).print(f"Error: {error}", markup=False, highlight=False)


if __name__ == "__main__":
    main()
