"""A run's log as lines of JSON, each with run, asset and partition, for programs that read logs."""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg

JSON_LINES = "json"
"""The logger's name in run configuration, and the setting `log_format` that chooses it."""
_PARTITION = "dagster/partition"


def log_config(log_format: str) -> dict[str, Any]:
    """Run configuration that has a run say its log in this form; the launcher's own where text."""
    return {"loggers": {JSON_LINES: {}}} if log_format == JSON_LINES else {}


class JsonLines(logging.Formatter):
    """One object a line; what is not known of a line is left out."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, run, job, step, asset, partition, kind of event, message and error."""
        meta: Mapping[str, Any] = getattr(record, "dagster_meta", {})
        event = meta.get("dagster_event")
        key = event.asset_key if event is not None else None
        of_event = event.partition if event is not None else None
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "run": meta.get("run_id"),
            "job": meta.get("job_name"),
            "step": meta.get("step_key"),
            # Each of our steps makes one asset and bears its name, but for the jobs of intake.
            "asset": key.path[-1] if key is not None else meta.get("step_key"),
            "partition": of_event or (meta.get("job_tags") or {}).get(_PARTITION),
            "event": event.event_type_value if event is not None else None,
            "message": meta.get("orig_message") or record.getMessage(),
            "error": _error(event),
        }
        return json.dumps({name: value for name, value in told.items() if value is not None})


def _error(event: dg.DagsterEvent | None) -> str | None:
    """Every cause, outermost first, with where it was raised."""
    error = getattr(event.event_specific_data, "error", None) if event is not None else None
    return None if error is None else str(error.to_string())


@dg.logger(description="Lines of JSON on standard error.")
def json_lines(context: dg.InitLoggerContext) -> logging.Logger:
    """A logger of a run's own."""
    del context
    logger = logging.Logger("mlplatform.log_lines", logging.DEBUG)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logger.addHandler(handler)
    return logger
