"""The chain's figures: the acceptance run, imports, and a plan with nothing new."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

SHARED = Path(__file__).parents[1].parent / "shared" / "data" / "mes_1m.parquet"
HEAVY = ("tensorflow", "mlflow", "lightgbm", "xgboost")
PERIODS = 24
YEAR = 252
"""Sessions of synthetic bars; the last month of them lands later."""
_SWEEP = """
import sys
from pathlib import Path
from mlplatform.orchestration.build import build_platform
from mlplatform.orchestration.instance import open_instance
from mlplatform.settings import load_settings
home = Path(sys.argv[1])
platform = build_platform(home, load_settings(home))
with open_instance(platform.home) as instance:
    platform.definitions.resolve_job_def("landing").execute_in_process(instance=instance)
"""
"""What the run does that the sensor asks for."""


def seconds(arguments: list[str], **environment: str) -> float:
    """Wall time of one process, which must succeed."""
    started = time.perf_counter()
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, env=os.environ | environment)
    return time.perf_counter() - started


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "mlplatform.cli", *map(str, arguments)]


def import_figures() -> list[str]:
    """Importing the front door: median of nine fresh processes, next to Dagster's own import."""
    with tempfile.TemporaryDirectory() as home:
        ours = statistics.median(import_s("mlplatform.definitions", home) for _ in range(9))
        theirs = statistics.median(import_s("dagster", home) for _ in range(9))
        look = "import sys, mlplatform.definitions;"
        look += f"print([name for name in {HEAVY} if name in sys.modules])"
        loaded = answer(look, home)
    return [
        f"| importing `mlplatform.definitions` | {ours:.2f} s ({ours / theirs:.2f} x "
        f"`import dagster`; of {', '.join(HEAVY)} loaded: {loaded}) |"
    ]


def import_s(module: str, home: str) -> float:
    """Seconds that one import takes in a fresh process."""
    timed = f"import time; t = time.perf_counter(); import {module};"
    return float(answer(timed + "print(time.perf_counter() - t)", home))


def answer(code: str, home: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"MLPLATFORM_HOME": home},
    )
    return done.stdout.strip()


def acceptance_figures() -> list[str]:
    """The acceptance run on real bars, where they are present."""
    if not SHARED.is_file():
        return ["| acceptance run | not measured: the bars are not on this machine |"]
    with tempfile.TemporaryDirectory() as home:
        run = command("run", "--data", SHARED, "--instrument", "MES", "--timeframe", "1m")
        run += ["--home", home, "--trials", "10"]
        first, again = seconds(run), seconds(run)
    return [
        f"| acceptance run: 179,587 bars, 4 windows, 10 trials | {first:.0f} s |",
        f"| the same command again, nothing new | {again:.1f} s |",
    ]


def plan_figures() -> list[str]:
    """Planning 24 periods with nothing new, inside one process."""
    from mlplatform.commands.study import Wish, open_study
    from mlplatform.orchestration.build import build_platform
    from mlplatform.orchestration.instance import open_instance
    from mlplatform.orchestration.running.runner import run_chain
    from mlplatform.testing.tracking import MemoryTracker

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "home"
        given = {"cadence": "week", "to_period": "2025-06-09", "trials": 1}
        study = open_study(root, Wish("synthetic", "MES", "5m", None, given))
        study.settle()
        platform = build_platform(root, study.platform.settings, {"tracker": MemoryTracker()})
        with open_instance(platform.home) as instance:
            run_chain(platform, instance, study.series.name, lambda *_: None)
            started = time.perf_counter()
            planner = platform.stamp.planner(instance, study.series.name)
            tasks = planner.tasks()
            took = time.perf_counter() - started
        periods = len(planner.wanted["bars"])
    assert not tasks
    assert periods == PERIODS
    return [f"| planning {periods} periods with nothing new | {took:.2f} s |"]


def landing_figures() -> list[str]:
    """One new month lands in the folder of a home with a year: until its report is there."""
    with tempfile.TemporaryDirectory() as folder:
        home, year = Path(folder) / "home", Path(folder) / "year.parquet"
        month = _year_and_month(year)
        seconds(command("ingest", year, "--instrument", "MES", "--home", home))
        run = command("run", "--instrument", "MES", "--timeframe", "5m", "--home", home)
        whole = seconds([*run, "--train-periods", "6"])
        (home / "landing" / "MES-5m").mkdir(parents=True)
        landed = home / "landing" / "MES-5m" / "month.parquet"
        month.write_parquet(landed)
        os.utime(landed, (0, 0))  # the sensor leaves a file alone that is still being written
        swept = seconds([sys.executable, "-W", "ignore", "-c", _SWEEP, str(home)])
        fresh = seconds(run)
        report = (home / "reports" / "MES-5m" / "report.html").stat().st_mtime
        assert report > time.time() - fresh, "the report must be new"
        assert not landed.exists(), "the month must have been taken in"
    return [
        f"| one new month lands in a home with a year: until the fresh report | "
        f"{swept + fresh:.0f} s (taking in {swept:.0f}, one window and the report {fresh:.0f}; "
        f"the whole year: {whole:.0f}). The sensor looks every 30 s and lets a file lie for 5 |"
    ]


def _year_and_month(year: Path) -> "pl.DataFrame":
    """Writes a year of synthetic bars without its last month; gives that month."""
    from datetime import UTC, date, datetime

    import polars as pl

    from mlplatform.domain.instrument import instrument_of
    from mlplatform.domain.series import Timeframe
    from mlplatform.synthetic.generation import generate
    from mlplatform.synthetic.world import EDGES, World

    mes, five = instrument_of("MES"), Timeframe("5m")
    bars = generate(World(mes, five, date(2025, 1, 2), YEAR, 7, EDGES["strong"])).drop("row")
    is_last = pl.col("ts") >= datetime(2025, 11, 30, 23, tzinfo=UTC)  # its first trading day begins
    bars.filter(~is_last).write_parquet(year)
    return bars.filter(is_last)


def figures() -> list[str]:
    """Rows of a Markdown table: what, and how much."""
    return [*import_figures(), *plan_figures(), *acceptance_figures(), *landing_figures()]


if __name__ == "__main__":
    print("\n".join(figures()))
