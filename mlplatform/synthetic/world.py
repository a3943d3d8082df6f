"""What a synthetic world is made of: market, days, seed, and the edge planted in it."""

from dataclasses import dataclass, field
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
    """Hidden trends that volume gives away.

    The market alternates between calm spells and busy spells, their lengths exponential and so
    without memory. A busy spell trends up or down, each with probability one half: every bar of
    it drifts by `drift_frac` of that bar's own standard deviation, and volume is `volume_ratio`
    times the usual. In a calm spell price is a walk without drift, and volume is as usual. So a
    setup in the direction of a trend gains on average while volume is raised for the time of
    day, and pays its costs without return while it is not. Nothing else predicts price.
    """

    drift_frac: float
    """Drift per bar, as a fraction of the bar's standard deviation."""
    volume_ratio: float = 2.0
    trend_bars: float = 45.0
    """Mean length of a trending spell."""
    calm_bars: float = 70.0
    """Mean length of a spell without trend."""

    def __post_init__(self) -> None:
        if self.drift_frac < 0 or min(self.volume_ratio, self.trend_bars, self.calm_bars) <= 0:
            raise InputError(
                "An edge needs drift_frac >= 0, and volume_ratio, trend_bars, calm_bars > 0."
            )


NO_DRIFT = Edge(0.0)
"""What a world without an edge does: the same busy spells, which say nothing about price."""
EDGES = MappingProxyType(
    {"none": None, "weak": Edge(0.08), "modest": Edge(0.14), "strong": Edge(0.20)}
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
    start_points: float = field(default=0.0)
    """First price; 0 stands for the instrument's usual level."""
    annual_volatility_frac: float = 0.15
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
    """The demonstration world: all 259 CME sessions of 2025, with an edge of a named strength.

    Raises InputError where instrument, timeframe or strength is unknown.
    """
    if strength not in EDGES:
        raise InputError(f"Unknown strength '{strength}': use one of {', '.join(EDGES)}.")
    return World(
        instrument_of(symbol), Timeframe(timeframe), date(2025, 1, 2), 259, seed, EDGES[strength]
    )


def describe(world: World) -> str:
    """One sentence for a report's first line: synthetic, the seed, and what was planted."""
    edge = world.edge
    opening = (
        f"Synthetic bars, not market data: {world.sessions} sessions of {world.timeframe.name} "
        f"{world.instrument.symbol} from {world.first_day.isoformat()}, seed {world.seed}; "
        "planted: "
    )
    if edge is None or edge.drift_frac == 0:
        return opening + "no edge, price is a walk without drift and volume says nothing about it."
    share = edge.trend_bars / (edge.trend_bars + edge.calm_bars)
    return opening + (
        f"hidden trends ({share:.0%} of the time, {edge.trend_bars:g} bars on average) with a "
        f"drift of {edge.drift_frac:g} standard deviations a bar and {edge.volume_ratio:g} times "
        "the usual volume, no drift otherwise."
    )
