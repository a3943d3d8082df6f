"""Random bytes read as small choices."""

from typing import Any


class Dice:
    """Small choices read from random bytes; a byte of zero is the plainest choice.

    One draw of bytes costs hypothesis far less than hundreds of draws of numbers, and shrinks as
    well.
    """

    def __init__(self, content: bytes) -> None:
        self.rest = iter(content)

    def small(self, low: int, high: int) -> int:
        """A whole number in low..high; zero bytes give the one nearest to zero."""
        values = sorted(range(low, high + 1), key=lambda value: (abs(value), value < 0))
        return values[next(self.rest, 0) % len(values)]

    def pick(self, *values: Any) -> Any:
        """One of the values."""
        return values[next(self.rest, 0) % len(values)]

    def mostly(self, usual: Any, *others: Any) -> Any:
        """The usual value in more than half of the cases."""
        roll = next(self.rest, 0)
        return usual if roll < 144 else others[roll % len(others)]
