"""The commands that look at reports, as the command line parses them."""

from pathlib import Path
from typing import Annotated

import typer

from mlplatform.cli_options import Home, terminal
from mlplatform.settings import home_path

report_app = typer.Typer(help="Look at what studies found.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Make them commands of the application."""
    app.add_typer(report_app, name="report")


@report_app.command("compare")
def report_compare(
    a: Annotated[str, typer.Argument(help="A series of the home, a home, or a report folder.")],
    b: Annotated[str, typer.Argument(help="The other; either may name a policy: MES-5m@baseline.")],
    home: Home = None,
    out: Annotated[
        Path | None, typer.Option(help="Where the page is written [B's report folder].")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the resampled days.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """B against A on the days of both: differences with intervals, shared trades and others."""
    from mlplatform.commands.report import Outcome, compare_reports

    compare_reports(home_path(home), a, b, Outcome(out, as_json, seed), terminal())
