"""Parameter sets of a bracket: multiples of the distances that the orders state."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlplatform.domain.errors import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Variants:
    """K parameter sets. `stop`, `target` and `trail`, of shape (K,) or a number, multiply the
    orders' own stop, target and trail distances.

    With `stop_points` and `target_points` of the orders set to the ATR, they are in ATR. Raises
    InputError where one is not positive and finite.
    """

    stop: Floats
    target: Floats
    trail: Floats

    def __init__(
        self, stop: ArrayLike = 1.0, target: ArrayLike = 1.0, trail: ArrayLike = 1.0
    ) -> None:
        scales = np.broadcast_arrays(
            *(np.atleast_1d(np.asarray(scale, np.float64)) for scale in (stop, target, trail))
        )
        for name, scale in zip(("stop", "target", "trail"), scales, strict=True):
            good = np.isfinite(scale) & (scale > 0)
            if not good.all():
                k = int(np.argmin(good))
                raise InputError(
                    f"Variant {k} has the {name} multiple {scale[k]}: give one above 0."
                )
            object.__setattr__(self, name, scale)

    def __len__(self) -> int:
        return len(self.stop)


def over_threads(work: Callable[[int], None], items: Iterable[int], threads: int) -> None:
    """Run the work for each item; the compiled step lets go of the interpreter lock."""
    if threads <= 1:
        for item in items:
            work(item)
        return
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(work, items):
            pass
