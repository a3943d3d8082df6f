"""The shape of a CME day: how volatility and volume run through the hours of a session."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

FULL_SESSION_MINUTES = 23 * 60
_LONGEST_SESSION_MINUTES = FULL_SESSION_MINUTES + 30
"""Sessions before 2012-11-19 ended at 16:30; what is beyond 16:00 is like the minute before."""

# Chicago time, volatility of a bar, and volume of a bar, both relative. Round numbers after the
# shape that index futures have had for years: quiet Asia, livelier London, a jump at 08:30 (09:30
# New York), a lunch lull, a rise into 15:00. Values are joined by straight lines in logarithms.
_HOURS = (
    (17.0, 3.8, 150),
    (18.0, 3.3, 100),
    (19.0, 3.8, 130),
    (21.0, 2.5, 65),
    (23.0, 2.3, 45),
    (25.0, 2.8, 75),
    (26.0, 3.9, 125),
    (28.0, 3.0, 85),
    (30.0, 3.6, 130),
    (31.0, 4.4, 210),
    (31.5, 5.8, 330),
    (32.0, 4.3, 330),
    (32.49, 4.6, 450),
    (32.5, 10.5, 2300),
    (33.0, 8.6, 1650),
    (34.0, 6.6, 1150),
    (35.5, 5.2, 780),
    (36.5, 5.2, 720),
    (38.0, 5.6, 860),
    (38.7, 6.8, 1300),
    (38.98, 8.2, 2100),
    (39.0, 4.6, 480),
    (39.5, 3.4, 150),
    (40.0, 2.8, 110),
)
"""Hours of the trading day counted from midnight before it starts: 32.5 is 08:30 Chicago."""


@lru_cache(maxsize=1)
def minute_profile() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Volatility and volume by minute of the session, read-only arrays of 1410.

    The squares of the first, and the second itself, sum to one over a full session. The session
    starts at 17:00 Chicago on every day, summer and winter, so its minutes are local time.
    """
    hours, volatility, volume = np.array(_HOURS).T
    minutes = 17.0 + (np.arange(FULL_SESSION_MINUTES) + 0.5) / 60.0
    sigma = np.exp(np.interp(minutes, hours, np.log(volatility)))
    share = np.exp(np.interp(minutes, hours, np.log(volume)))
    sigma /= np.sqrt(np.sum(sigma**2))
    share /= np.sum(share)
    beyond = _LONGEST_SESSION_MINUTES - FULL_SESSION_MINUTES
    sigma, share = (np.pad(line, (0, beyond), mode="edge") for line in (sigma, share))
    sigma.flags.writeable = share.flags.writeable = False
    return sigma, share
