"""What stops trading for a session, and which working entries may not stay."""

from typing import Any

from mlplatform.execution.codes import BarFlag, Outcome
from mlplatform.execution.compiled import compiled, inlined
from mlplatform.execution.fills import release

SESSION_LAST, CONTRACT_LAST = int(BarFlag.SESSION_LAST), int(BarFlag.CONTRACT_LAST)
NO_ENTRY = int(BarFlag.NO_ENTRY)
CANCELLED_EXPIRY, CANCELLED_SESSION = int(Outcome.CANCELLED_EXPIRY), int(Outcome.CANCELLED_SESSION)
CANCELLED_ROLL, CANCELLED_WINDOW = int(Outcome.CANCELLED_ROLL), int(Outcome.CANCELLED_WINDOW)
CANCELLED_LIMIT = int(Outcome.CANCELLED_LIMIT)
DAILY_LOSS, LOSSES = int(Outcome.REFUSED_DAILY_LOSS), int(Outcome.REFUSED_LOSSES)


@inlined
def judge_session(run: Any) -> None:
    """Stop the session at the loss limits; judged on the mark at each bar's close."""
    account, rules = run.state, run.rules
    lost = account.session_start_usd - account.equity_usd
    if rules.max_daily_loss_usd > 0.0 and lost >= rules.max_daily_loss_usd:
        account.halted = DAILY_LOSS
    elif (
        account.halted == 0 and rules.max_losses > 0 and account.session_losses >= rules.max_losses
    ):
        account.halted = LOSSES


@compiled
def cancel_working(run: Any, slot: Any, bar: Any, flags: int) -> None:
    """Cancel an entry that may not stay for the next bar."""
    outcome = 0
    if flags & SESSION_LAST and run.rules.flatten:
        outcome = CANCELLED_SESSION
    elif flags & CONTRACT_LAST:
        outcome = CANCELLED_ROLL
    elif run.state.halted:
        outcome = CANCELLED_LIMIT
    elif flags & NO_ENTRY:
        outcome = CANCELLED_WINDOW
    elif slot.expiry_bars > 0 and bar.number - slot.decision_bar >= slot.expiry_bars:
        outcome = CANCELLED_EXPIRY
    if outcome:
        release(run, slot, outcome)
