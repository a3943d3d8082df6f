"""`mlplatform bench stress`: times the execution engine's stress workload on any file of bars."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table

from mlplatform.adapters.bars.port import SourceSpec
from mlplatform.adapters.bars.sources import open_file
from mlplatform.domain.instrument import instrument_of
from mlplatform.studies.stress import StressSettings, bench_stress


def stress(
    source: SourceSpec, instrument: str, settings: StressSettings, as_json: bool, console: Console
) -> None:
    """Run the workload cold and warm; print its figures and the time of each stage."""

    def read() -> pl.DataFrame:
        opened = open_file(instrument_of(instrument), None, source, datetime.now(UTC))
        return pl.concat(opened.batches())

    found = bench_stress(read, settings, time.perf_counter)
    if as_json:
        print(json.dumps(found))  # noqa: T201 - for programs: no colours, no wrapping
        return
    figures = {name: value for name, value in found.items() if name != "stages_s"}
    console.print(", ".join(f"{name} {_told(value)}" for name, value in figures.items()))
    console.print(_table(found["stages_s"]))


def _told(value: Any) -> str:
    if value is None:
        return "none"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.6f}"


def _table(stages: dict[str, dict[str, float]]) -> Table:
    table = Table(title="Seconds by stage", title_justify="left")
    table.add_column("Stage")
    for heading in stages:
        table.add_column(heading, justify="right")
    for stage in stages["cold"]:
        table.add_row(
            stage.replace("_", " "), *(f"{times[stage]:.4f}" for times in stages.values())
        )
    return table
