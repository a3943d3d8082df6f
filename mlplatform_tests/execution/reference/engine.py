"""The bar loop of docs/execution.md, step by step, over plain objects."""

from dataclasses import dataclass, field

from mlplatform.execution import (
    BarArrays,
    FillPolicy,
    OrderKind,
    Orders,
    Outcome,
    Reason,
    Rules,
)
from mlplatform_tests.execution.reference import decisions, intrabar
from mlplatform_tests.execution.reference.account import Account, Fill, Trade
from mlplatform_tests.execution.reference.bar import Bar, bars_of
from mlplatform_tests.execution.reference.prices import (
    is_better,
    market_at_close,
    rounded_in_favour,
)
from mlplatform_tests.execution.reference.ticket import Order, Ticket, orders_of


@dataclass
class Engine:
    """A run in progress; `slots` holds a ticket or None, the lowest free one is taken."""

    rules: Rules
    account: Account
    slots: list[Ticket | None] = field(default_factory=list)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    previous_atr: float = float("nan")
    """ATR of the last completed bar."""
    ambiguous_bars: int = 0
    resolved_bars: int = 0

    @property
    def fills_at_close(self) -> bool:
        """Whether market orders fill at the close of their decision bar."""
        return self.rules.fill_policy != FillPolicy.NEXT_OPEN

    def tickets(self) -> list[Ticket]:
        """Tickets by slot number."""
        return [ticket for ticket in self.slots if ticket is not None]

    def working(self) -> list[Ticket]:
        """Entries that wait, by slot number."""
        return [ticket for ticket in self.tickets() if not ticket.is_open]

    def open(self) -> list[Ticket]:
        """Positions, by slot number."""
        return [ticket for ticket in self.tickets() if ticket.is_open]

    def place(self, ticket: Ticket) -> None:
        """Into the lowest free slot."""
        if None not in self.slots:
            self.slots.append(None)
        self.slots[self.slots.index(None)] = ticket

    def remove(self, ticket: Ticket) -> None:
        """Free the slot."""
        ticket.is_closed = True
        self.slots = [None if held is ticket else held for held in self.slots]

    def cancel(self, ticket: Ticket, why: Outcome) -> None:
        """Take a working entry away."""
        self.outcomes[ticket.order.row] = why
        self.remove(ticket)

    def enter(self, ticket: Ticket, bar: Bar, raw: float, is_limit: bool, at: str) -> None:
        """Fill an entry; the others of its group go."""
        atr = bar.atr if at == "close" else self.previous_atr
        self.account.enter(ticket, bar, raw, is_limit, atr)
        self.outcomes[ticket.order.row] = Outcome.FILLED
        ticket.open_bracket()
        ticket.trail_from_entry(atr)
        ticket.first_held_bar = bar.index + 1 if at == "close" else bar.index
        ticket.inside_on = bar if at == "inside" else None
        for other in self.working():
            if other.order.oco_group >= 0 and other.order.oco_group == ticket.order.oco_group:
                self.cancel(other, Outcome.CANCELLED_OCO)

    def leave(
        self,
        ticket: Ticket,
        bar: Bar,
        raw: float,
        reason: Reason,
        at: str,
        contracts: int | None = None,
    ) -> None:
        """Fill an exit; without a number of contracts, all that is left."""
        atr = bar.atr if at == "close" else self.previous_atr
        count = ticket.remaining if contracts is None else min(contracts, ticket.remaining)
        if count == 0:
            return
        self.account.leave(ticket, bar, raw, count, reason, atr)
        if ticket.remaining == 0:
            self.remove(ticket)

    def step(self, bar: Bar, decided: list[Order], finer: list[Bar]) -> None:
        """One bar, in order."""
        self.account.start_bar(bar)
        self.at_open(bar)
        intrabar.trade_bar(self, bar, finer)
        self.at_close(bar)
        for order in decided:
            decisions.decide(self, order, bar)
        if self.fills_at_close and decided:
            self.account.mark_and_judge(self.open(), bar)
        self.account.end_bar(self.open())
        self.previous_atr = bar.atr

    def at_open(self, bar: Bar) -> None:
        """Step 1: first exits, then entries."""
        for ticket in self.open():
            self.exit_at_open(ticket, bar)
        for ticket in self.working():
            if not ticket.is_closed:
                self.enter_at_open(ticket, bar)

    def exit_at_open(self, ticket: Ticket, bar: Bar) -> None:
        """Step 1.1."""
        stops_fill_at_open = self.rules.fill_policy != FillPolicy.QUOTE_CLOSE
        if ticket.leaving is not None:
            self.leave(ticket, bar, bar.open, ticket.leaving, "open")
        elif stops_fill_at_open and ticket.side * (bar.open - ticket.stop) <= 0:
            self.leave(ticket, bar, bar.open, ticket.stop_reason, "open")
        else:
            while ticket.targets and ticket.side * (bar.open - ticket.targets[0][0]) > 0:
                _, contracts = ticket.targets.pop(0)
                self.leave(ticket, bar, bar.open, Reason.TARGET, "open", contracts)

    def enter_at_open(self, ticket: Ticket, bar: Bar) -> None:
        """Step 1.2."""
        order, side = ticket.order, ticket.side
        if order.kind == OrderKind.MARKET:
            self.enter(ticket, bar, bar.open, False, "open")
            return
        limit = rounded_in_favour_or_nan(order.entry_limit, side, self.rules.tick_points)
        reached = side * (bar.open - order.entry_stop) >= 0
        if order.kind == OrderKind.STOP:
            if reached and self.rules.fill_policy != FillPolicy.QUOTE_CLOSE:
                self.enter(ticket, bar, bar.open, False, "open")
            return
        if order.kind == OrderKind.STOP_LIMIT and reached:
            ticket.triggered = True
        waits_as_limit = order.kind == OrderKind.LIMIT or ticket.triggered
        if waits_as_limit and is_better(side, bar.open, limit):
            self.enter(ticket, bar, bar.open, True, "open")

    def at_close(self, bar: Bar) -> None:
        """Step 3: exits at the close or moved stops, mark, limits, cancelled entries."""
        for ticket in self.open():
            reason = self.reason_to_leave_at_close(ticket, bar)
            if reason is None:
                ticket.move_stops_at_close(bar.atr)
            else:
                raw = market_at_close(bar, -ticket.side, self.rules.fill_policy)
                self.leave(ticket, bar, raw, reason, "close")
        self.account.mark_and_judge(self.open(), bar)
        for ticket in self.working():
            why = self.reason_to_cancel(ticket, bar)
            if why is not None:
                self.cancel(ticket, why)

    def reason_to_leave_at_close(self, ticket: Ticket, bar: Bar) -> Reason | None:
        """Step 3.1."""
        if bar.last_of_session and self.rules.flatten_at_session_end:
            return Reason.SESSION
        if bar.last_of_contract:
            return Reason.ROLL
        held = bar.index - ticket.first_held_bar + 1
        if ticket.order.time_exit_bars and held >= ticket.order.time_exit_bars:
            return Reason.TIME
        return None

    def reason_to_cancel(self, ticket: Ticket, bar: Bar) -> Outcome | None:
        """Step 3.4."""
        if bar.last_of_session and self.rules.flatten_at_session_end:
            return Outcome.CANCELLED_SESSION
        if bar.last_of_contract:
            return Outcome.CANCELLED_ROLL
        if self.account.stopped_by is not None:
            return Outcome.CANCELLED_LIMIT
        if bar.no_entry:
            return Outcome.CANCELLED_WINDOW
        if ticket.order.expiry_bars and bar.index - ticket.order.bar >= ticket.order.expiry_bars:
            return Outcome.CANCELLED_EXPIRY
        return None


def rounded_in_favour_or_nan(price: float, side: int, tick: float | None) -> float:
    """The limit as it works; orders without one have NaN."""
    return price if price != price else rounded_in_favour(price, side, tick)


@dataclass
class Result:
    """What the reference engine made of a run."""

    fills: list[Fill]
    trades: list[Trade]
    equity: list[float]
    positions: list[int]
    outcomes: list[Outcome]
    ambiguous_bars: int
    resolved_bars: int


def run(
    arrays: BarArrays,
    orders: Orders,
    rules: Rules,
    capital_usd: float = 50_000.0,
    finer: BarArrays | None = None,
) -> Result:
    """Trade the orders over the bars."""
    bars = bars_of(arrays, rules.limits)
    rows = orders_of(orders)
    account = Account(
        rules, cash=capital_usd, equity=capital_usd, session_start=capital_usd, peak=capital_usd
    )
    engine = Engine(rules, account)
    parts = intrabar.parts_of(bars, arrays, finer)
    for bar in bars:
        decided = [row for row in rows if row.bar == bar.index]
        engine.step(bar, decided, parts[bar.index])
    return Result(
        account.fills,
        account.trades,
        account.equities,
        account.positions,
        [engine.outcomes.get(row.row, Outcome.UNSEEN) for row in rows],
        engine.ambiguous_bars,
        engine.resolved_bars,
    )
