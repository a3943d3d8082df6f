"""What a person sees while Dagster works: finished steps instead of its log."""

import logging
from collections.abc import Callable
from typing import Any

import dagster as dg

PROGRESS = "progress"
"""The logger's name in run configuration."""
OnStep = Callable[[str], None]
"""Called with the name of each step that succeeded."""


class _Handler(logging.Handler):
    def __init__(self, on_step: OnStep) -> None:
        super().__init__()
        self._on_step = on_step

    def emit(self, record: logging.LogRecord) -> None:
        meta: dict[str, Any] = getattr(record, "dagster_meta", {})
        event = meta.get("dagster_event")
        if event is not None and event.is_step_success:
            self._on_step(str(event.step_key))


def step_logger(on_step: OnStep) -> dg.LoggerDefinition:
    """A logger that prints nothing and tells finished steps; the event log holds the rest."""

    @dg.logger(description="Tells finished steps to the command.")
    def progress(context: dg.InitLoggerContext) -> logging.Logger:
        del context
        logger = logging.Logger("mlplatform.progress", logging.DEBUG)
        logger.addHandler(_Handler(on_step))
        return logger

    return progress
