"""The rules of a run: costs, fill policy, limits. All of them are shown in the report."""

from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from mlplatform.domain.errors import InputError
from mlplatform.domain.instrument import Instrument
from mlplatform.execution.codes import FillPolicy, PositionMode


@dataclass(frozen=True)
class Limits:
    """What keeps new trades from starting; 0 (or an empty tuple) turns a limit off.

    `windows` are spans of exchange time (Chicago) as ("08:30", "15:00"), the end excluded; a
    decision counts at its bar's end. `no_entry_minutes` and `no_entry_bars` close the session
    early for entries. The loss limits stop trading until the next session.

    The last four know the running account. What all open and working trades can lose at their
    stops stays within `max_heat_frac` of equity: an order gets as many contracts as fit. From a
    fall of `drawdown_starts_frac` below the account's peak on, an order's contracts shrink evenly,
    to one at `drawdown_ends_frac`. From `max_drawdown_frac` on nothing is entered any more.
    """

    max_contracts: int = 0
    margin_usd: float = 0.0
    """Initial margin per contract."""
    max_daily_loss_usd: float = 0.0
    max_trades_per_session: int = 0
    max_losses_per_session: int = 0
    no_entry_minutes: int = 0
    no_entry_bars: int = 0
    windows: tuple[tuple[str, str], ...] = ()
    max_heat_frac: float = 0.0
    drawdown_starts_frac: float = 0.0
    drawdown_ends_frac: float = 0.0
    max_drawdown_frac: float = 0.0

    def __post_init__(self) -> None:
        if self.drawdown_ends_frac and not self.drawdown_starts_frac < self.drawdown_ends_frac:
            raise InputError(
                f"drawdown_starts_frac {self.drawdown_starts_frac} must lie below "
                f"drawdown_ends_frac {self.drawdown_ends_frac}."
            )


@dataclass(frozen=True)
class Rules:
    """Values of a run; money in USD per contract, distances in ticks of `tick_points`.

    `tick_points=None` turns rounding off, and then nothing may be stated in ticks. A market or
    stop fill pays `slippage_ticks + spread_ticks / 2` ticks, plus `slippage_atr_frac` of the
    ATR known at the time, plus `impact_frac * price * share ** 2` where the share is
    `min(quantity / volume, impact_share_cap)` (zipline's VolumeShareSlippage); a limit fill pays
    none of them. Raises InputError.
    """

    tick_points: float | None = 0.25
    multiplier_usd: float = 1.0
    commission_usd: float = 0.0
    """Per side and contract."""
    slippage_ticks: float = 0.0
    spread_ticks: float = 0.0
    slippage_atr_frac: float = 0.0
    impact_frac: float = 0.0
    impact_share_cap: float = 0.025
    limit_through_ticks: float = 1.0
    fill_policy: FillPolicy = FillPolicy.NEXT_OPEN
    mode: PositionMode = PositionMode.ONE_POSITION
    reverse: bool = False
    """An opposite market order closes the running trade and enters."""
    max_entries: int = 1
    """Entries that may run in one direction at a time; more than 1 is scaling in."""
    flatten_at_session_end: bool = True
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        if self.tick_points is not None and not self.tick_points > 0:
            raise InputError(
                f"A tick of {self.tick_points} points is impossible: give the instrument's tick, "
                "or None to turn rounding off."
            )
        in_ticks = (self.slippage_ticks, self.spread_ticks, self.limit_through_ticks)
        if self.tick_points is None and any(in_ticks):
            raise InputError(
                "tick_points=None turns rounding off and leaves a tick without a size: set "
                "slippage_ticks, spread_ticks and limit_through_ticks to 0 as well."
            )
        if not (isfinite(self.multiplier_usd) and self.multiplier_usd > 0):
            raise InputError(f"multiplier_usd must be positive, not {self.multiplier_usd}.")
        if self.max_entries < 1:
            raise InputError(f"max_entries must be 1 or more, not {self.max_entries}.")
        _refuse_negative(self)
        _refuse_negative(self.limits)

    @classmethod
    def for_instrument(cls, instrument: Instrument, **changes: Any) -> "Rules":
        """The instrument's tick, multiplier, commission and slippage, with changes."""
        rules = cls(
            tick_points=instrument.tick_points,
            multiplier_usd=instrument.multiplier_usd,
            commission_usd=instrument.commission_usd,
            slippage_ticks=instrument.slippage_ticks,
        )
        return replace(rules, **changes)


def _refuse_negative(values: Rules | Limits) -> None:
    for name, value in vars(values).items():
        if isinstance(value, int | float) and not (isfinite(value) and value >= 0):
            raise InputError(f"{name} must be zero or more, not {value}.")
