"""The futures contracts that the platform knows, with their money per point and their costs."""

from dataclasses import dataclass

from mlplatform.domain.errors import InputError


@dataclass(frozen=True)
class Instrument:
    """One futures product. Prices are in index points, money in USD per contract."""

    symbol: str
    name: str
    tick_points: float
    multiplier_usd: float
    """USD per point and contract."""
    commission_usd: float
    """Commission and exchange fees, per side and contract."""
    slippage_ticks: float
    """Expected slippage of one market or stop fill."""
    yahoo_symbol: str


_TABLE = (
    Instrument("ES", "E-mini S&P 500", 0.25, 50.0, 2.15, 1.0, "ES=F"),
    Instrument("MES", "Micro E-mini S&P 500", 0.25, 5.0, 0.62, 1.0, "MES=F"),
    Instrument("NQ", "E-mini Nasdaq-100", 0.25, 20.0, 2.15, 1.0, "NQ=F"),
    Instrument("MNQ", "Micro E-mini Nasdaq-100", 0.25, 2.0, 0.62, 1.0, "MNQ=F"),
)
INSTRUMENTS = {row.symbol: row for row in _TABLE}


def instrument_of(symbol: str) -> Instrument:
    """The instrument of that name; raises InputError that lists the known ones."""
    try:
        return INSTRUMENTS[symbol.upper()]
    except KeyError:
        known = ", ".join(INSTRUMENTS)
        raise InputError(f"Unknown instrument '{symbol}': use one of {known}.") from None
