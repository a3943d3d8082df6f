"""`mlplatform plan`: what would run, and why."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from mlplatform.commands.study import Wish, open_study
from mlplatform.domain.errors import InputError
from mlplatform.orchestration.build import Platform, build_platform
from mlplatform.orchestration.instance import instance_to_plan
from mlplatform.orchestration.planning.planner import Task
from mlplatform.settings import SETTINGS_FILE, load_settings


def plan(home_root: Path, wish: Wish | None, console: Console) -> None:
    """Print the tasks of the wished study, or of every series that the home knows."""
    if wish is not None:
        study = open_study(home_root, wish)
        try:
            _plan(study.platform, [study.series.name], console)
        finally:
            study.discard()
        return
    if not (home_root / SETTINGS_FILE).is_file():
        raise InputError(
            f"{home_root} is no home yet: say what to plan with --data, or run "
            "`mlplatform run` first."
        )
    platform = build_platform(home_root, load_settings(home_root))
    _plan(platform, platform.book.series(), console)


def _plan(platform: Platform, names: list[str], console: Console) -> None:
    with instance_to_plan(platform.home) as instance:
        for name in names:
            tasks = platform.stamp.planner(instance, name).tasks()
            _print(name, tasks, console)


def _print(series: str, tasks: list[Task], console: Console) -> None:
    if not tasks:
        console.print(f"{series}: nothing is new, nothing would run.")
        return
    table = Table(title=f"{series}: {len(tasks)} partitions would run", title_justify="left")
    for heading in ("Period", "Asset", "Why"):
        table.add_column(heading)
    for task in sorted(tasks, key=lambda item: item.partition.period or "~"):
        table.add_row(task.partition.period or "all", task.asset, task.reason)
    console.print(table)
