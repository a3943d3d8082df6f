"""The two ways a run ends early that are not a defect of the platform."""


class InputError(Exception):
    """What the user gave cannot be used; the message is one sentence that says what to do."""

    exit_code = 2


class CheckStopped(Exception):
    """A blocking check stopped the chain; the message names the check and its figures."""

    exit_code = 3
