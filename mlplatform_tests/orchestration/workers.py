"""Windows in worker processes of their own, as an executor would spread them over machines."""

from multiprocessing import get_context
from pathlib import Path

import dagster as dg

from mlplatform.adapters.tracking.port import ModelNote
from mlplatform.orchestration.instance import open_instance
from mlplatform.testing.tracking import MemoryTracker
from mlplatform_tests.conftest import Bench


def fit_window(root: Path, data: Path, period: str, seed: int) -> list[ModelNote]:
    """Materialise all that is stale of one window; what it registered."""
    bench = Bench(root, MemoryTracker())
    study = bench.open(data, seed=seed)
    with open_instance(study.platform.home) as instance:
        planner = study.platform.stamp.planner(instance, study.series.name)
        planner.ledger.load(study.platform.stamp.lineage.order)
        ready = planner.batches(planner.tasks())
        batch = next(b for b in ready if b.partition.period == period)
        result = study.platform.definitions.resolve_job_def("windows").execute_in_process(
            partition_key=batch.partition.key,
            asset_selection=[dg.AssetKey(asset) for asset in batch.assets],
            instance=instance,
        )
    assert result.success
    return bench.tracker.notes


def spread(bench: Bench, data: Path, periods: list[str], seed: int) -> None:
    """Fit each window in its own process, all at once; the notes come back to the bench."""
    work = [(bench.root, data, period, seed) for period in periods]
    pool = get_context("spawn").Pool(len(periods))
    try:
        found = pool.starmap(fit_window, work)
        pool.close()
        pool.join()
    finally:
        pool.terminate()
    for note in (note for notes in found for note in notes):
        bench.tracker.register(note)
