"""The value of a figure that does not exist, with the reason in words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Undefined:
    """A figure that does not exist for these data; `reason` completes "none, because ..."."""

    reason: str


Metric = float | Undefined
"""A number, or the reason why there is none."""
