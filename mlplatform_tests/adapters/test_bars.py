"""The generator as a source of bars."""

from mlplatform.adapters.bars.synthetic import SyntheticBars
from mlplatform.domain.series import Series


def test_synthetic_bars_say_what_was_planted() -> None:
    source = SyntheticBars(Series.parse("MES-5m"), 7)
    assert source.note is not None
    assert "synthetic" in source.note.lower()
