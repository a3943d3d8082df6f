"""TensorFlow as this room wants it: one thread, deterministic kernels, imported only to train."""

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

from mlplatform.models.errors import NotTrainable

_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": "-1"}
"""TensorFlow's own switches, read once while it is imported: only fatal errors on stderr; no
kernels whose sums depend on the kind of processor; no search for a graphics card."""


class Backend(NamedTuple):
    """The modules that training needs."""

    tf: Any
    keras: Any


@cache
def backend() -> Backend:
    """TensorFlow and Keras 3, set up once for the whole process.

    One thread and deterministic kernels: sums in another order would be other weights. Raises
    NotTrainable where TensorFlow is not installed.
    """
    try:
        with _quiet():
            # No import statement: the types are unknown, and predicting must not need the library.
            tf = importlib.import_module("tensorflow")
            keras = importlib.import_module("keras")
    except ModuleNotFoundError as error:
        if error.name != "tensorflow":
            raise
        raise NotTrainable("tensorflow is not installed, so no network can be trained") from error
    _hold_own_stream()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    return Backend(tf, keras)


def _hold_own_stream() -> None:
    """TensorFlow's logger (absl) writes to the process's own standard error.

    It closes what it holds whenever logging is set up anew, as Dagster does for every run; a
    stream that stood for standard error while it was imported (a notebook's, a test's) would be
    closed under its owner.
    """
    absl = importlib.import_module("absl.logging")
    absl.get_absl_handler().python_handler.setStream(sys.__stderr__)


@contextmanager
def _quiet() -> Iterator[None]:
    """The switches set, and put back: the environment belongs to the process, not to this room.

    What native code says before it has read them goes nowhere; Python's own words stay.
    """
    before = {name: os.environ.get(name) for name in _QUIET}
    os.environ.update(_QUIET)
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
