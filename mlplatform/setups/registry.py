"""The setups in use."""

from collections.abc import Callable

from mlplatform.setups.ema_pullback import ema_pullback
from mlplatform.setups.gap_fill import gap_fill
from mlplatform.setups.mean_reversion import mean_reversion
from mlplatform.setups.orb_retest import orb_retest
from mlplatform.setups.range_breakout import range_breakout
from mlplatform.setups.rejection_bar import rejection_bar
from mlplatform.setups.setup import Setup
from mlplatform.setups.trend_continuation import trend_continuation
from mlplatform.setups.vwap_rejection import vwap_rejection

MAKERS: tuple[Callable[..., Setup], ...] = (
    ema_pullback,
    orb_retest,
    vwap_rejection,
    mean_reversion,
    range_breakout,
    rejection_bar,
    gap_fill,
    trend_continuation,
)
"""Each gives the setup of its name, with the parameters that it is given."""
SETUPS: tuple[Setup, ...] = tuple(make() for make in MAKERS)
