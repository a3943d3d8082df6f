"""The options that several commands share, and what all of them print on."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from mlplatform.domain.periods import Cadence

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
Strategy = Annotated[
    str | None,
    typer.Option(help="Your strategy, YAML or Python; none: the platform's setups [the home's]."),
]
Seed = Annotated[int | None, typer.Option(help="Of every random draw [7].")]
Capital = Annotated[float | None, typer.Option(help="Starting capital in USD [50000].")]
From = Annotated[str | None, typer.Option("--from", help="First period to use, such as 2025-03.")]
To = Annotated[str | None, typer.Option("--to", help="Last period to use.")]


def terminal(*, stderr: bool = False, soft_wrap: bool = False) -> Console:
    """What commands print on: a colon in a name or an error is a colon, and begins no picture."""
    return Console(stderr=stderr, soft_wrap=soft_wrap, emoji=False)
