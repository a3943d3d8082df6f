"""Keeping to a vendor's limits, and how long to wait before another try."""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mlplatform.adapters.bars.network.port import Pace

Clock = Callable[[], datetime]
"""The time, UTC."""
Sleep = Callable[[float], None]
"""Waits so many seconds."""


class Pacer:
    """Waits as long as a pace asks for before each request."""

    def __init__(self, pace: Pace, clock: Clock, sleep: Sleep) -> None:
        self.pace = pace
        self._clock = clock
        self._sleep = sleep
        self._times: deque[datetime] = deque(maxlen=max(1, pace.max_per_window))
        self._last: dict[str, datetime] = {}

    def wait(self, key: str) -> None:
        """Wait until a request of that key may be made; it counts as made on return."""
        now = self._clock()
        due = [now]
        if self._times:
            due.append(self._times[-1] + timedelta(seconds=self.pace.min_interval_s))
        if self.pace.max_per_window and len(self._times) == self.pace.max_per_window:
            due.append(self._times[0] + timedelta(seconds=self.pace.window_s))
        if key in self._last:
            due.append(self._last[key] + timedelta(seconds=self.pace.identical_s))
        pause_s = (max(due) - now).total_seconds()
        if pause_s > 0:
            self._sleep(pause_s)
        made = self._clock()
        self._times.append(made)
        self._last[key] = made


@dataclass(frozen=True)
class Retry:
    """How often to try, and how long to wait in between: exponential, with seeded jitter."""

    attempts: int = 6
    base_s: float = 2.0
    cap_s: float = 120.0
    seed: int = 7

    def pause_s(self, key: str, attempt: int) -> float:
        """Seconds to wait after failed try number `attempt` (from 0) of a request.

        Between half and all of base * 2^attempt, so that many clients do not come back at once.
        """
        whole = min(self.cap_s, self.base_s * 2.0**attempt)
        return whole * random.Random(f"{self.seed}:{key}:{attempt}").uniform(0.5, 1.0)
