"""The setups in use."""

from mlplatform.setups.ema_pullback import ema_pullback
from mlplatform.setups.orb_retest import orb_retest
from mlplatform.setups.setup import Setup

SETUPS: tuple[Setup, ...] = (ema_pullback(), orb_retest())
