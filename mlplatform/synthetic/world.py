"""What a synthetic world is made of: market, days, seed, and the edge planted in it."""

from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from mlplatform.domain.errors import InputError
from mlplatform.domain.instrument import Instrument, instrument_of
from mlplatform.domain.series import Timeframe

CELL_SECONDS = 15
"""The grid on which every world is simulated; bars are made of whole cells."""
_LONGEST_BAR_SECONDS = 3600
_USUAL_START_POINTS = {"ES": 6000.0, "MES": 6000.0, "NQ": 21000.0, "MNQ": 21000.0}


@dataclass(frozen=True)
class Edge:
    """A trend that holds while the market is busy, and turns while it is calm.

    Spells alternate, busy and calm, their lengths geometric and so without memory. The trend of
    the moment is the sign of EMA 20 minus EMA 50 of the bars' closes. In a busy spell every bar
    drifts with the trend by `drift_frac` of the bar's own standard deviation, and volume is
    `volume_ratio` times the usual. In a calm spell it drifts against the trend by `reversal_frac`,
    on usual volume. So a setup in the direction of the trend gains on average while volume is
    raised for the time of day, and loses otherwise; taken without that condition it earns about
    nothing. Nothing else predicts price.
    """

    drift_frac: float
    """Drift per busy bar, with the trend, as a fraction of the bar's standard deviation."""
    reversal_frac: float = 0.0
    """Drift per calm bar, against the trend, likewise."""
    volume_ratio: float = 3.0
    busy_bars: float = 45.0
    """Mean length of a busy spell."""
    calm_bars: float = 60.0
    """Mean length of a calm spell."""

    def __post_init__(self) -> None:
        if min(self.drift_frac, self.reversal_frac) < 0 or self.volume_ratio <= 0:
            raise InputError("An edge needs drift_frac, reversal_frac >= 0 and volume_ratio > 0.")
        if min(self.busy_bars, self.calm_bars) < 1:
            raise InputError("An edge needs spells of one bar or more: busy_bars, calm_bars >= 1.")

    @property
    def busy_frac(self) -> float:
        """Share of all bars that are busy."""
        return self.busy_bars / (self.busy_bars + self.calm_bars)


NO_DRIFT = Edge(0.0)
"""What a world without an edge does: the same busy spells, which say nothing about price."""
EDGES = MappingProxyType(
    {
        "none": None,
        "weak": Edge(0.10, 0.04),
        "modest": Edge(0.18, 0.08),
        "strong": Edge(0.26, 0.11),
    }
)
"""The planted strengths by name."""


@dataclass(frozen=True)
class World:
    """One synthetic market: the same world and seed give the same bars, byte for byte.

    A world of more sessions begins with the bars of the shorter one. Worlds that differ only in
    the edge share all their random draws, so that they can be compared in pairs.
    """

    instrument: Instrument
    timeframe: Timeframe
    first_day: date
    """The first CME trading day on or after it opens the world."""
    sessions: int
    seed: int
    edge: Edge | None = None
    start_points: float = 0.0
    """First price; 0 stands for the instrument's usual level."""
    annual_volatility_frac: float = 0.14
    """Of the walk alone; the drift of an edge comes on top."""

    def __post_init__(self) -> None:
        seconds = self.timeframe.seconds
        if seconds % CELL_SECONDS or seconds > _LONGEST_BAR_SECONDS:
            raise InputError(
                f"Synthetic bars cannot be {self.timeframe.name} long: "
                "use a multiple of 15s up to 1h, such as 15s, 1m or 5m."
            )
        if self.sessions < 1:
            raise InputError(f"A world of {self.sessions} sessions is empty: ask for 1 or more.")
        if self.seed < 0:
            raise InputError(f"The seed {self.seed} is negative: use 0 or more.")
        if self.start_points < 0 or self.annual_volatility_frac <= 0:
            raise InputError("A world needs start_points >= 0 and annual_volatility_frac > 0.")

    @property
    def first_price(self) -> float:
        """The price the world starts at, points."""
        return self.start_points or _USUAL_START_POINTS.get(self.instrument.symbol, 1000.0)

    @property
    def cells_per_bar(self) -> int:
        """How many cells of the simulation grid make one bar."""
        return self.timeframe.seconds // CELL_SECONDS


def demo_world(
    symbol: str = "MES", timeframe: str = "5m", seed: int = 7, strength: str = "modest"
) -> World:
    """The demonstration world: all 258 CME sessions of 2025, with an edge of a named strength.

    Raises InputError where instrument, timeframe or strength is unknown.
    """
    if strength not in EDGES:
        raise InputError(f"Unknown strength '{strength}': use one of {', '.join(EDGES)}.")
    return World(
        instrument_of(symbol), Timeframe(timeframe), date(2025, 1, 2), 258, seed, EDGES[strength]
    )


def describe(world: World) -> str:
    """One sentence for a report's first line: synthetic, the seed, and what was planted."""
    edge = world.edge
    opening = (
        f"Synthetic bars, not market data: {world.sessions} sessions of {world.timeframe.name} "
        f"{world.instrument.symbol} from {world.first_day.isoformat()}, seed {world.seed}; "
        "planted: "
    )
    if edge is None or edge.drift_frac == edge.reversal_frac == 0:
        return opening + "no edge, price is a walk without drift and volume says nothing about it."
    return opening + (
        f"in busy spells ({edge.busy_frac:.0%} of bars, {edge.busy_bars:g} on average, "
        f"{edge.volume_ratio:g} times the usual volume) price drifts with its trend (EMA 20 "
        f"against EMA 50) by {edge.drift_frac:g} standard deviations a bar, in calm ones against "
        f"it by {edge.reversal_frac:g}."
    )
