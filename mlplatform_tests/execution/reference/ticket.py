"""An order as a plain object, and the slot that carries it from working to closed."""

from dataclasses import dataclass, field

from mlplatform.execution import Orders, Reason

INF = float("inf")


@dataclass
class Order:
    """One row of Orders; `targets` are (points, contracts), ended at the first infinite one."""

    row: int
    bar: int
    side: int
    quantity: int
    kind: int
    entry_limit: float
    entry_stop: float
    expiry_bars: int
    reference_price: float
    stop_points: float
    targets: list[tuple[float, int]]
    breakeven_trigger_points: float
    breakeven_offset_points: float
    trail_points: float
    trail_atr: float
    trail_activation_points: float
    time_exit_bars: int
    oco_group: int
    setup: int


def orders_of(orders: Orders) -> list[Order]:
    """The rows one by one, in the order given."""
    names = [name for name in Order.__dataclass_fields__ if name not in ("row", "targets")]
    columns = {name: orders.column(name).tolist() for name in names}
    points = orders.column("target_points").tolist()
    shares = orders.column("target_quantity").tolist()
    rows = []
    for row in range(len(orders)):
        targets = []
        for distance, contracts in zip(points[row], shares[row], strict=True):
            if distance == INF:
                break
            targets.append((distance, contracts))
        values = {name: column[row] for name, column in columns.items()}
        rows.append(Order(row=row, targets=targets, **values))
    return rows


@dataclass
class Ticket:
    """What happened to one accepted order so far."""

    order: Order
    is_open: bool = False
    is_closed: bool = False
    triggered: bool = False
    leaving: Reason | None = None
    """Why it leaves at the next open, where it does."""
    entry: float = 0.0
    entry_bar: int = -1
    first_held_bar: int = -1
    inside_on: object = None
    """The bar (or finer bar) inside which it was entered."""
    remaining: int = 0
    stop: float = -INF
    stop_reason: Reason = Reason.STOP
    targets: list[tuple[float, int]] = field(default_factory=list)
    """Levels and contracts still to be reached."""
    worst: float = 0.0
    best: float = 0.0
    exit_value: float = 0.0
    gross: float = 0.0
    commission: float = 0.0
    slippage: float = 0.0

    @property
    def side(self) -> int:
        """+1 long, -1 short."""
        return self.order.side

    @property
    def contracts(self) -> int:
        """Contracts held, or that its entry would hold."""
        return self.remaining if self.is_open else self.order.quantity

    def open_bracket(self) -> None:
        """Stop and targets, measured from the entry fill or from the reference price."""
        order, base = self.order, self.order.reference_price
        if base != base:
            base = self.entry
        self.stop = base - self.side * order.stop_points
        self.targets = [(base + self.side * points, n) for points, n in order.targets]

    def saw(self, price: float) -> None:
        """Count a price into both excursions."""
        self.saw_adverse(price)
        self.saw_favourable(price)

    def saw_adverse(self, price: float) -> None:
        """Count a price into the worst excursion."""
        self.worst = max(self.worst, self.side * (self.entry - price))

    def saw_favourable(self, price: float) -> None:
        """Count a price into the best excursion."""
        self.best = max(self.best, self.side * (price - self.entry))

    def move_stop(self, level: float, reason: Reason) -> None:
        """Strictly towards the market."""
        if self.side * (level - self.stop) > 0:
            self.stop = level
            self.stop_reason = reason

    def trail_distance(self, atr: float) -> float:
        """The smaller of both trails; a trail in ATR counts only where the ATR is known."""
        if self.order.trail_atr == INF or atr != atr:
            return self.order.trail_points
        return min(self.order.trail_points, self.order.trail_atr * atr)

    def move_stops_at_close(self, atr: float) -> None:
        """Break-even first, then the trail."""
        order = self.order
        if self.best >= order.breakeven_trigger_points:
            level = self.entry + self.side * order.breakeven_offset_points
            self.move_stop(level, Reason.BREAKEVEN)
        if self.best >= order.trail_activation_points:
            distance = self.trail_distance(atr)
            self.move_stop(self.entry + self.side * (self.best - distance), Reason.TRAIL)

    def trail_from_entry(self, atr: float) -> None:
        """A trail without activation holds from the fill on."""
        if self.order.trail_activation_points == 0:
            level = self.entry - self.side * self.trail_distance(atr)
            self.move_stop(level, Reason.TRAIL)
