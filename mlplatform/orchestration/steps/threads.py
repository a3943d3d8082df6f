"""How many threads the libraries of a step may start, so that steps side by side share the cores.

None of it changes a byte of what is computed.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from mlplatform.settings import StudySettings

_NAMES = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
_NAMES += ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


def thread_limits(cores: int) -> dict[str, str]:
    """What keeps the libraries on so many cores, as environment; they read it when they start."""
    return dict.fromkeys(_NAMES, str(cores))


@contextmanager
def limited_to(cores: int) -> Iterator[None]:
    """Processes that start now find these limits in their environment."""
    limits = thread_limits(cores)
    before = {name: os.environ.get(name) for name in limits}
    os.environ.update(limits)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def step_cores(settings: StudySettings) -> int:
    """The cores of one step: all that are here, a share of them, or what it asks elsewhere."""
    here = os.cpu_count() or 1
    if settings.executor == "in_process":
        return here
    if settings.executor == "multiprocess":
        return max(1, here // settings.windows_at_once)
    return settings.step_cores


def families_at_once(settings: StudySettings) -> int:
    """Families fitted side by side, as far as the step has cores."""
    return min(settings.model_threads, step_cores(settings))
