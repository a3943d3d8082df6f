"""`mlplatform plan`: what would run, and why."""

from pathlib import Path

import dagster as dg
from rich.console import Console
from rich.table import Table

from mlplatform.commands.study import Wish, open_study
from mlplatform.domain.errors import InputError
from mlplatform.orchestration.build import Platform, build_platform
from mlplatform.settings import SETTINGS_FILE, load_settings


def plan(home_root: Path, wish: Wish | None, console: Console) -> None:
    """Print the tasks of the wished study, or of every series that the home knows."""
    if wish is not None:
        study = open_study(home_root, wish)
        names, platform = [study.series.name], study.platform
        sources = platform.home.sources() | {study.series.name: study.spec}
        platform.home.sources = lambda: sources  # type: ignore[method-assign]
    else:
        if not (home_root / SETTINGS_FILE).is_file():
            raise InputError(
                f"{home_root} is no home yet: say what to plan with --data, or run "
                "`mlplatform run` first."
            )
        platform = build_platform(home_root, load_settings(home_root))
        names = sorted(platform.home.sources())
    with _instance(platform) as instance:
        for name in names:
            _print(platform, instance, name, console)


def _instance(platform: Platform) -> dg.DagsterInstance:
    """The home's instance, or an empty one where there is none yet: a plan writes nothing."""
    if (platform.home.dagster / "dagster.yaml").is_file():
        return dg.DagsterInstance.from_config(str(platform.home.dagster))
    return dg.DagsterInstance.ephemeral()


def _print(platform: Platform, instance: dg.DagsterInstance, series: str, console: Console) -> None:
    tasks = platform.stamp.planner(instance, series).tasks()
    if not tasks:
        console.print(f"{series}: nothing is new, nothing would run.")
        return
    table = Table(title=f"{series}: {len(tasks)} partitions would run", title_justify="left")
    for heading in ("Period", "Asset", "Why"):
        table.add_column(heading)
    for task in sorted(tasks, key=lambda item: item.partition.period or "~"):
        table.add_row(task.partition.period or "all", task.asset, task.reason)
    console.print(table)
