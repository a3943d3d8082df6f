"""The limits of the account that the model policy trades, from the settings."""

from typing import TYPE_CHECKING

from mlplatform.settings import StudySettings

if TYPE_CHECKING:
    from mlplatform.execution import Limits

ACCOUNT_MATTERS = (
    "capital_usd",
    "max_heat_frac",
    "drawdown_starts_frac",
    "drawdown_ends_frac",
    "max_drawdown_frac",
)
"""The settings that decide what an account makes of decisions."""


def account_limits(settings: StudySettings) -> "Limits":
    """Heat and drawdown of the running account."""
    from mlplatform.execution import Limits

    return Limits(
        max_heat_frac=settings.max_heat_frac,
        drawdown_starts_frac=settings.drawdown_starts_frac,
        drawdown_ends_frac=settings.drawdown_ends_frac,
        max_drawdown_frac=settings.max_drawdown_frac,
    )
