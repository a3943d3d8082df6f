"""Speed of the models of one window: 20,000 candidates of 120 features, 50 trials a role.

Usage: python benchmarks/models.py [--rows N] [--trials N] [--families trees|all] [--threads N]

Outcomes are drawn: a tenth of their spread depends on features, as much as real ones might show.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import numpy as np

from mlplatform.adapters.studies import StudyStorage
from mlplatform.decisions.policy import PolicyTerms, pack, unpack
from mlplatform.models.boosting import FAMILIES
from mlplatform.models.serial import to_bytes
from mlplatform.models.tuning import Tuner
from mlplatform.studies.fitting import (
    FitSettings,
    entry_of,
    size_of,
    stop_of,
    stops_to_learn_under,
)
from mlplatform.studies.training import TrainingSet

GRID_ATR = np.array([0.75, 1.0, 1.5, 2.0, 2.5, 3.0])
TARGET_ATR, COST_ATR = 2.0, 0.05
FEATURES = 120
MINUTE_US = 60_000_000
_T = TypeVar("_T")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--families", choices=("trees", "all"), default="trees")
    options = parser.parse_args()
    families = tuple(FAMILIES) + ("keras",) * (options.families == "all")
    train = candidates(options.rows, 7)
    settings = FitSettings(
        3_600_000_000, 5, 5.0, 50_000.0, families=families, threads=options.threads
    )
    with tempfile.TemporaryDirectory() as folder:
        storage = StudyStorage(Path(folder)).open("bench")

        def tuner(role: str) -> Tuner:
            return Tuner((7, role, "bench"), options.trials, storage, role)

        models, took = window(train, settings, tuner)
    parts = ", ".join(f"{what} {seconds:.0f} s" for what, seconds in took.items())
    whole = sum(took.values())
    say(
        f"models of one window, {'+'.join(families)}, {options.rows:,} candidates x {FEATURES}, "
        f"{options.trials} trials a role",
        f"{whole:.0f} s ({parts})",
    )
    prediction(models, train)


def window(
    train: TrainingSet, settings: FitSettings, tuner: Callable[[str], Tuner]
) -> tuple[dict[str, Any], dict[str, float]]:
    """The fitted roles, and the seconds that each took."""
    took: dict[str, float] = {}

    def timed(what: str, work: Callable[[], _T]) -> _T:
        start = time.perf_counter()
        result = work()
        took[what] = time.perf_counter() - start
        return result

    stop = timed("stop", lambda: stop_of(train, settings, tuner("stop")))
    stops = timed(
        "stops to learn under", lambda: stops_to_learn_under(train, stop, settings, tuner("stop"))
    )
    fit = timed("entry", lambda: entry_of(train, stops, settings, tuner("entry")))
    entry, said = fit.model, fit.slice_probability
    size = timed("size", lambda: size_of(train, stops, said, entry, settings, tuner("size")))
    return {"stop": stop, "entry": entry, "size": size}, took


def prediction(models: dict[str, Any], train: TrainingSet) -> None:
    """The whole policy as paper and live load it, for many candidates and for one."""
    packed = {role: to_bytes(model) for role, model in models.items()}
    policy = unpack(pack(packed, PolicyTerms("bench", tuple(train.names), 5.0, 50_000.0)))
    many = 10_000
    x, atr = train.x[:many], train.atr_points[:many]
    whole = [seconds(lambda: policy.plan(x, atr)) for _ in range(5)]
    say(f"policy over {len(x):,} candidates", f"{1e3 * median(whole):.0f} ms (limit 200)")
    single = [seconds(lambda i=i: policy.plan(x[i : i + 1], atr[i : i + 1])) for i in range(200)]
    say("policy over one candidate", f"{1e3 * median(single):.1f} ms (limit 10)")


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def candidates(rows: int, seed: int) -> TrainingSet:
    """Seeded candidates: a drift that a few features know, walked to stop or target."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, FEATURES))
    x[rng.random(x.shape) < 0.02] = np.nan
    known = np.nan_to_num(x)
    decision = 1_700_000_000_000_000 + np.cumsum(rng.integers(1, 20, rows)) * MINUTE_US
    ends = decision[:, None] + rng.integers(1, 40, (rows, len(GRID_ATR))) * MINUTE_US
    spread = 1.0 + 0.3 * np.tanh(known[:, 3])
    adverse = np.abs(rng.normal(size=rows)) * 1.5 * spread
    odds = 0.25 * known[:, 0] + 0.15 * known[:, 1] * known[:, 2]
    reaches = rng.random((rows, 1)) < 1.0 / (1.0 + np.exp(-odds[:, None]))
    win = reaches & (adverse[:, None] < GRID_ATR)
    net = np.where(win, TARGET_ATR, -np.minimum(GRID_ATR, adverse[:, None])) - COST_ATR
    return TrainingSet(
        x=x,
        names=[f"f{i}" for i in range(FEATURES)],
        decision_ts=decision,
        label_end_ts=ends,
        r=net / GRID_ATR,
        is_win=win.astype(np.float64),
        atr_points=rng.uniform(3.0, 9.0, rows),
        stop_grid_atr=GRID_ATR,
        train_from=datetime(2024, 1, 1, tzinfo=UTC),
        train_to=datetime(2024, 6, 1, tzinfo=UTC),
        purged_rows=0,
    )


def say(what: str, told: str) -> None:
    """One line of the report."""
    sys.stdout.write(f"{what}: {told}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
