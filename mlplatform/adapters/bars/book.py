"""The book of bars: each series' chapter, as it is in the home or as it is about to be."""

from datetime import UTC, datetime

from mlplatform.adapters.bars.deliveries import Chapter, Deliveries, check_mixing
from mlplatform.adapters.bars.sources import open_source
from mlplatform.adapters.bars.staging import Staged, stage
from mlplatform.adapters.home import Home
from mlplatform.domain.periods import PeriodAxis
from mlplatform.domain.series import Series


class BarBook:
    """What assets and planner read of the outside world."""

    def __init__(self, home: Home, axis: PeriodAxis) -> None:
        self.home = home
        self.axis = axis
        self.deliveries = Deliveries(home.root / "deliveries")
        self._staged: dict[str, Staged] = {}

    def series(self) -> list[str]:
        """The series that the home knows."""
        return self.deliveries.series()

    def chapter(self, series: str) -> Chapter:
        """The series' bars; raises InputError where it has none."""
        staged = self._staged.get(series)
        if staged is not None:
            return Chapter((staged.delivery,), lambda _: staged.folder)
        return self.deliveries.chapter(series)

    def put(self, series: str, staged: Staged) -> None:
        """Look at a linked delivery as if it were taken in: nothing is written, yet a plan can be
        made. Raises InputError where it could not be.
        """
        check_mixing(series, self.deliveries.of(series), staged.delivery)
        self._staged[series] = staged

    def settle(self, series: str) -> None:
        """Take in what was put."""
        staged = self._staged.pop(series, None)
        if staged is not None:
            self.deliveries.add(series, staged)

    def refresh(self, series: str) -> None:
        """Read a linked source again: a file that changed, a network's newest bars."""
        for held in self.deliveries.of(series):
            if held.spec.kind == "synthetic" or (held.spec.kind == "file" and not held.is_linked):
                continue
            source = open_source(Series.parse(series), held.spec, self.home, datetime.now(UTC))
            if source.sha256 != held.sha256:
                self.deliveries.add(series, stage(source, self.axis, held.is_linked))
