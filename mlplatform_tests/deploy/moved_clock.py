"""Dagster's own programs with a clock that a file moves: `python -m ... MODULE ARGUMENTS`.

MOVED_CLOCK names the file; it holds seconds to add to the machine's clock. The scheduler and the
sensors look every second instead of every minute: nobody waits for the machine's minute to end.
Nothing else of Dagster differs, and nothing of ours.
"""

import importlib
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import dagster._time as clock
from dagster._daemon import sensor
from dagster._scheduler import scheduler

FILE = "MOVED_CLOCK"


def now() -> float:
    """Seconds since 1970 by the moved clock."""
    return time.time() + float(Path(os.environ[FILE]).read_text())


if __name__ == "__main__":
    clock._mockable_get_current_timestamp = now
    clock._mockable_get_current_datetime = lambda: datetime.fromtimestamp(now(), UTC)
    scheduler._get_next_scheduler_iteration_time = lambda start: start + 1
    sensor.MIN_INTERVAL_LOOP_TIME = 1
    program = sys.argv.pop(1)
    sys.argv[0] = program
    importlib.import_module(program).main()
