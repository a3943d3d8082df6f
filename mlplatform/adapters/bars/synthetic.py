"""Bars from the synthetic generator: for the first look, and for tests whose truth is known."""

import polars as pl

from mlplatform.domain.series import Series
from mlplatform.synthetic.generation import generate
from mlplatform.synthetic.world import demo_world, describe


class SyntheticBars:
    """The demonstration world of a series: one year of sessions with a modest planted edge."""

    kind = "synthetic"

    def __init__(self, series: Series, seed: int) -> None:
        self._world = demo_world(series.instrument.symbol, series.timeframe.name, seed)
        self.note: str | None = describe(self._world)

    def read(self) -> pl.DataFrame:
        """All bars of the world."""
        return generate(self._world)
