"""MLflow's own database of a home, and how long its client waits for a server."""

import os
from pathlib import Path

from filelock import FileLock

from mlplatform.adapters.atomic import replacing
from mlplatform.adapters.patience import be_brief_of_servers

_SQLITE = "sqlite:///"
_WAITING = {
    # Tries at about 0, 2, 4, 8 and 16 s: a server that is started again is waited for, one that is
    # down is told of within the minute (MLflow's own: seven tries and a quarter of an hour).
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "5",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
}
UNTOLD = {"MLFLOW_DISABLE_TELEMETRY": "true"}
"""MLflow's makers are told of nobody's use, as Dagster's are not. Its thread that would tell them
also takes a name out of the environment while others read it: an HTTP request failed of that.
"""
_QUIET = {
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


def prepare_client() -> None:
    """Settle what MLflow reads of the environment, before it is imported; what is set stays."""
    for name, value in (_WAITING | _QUIET | UNTOLD).items():
        os.environ.setdefault(name, value)
    be_brief_of_servers()


def prepare_database(uri: str) -> None:
    """Make the tables of a new SQLite database beside its place, and move it there whole.

    MLflow makes them in some fifty steps of which none is a transaction: a process killed among
    them would leave a database that nothing can open any more.
    """
    if not uri.startswith(_SQLITE):
        return
    path = Path(uri.removeprefix(_SQLITE))
    if path.is_file():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f".{path.name}.lock")):
        if path.is_file():
            return
        from mlflow.db import upgrade

        with replacing(path) as temporary:
            upgrade.callback(f"{_SQLITE}{temporary}")
