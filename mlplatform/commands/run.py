"""`mlplatform run`: bars in, report and policy out."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from mlplatform.commands.study import OpenStudy, Wish, open_study
from mlplatform.orchestration.instance import open_instance
from mlplatform.orchestration.planning.planner import Batch
from mlplatform.orchestration.running.runner import Done, run_chain
from mlplatform.orchestration.running.spread import run_spread
from mlplatform.reports.console import study_summary
from mlplatform.settings import StudySettings


def run(home_root: Path, wish: Wish, console: Console) -> None:
    """Open the study, run what is stale, print the comparison and where everything is."""
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    with progress:
        bar = progress.add_task("reading bars", total=None)

        def on_step(_: str) -> None:
            progress.advance(bar)

        study = open_study(home_root, wish, on_step)
        study.settle()

        def on_batch(batch: Batch, left: int) -> None:
            done = progress.tasks[0].completed
            name = batch.partition.period or "all windows"
            progress.update(bar, description=f"{study.series.name} {name}", total=done + left)

        def on_wait(batch: Batch) -> None:
            progress.console.print(f"Another run is at {batch.partition.key}: waiting for it.")

        with open_instance(study.platform.home) as instance:
            who = (study.platform, instance, study.series.name, on_batch)
            if study.platform.settings.executor == "in_process":
                done = run_chain(*who, on_wait=on_wait)
            else:
                done = run_spread(*who, on_step, on_wait)
    _conclude(study, done, console)


def _conclude(study: OpenStudy, done: Done, console: Console) -> None:
    folder = study.platform.home.report(study.series.name)
    report = json.loads((folder / "report.json").read_text())
    kept = _kept_settings(study)
    if kept:
        console.print(f"Kept from the home: {kept}.", soft_wrap=True)
    if not done.assets:
        console.print("Nothing was new: nothing ran.")
    else:
        console.print(f"{done.assets} assets in {done.batches} runs.")
    if report["source"].get("note"):
        console.print(report["source"]["note"], style="yellow")
    console.print(study_summary(report))
    console.print(_champion_line(report))
    console.print(f"Report    {folder / 'report.html'}", soft_wrap=True)
    console.print(f"Figures   {folder / 'report.json'}", soft_wrap=True)
    console.print(f"Trades    {folder / 'trades.parquet'}, trades.csv", soft_wrap=True)
    console.print(f"Pictures  {folder / 'charts'}", soft_wrap=True)
    home = study.platform.home.root
    console.print(f"Look      mlplatform ui --home {home}", soft_wrap=True)
    console.print(
        f"Decide    mlplatform decide --series {study.series.name} --home {home}", soft_wrap=True
    )


def _kept_settings(study: OpenStudy) -> str:
    """What differs from the defaults though nobody named it on the command line."""
    now, usual = study.platform.settings, StudySettings.model_fields
    shown = (
        "train_periods",
        "trials",
        "seed",
        "capital_usd",
        "from_period",
        "to_period",
        "strategy",
    )
    differs = [
        f"{name.replace('_', '-')} {getattr(now, name)}"
        for name in shown
        if study.given.get(name) is None and getattr(now, name) != usual[name].default
    ]
    return ", ".join(differs)


def _champion_line(report: Mapping[str, Any]) -> str:
    champion = report["provenance"]["champion"]
    if champion["version"] is None:
        return f"Champion  none: {champion['reason']}."
    return f"Champion  policy version {champion['version']}: {champion['reason']}."
