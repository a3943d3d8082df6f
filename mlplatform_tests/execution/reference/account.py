"""Cash, marks, fills and trades, and the limits that stop a session."""

from dataclasses import dataclass, field

from mlplatform.execution import FillPolicy, Outcome, Reason, Rules
from mlplatform_tests.execution.reference.bar import Bar
from mlplatform_tests.execution.reference.prices import mark_of, rounded_against, slip_points
from mlplatform_tests.execution.reference.ticket import INF, Ticket


@dataclass
class Fill:
    """One fill, as FILLS shows it; `row` is the order."""

    row: int
    bar: int
    side: int
    contracts: int
    price: float
    commission: float
    reason: Reason


@dataclass
class Trade:
    """One closed trade, as TRADES shows it."""

    row: int
    setup: int
    side: int
    contracts: int
    decision_bar: int
    entry_bar: int
    exit_bar: int
    entry_price: float
    exit_price: float
    stop_points: float
    target_points: float
    reason: Reason
    gross: float
    commission: float
    slippage: float
    net: float
    r: float
    mae: float
    mfe: float


@dataclass
class Account:
    """Money and the session's counters."""

    rules: Rules
    cash: float
    equity: float
    """The last mark."""
    session_start: float
    session: int | None = None
    entries: int = 0
    losses: int = 0
    stopped_by: Outcome | None = None
    peak: float = 0.0
    """The highest end of a bar, or where it began."""
    fills: list[Fill] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)
    equities: list[float] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)

    @property
    def fallen(self) -> float:
        """The share of its highest mark that the account has lost."""
        highest = max(self.peak, self.equity)
        return (highest - self.equity) / highest if highest > 0 else 1.0

    def start_bar(self, bar: Bar) -> None:
        """Step 0: a new session starts at zero."""
        if bar.session != self.session:
            self.session = bar.session
            self.session_start = self.equity
            self.entries = 0
            self.losses = 0
            self.stopped_by = None

    def end_bar(self, positions: list[Ticket]) -> None:
        """Write the bar's row of the equity table."""
        self.equities.append(self.equity)
        self.peak = max(self.peak, self.equity)
        self.positions.append(sum(ticket.side * ticket.remaining for ticket in positions))

    def mark_and_judge(self, positions: list[Ticket], bar: Bar) -> None:
        """Steps 3.2 and 3.3."""
        mark = mark_of(bar, self.rules.fill_policy)
        self.equity = self.cash
        for ticket in positions:
            points = ticket.side * (mark - ticket.entry)
            self.equity += points * ticket.remaining * self.rules.multiplier_usd
        limits = self.rules.limits
        lost = self.session_start - self.equity
        if limits.max_daily_loss_usd and lost >= limits.max_daily_loss_usd:
            self.stopped_by = Outcome.REFUSED_DAILY_LOSS
        if limits.max_losses_per_session and self.losses >= limits.max_losses_per_session:
            # Where both limits stopped the session, the loss in USD is named.
            self.stopped_by = self.stopped_by or Outcome.REFUSED_LOSSES

    def enter(self, ticket: Ticket, bar: Bar, raw: float, is_limit: bool, atr: float) -> None:
        """Book an entry fill and open the ticket."""
        contracts = ticket.order.quantity
        price = self.fill(ticket, bar, ticket.side, contracts, raw, is_limit, atr, Reason.ENTRY)
        ticket.is_open = True
        ticket.entry = price
        ticket.entry_bar = bar.index
        ticket.remaining = contracts
        self.entries += 1

    def leave(
        self, ticket: Ticket, bar: Bar, raw: float, contracts: int, reason: Reason, atr: float
    ) -> None:
        """Book an exit fill, and the trade with the last contract."""
        is_limit = reason == Reason.TARGET
        price = self.fill(ticket, bar, -ticket.side, contracts, raw, is_limit, atr, reason)
        gain = ticket.side * (price - ticket.entry) * contracts * self.rules.multiplier_usd
        self.cash += gain
        ticket.gross += gain
        ticket.exit_value += price * contracts
        ticket.remaining -= contracts
        ticket.saw(raw)
        if ticket.remaining == 0:
            self.close(ticket, bar, reason)

    def fill(
        self,
        ticket: Ticket,
        bar: Bar,
        side: int,
        contracts: int,
        raw: float,
        is_limit: bool,
        atr: float,
        reason: Reason,
    ) -> float:
        """Costs and rounding of one fill; its price."""
        rules = self.rules
        slip = 0.0 if is_limit else slip_points(rules, raw, contracts, bar.volume, atr)
        price = rounded_against(raw + side * slip, side, rules.tick_points)
        fair = raw
        if rules.fill_policy == FillPolicy.QUOTE_CLOSE and not is_limit:
            fair = mark_of(bar, rules.fill_policy)
        commission = rules.commission_usd * contracts
        self.cash -= commission
        ticket.commission += commission
        ticket.slippage += side * (price - fair) * contracts * rules.multiplier_usd
        row = ticket.order.row
        self.fills.append(Fill(row, bar.index, side, contracts, price, commission, reason))
        return price

    def close(self, ticket: Ticket, bar: Bar, reason: Reason) -> None:
        """Write the trade and count a loss."""
        order = ticket.order
        net = ticket.gross - ticket.commission
        if net < 0:
            self.losses += 1
        risk = order.stop_points * order.quantity * self.rules.multiplier_usd
        self.trades.append(
            Trade(
                row=order.row,
                setup=order.setup,
                side=order.side,
                contracts=order.quantity,
                decision_bar=order.bar,
                entry_bar=ticket.entry_bar,
                exit_bar=bar.index,
                entry_price=ticket.entry,
                exit_price=ticket.exit_value / order.quantity,
                stop_points=order.stop_points,
                target_points=order.targets[0][0] if order.targets else INF,
                reason=reason,
                gross=ticket.gross,
                commission=ticket.commission,
                slippage=ticket.slippage,
                net=net,
                r=net / risk if order.stop_points < INF else float("nan"),
                mae=ticket.worst,
                mfe=ticket.best,
            )
        )
