"""The ways in which no model can be had, and how each is said."""

from mlplatform.domain.errors import InputError


class NotTrainable(Exception):
    """These rows give no model; `reason` says why, and the shell falls back to the baseline."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TuningFailed(NotTrainable):
    """A study ended without one complete trial: all were pruned or failed."""


class TrialPruned(Exception):
    """Raised by an objective that gives a trial up early, having seen enough of it."""


class AlteredModel(InputError):
    """Stored model bytes are not what was written, or not of a format that this version reads."""
