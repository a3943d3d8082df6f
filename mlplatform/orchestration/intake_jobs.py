"""The two jobs by which bars come in: of what was delivered, and of what was dropped."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg

from mlplatform.adapters.bars.intake import Intake
from mlplatform.adapters.bars.landing import Landing
from mlplatform.adapters.bars.port import Source, SourceSpec
from mlplatform.adapters.bars.sources import open_file
from mlplatform.domain.instrument import instrument_of
from mlplatform.domain.series import Timeframe
from mlplatform.orchestration.intake import RangedIntake
from mlplatform.orchestration.steps.turn import owner_of


def intake_jobs(
    loggers: Mapping[str, dg.LoggerDefinition], config: Mapping[str, Any]
) -> list[dg.JobDefinition]:
    """`intake` brings group `market` up to date in one run; `landing` sweeps the folder first.

    They log by one of `loggers`, as `config` says: the run configuration where none is given.
    """

    @dg.op(
        name="take_in",
        ins={"start": dg.In(dg.Nothing)},
        config_schema={"series": dg.Field([str], default_value=[], is_required=False)},
        required_resource_keys={"yard", "stamp"},
        description="Market assets of every stale period: one file, one materialisation each.",
    )
    def take_in(context: dg.OpExecutionContext) -> None:
        yard, stamp = context.resources.yard, context.resources.stamp
        for series in context.op_config["series"] or yard.book.series():
            ranged = RangedIntake.of(yard, stamp, context.instance, series, owner_of(context.run))
            for event in ranged.events():
                context.log_event(event)

    @dg.op(
        name="sweep",
        ins={},
        out=dg.Out(dg.Nothing),
        required_resource_keys={"yard"},
        description="Takes in what lies in the landing folder, and puts it away.",
    )
    def sweep(context: dg.OpExecutionContext) -> None:
        yard = context.resources.yard
        intake = Intake(yard.book.home, yard.axis)
        for entry in Landing(yard.book.home).sweep(intake, open_dropped):
            told = f": {entry.reason}" if entry.reason else f", {entry.rows} rows"
            context.log.info(f"{entry.file} {entry.outcome}{told}")

    job = partial(
        dg.job, logger_defs=dict(loggers), config=dict(config), executor_def=dg.in_process_executor
    )

    @job(name="intake", description="Bars of every stale period, and their checks, in one run.")
    def intake() -> None:
        take_in()

    @job(name="landing", description="Takes in the files of the landing folder, then `intake`.")
    def landing() -> None:
        take_in(start=sweep())

    return [intake, landing]


def open_dropped(path: Path, symbol: str, timeframe: str | None) -> Source:
    """A file of the landing folder, understood."""
    spec = SourceSpec("file", path.name)
    length = Timeframe(timeframe) if timeframe else None
    root = Path(path.anchor)  # the folder itself lets no link out
    return open_file(instrument_of(symbol), length, spec, datetime.now(UTC), path, root)
