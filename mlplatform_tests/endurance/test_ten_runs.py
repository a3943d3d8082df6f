"""Ten runs at once on Postgres: all services of the compose file, the queue and ten processes."""

import os
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from mlplatform.domain.instrument import instrument_of
from mlplatform.domain.series import Timeframe
from mlplatform.synthetic.generation import generate
from mlplatform.synthetic.world import EDGES, World
from mlplatform_tests.deploy.stack import Stack, postgres_programs, stack
from mlplatform_tests.deploy.test_stack import ask, keys, rows

pytestmark = [
    pytest.mark.skipif(
        "MLPLATFORM_SOAK" not in os.environ,
        reason="ten processes of half a gigabyte each: `make soak` runs it",
    ),
    pytest.mark.skipif(
        postgres_programs() is None, reason="there is no Postgres (package postgresql) here"
    ),
]
RUNS = 10
SYMBOLS = ("ES", "MES", "NQ", "MNQ")
MINUTES = (5, 10, 15)
SERIES = [f"{symbol}-{minutes}m" for minutes in MINUTES for symbol in SYMBOLS][:RUNS]
PERIOD = "2025-01"
ASSETS = ("features", "candidates", "labels")
PATIENT_S = 900


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All services, ten runs allowed at once, and bars of ten series taken in."""
    folder = tmp_path_factory.mktemp("bars")
    with stack({"MLPLATFORM_RUNS": str(RUNS)}) as services:
        for seed, name in enumerate(SERIES):
            symbol, _, length = name.partition("-")
            path = bars_file(folder / f"{name}.parquet", symbol, length, seed)
            words = ["mlplatform", "ingest", str(path), "--instrument", symbol]
            done = services.run([*words, "--timeframe", length])
            assert done.returncode == 0, done.stderr
        yield services


def bars_file(path: Path, symbol: str, length: str, seed: int) -> Path:
    """Eight sessions of bars, of a world of their own."""
    world = World(
        instrument_of(symbol), Timeframe(length), date(2025, 1, 2), 8, seed, EDGES["strong"]
    )
    generate(world).drop("row", "contract").write_parquet(path)
    return path


def test_ten_runs_at_once_on_postgres_succeed(up: Stack) -> None:
    partitions = ", ".join(f'"{PERIOD}|{name}"' for name in SERIES)
    selection = ", ".join(f'{{path: ["{asset}"]}}' for asset in ASSETS)
    asked = ask(
        up,
        f"mutation {{ launchPartitionBackfill(backfillParams: {{assetSelection: [{selection}], "
        f"partitionNames: [{partitions}]}}) {{ __typename ... on LaunchBackfillSuccess "
        "{ backfillId } ... on PythonError { message } } }",
    )["launchPartitionBackfill"]
    assert asked["__typename"] == "LaunchBackfillSuccess", asked
    found = _ended(up)
    assert [status for status, _, _ in found] == ["SUCCESS"] * RUNS
    at_once = max(sum(start <= moment < end for _, start, end in found) for _, moment, _ in found)
    assert at_once >= RUNS // 2, f"they ran side by side: {found}"
    held = keys(up, "lake")
    made = {f"{asset}/{name}/{PERIOD}.parquet" for asset in ASSETS for name in SERIES}
    assert made <= set(held)
    told = rows(
        up,
        "dagster",
        "SELECT partition, count(*) FROM event_logs WHERE asset_key = '[\"labels\"]' "
        "AND dagster_event_type = 'ASSET_MATERIALIZATION' GROUP BY partition",
    )
    assert sorted(told) == sorted((f"{PERIOD}|{name}", 1) for name in SERIES), "each once"


def _ended(up: Stack) -> list[tuple[str, float, float]]:
    """Status, launch of the process and end of the ten runs, once all have ended."""
    query = (
        "SELECT status, extract(epoch FROM event_logs.timestamp)::float, end_time FROM runs "
        "JOIN event_logs USING (run_id) WHERE run_body LIKE '%dagster/backfill%' "
        "AND dagster_event_type = 'PIPELINE_STARTING'"
    )
    deadline = time.monotonic() + PATIENT_S
    while time.monotonic() < deadline:
        found = rows(up, "dagster", query)
        if len(found) == RUNS and all(end is not None for _, _, end in found):
            return found  # type: ignore[return-value]
        time.sleep(2)
    raise AssertionError(f"{rows(up, 'dagster', query)}\n{up.log('daemon')}")
