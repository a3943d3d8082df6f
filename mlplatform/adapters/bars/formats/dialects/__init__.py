"""The dialects, each in the file of its vendor; the first that recognises a file speaks for it."""

from mlplatform.adapters.bars.formats.dialect import Dialect, Sample
from mlplatform.adapters.bars.formats.dialects import (
    databento,
    dukascopy,
    firstrate,
    interactive_brokers,
    lean,
    metatrader,
    ninjatrader,
    plain,
    tradingview,
    yahoo,
)

DIALECTS: tuple[Dialect, ...] = (
    databento.BARS,
    databento.TRADES,
    lean.BARS,
    lean.LONG_BARS,
    lean.QUOTES,
    metatrader.BARS,
    metatrader.TICK_VOLUME_BARS,
    metatrader.TICKS,
    ninjatrader.VOLUMETRIC,
    ninjatrader.BARS,
    ninjatrader.TICKS,
    ninjatrader.QUOTED_TICKS,
    dukascopy.BARS,
    dukascopy.QUOTES,
    yahoo.BARS,
    interactive_brokers.BARS,
    tradingview.BARS,
    firstrate.BARS,
    firstrate.BARE,
    plain.TICKS,
    plain.BARE,
    plain.BARE_DATE_AND_TIME,
    plain.BARS,
)


def dialect_of(sample: Sample) -> Dialect:
    """The dialect of a file; plain columns where no vendor is recognised."""
    return next(dialect for dialect in DIALECTS if dialect.recognises(sample))
