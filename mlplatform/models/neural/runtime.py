"""TensorFlow as this room wants it: one thread, deterministic kernels, imported only to train."""

import importlib
from functools import cache
from typing import Any, NamedTuple

from mlplatform.models.errors import NotTrainable


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
        # Not an import statement: the types are unknown, and predicting must not need the library.
        tf = importlib.import_module("tensorflow")
    except ModuleNotFoundError as error:
        if error.name != "tensorflow":
            raise
        raise NotTrainable("tensorflow is not installed, so no network can be trained") from error
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    return Backend(tf, importlib.import_module("keras"))
