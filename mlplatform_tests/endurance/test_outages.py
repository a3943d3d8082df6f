"""What broke outside is told in a sentence, whoever met it and however it was wrapped."""

import logging
import subprocess
import sys

import pytest
import sqlalchemy.exc

from mlplatform.adapters.patience import be_brief_of_postgres, be_brief_of_servers
from mlplatform.orchestration.steps.outages import kinds, outage_of, told_of
from mlplatform_tests.deploy.compose import ROOT

SAID = {
    "[Errno 28] No space left on device: '/home/lake/.bars.parquet'": "The disk is full",
    "No space left on device (os error 28)": "The disk is full",
    "(sqlite3.OperationalError) database or disk is full": "The disk is full",
    "[Errno 30] Read-only file system: '/home/settings.json'": "The home can only be read",
    "(sqlite3.OperationalError) attempt to write a readonly database": "can only be read",
    "(sqlite3.OperationalError) database is locked\n[SQL: BEGIN]": "is locked by another process",
    "(sqlite3.DatabaseError) file is not a database": "A database of the home is damaged: put",
    "(sqlite3.OperationalError) unable to open database file": "cannot be opened or written",
    'connection to server at "127.0.0.1", port 5432 failed: Connection refused': (
        'Postgres does not answer at "127.0.0.1", port 5432: start it'
    ),
    'connection to server at "db" (10.0.0.2), port 5432 failed: timeout': (
        'Postgres does not answer at "db" (10.0.0.2), port 5432: start it'
    ),
    "too many retries for DB connection": "Postgres does not answer: start it",
    "server closed the connection unexpectedly": "Postgres does not answer: start it",
    "API request to http://mlflow:5000/api/2.0/mlflow/runs/create failed with exception "
    "HTTPConnectionPool(host='mlflow', port=5000): Max retries exceeded": (
        "MLflow does not answer at http://mlflow:5000: start its server"
    ),
    "API request to endpoint /api/2.0/mlflow/runs failed with error code 403 != 200. Response "
    "body: 'Invalid Host header'": "MLflow refuses with error code 403: let its server allow this",
    "API request to endpoint /api/2.0/mlflow/runs failed with error code 503 != 200": (
        "MLflow does not answer: start its server"
    ),
}


@pytest.mark.parametrize("message", SAID)
def test_each_says_what_broke_and_what_to_do(message: str) -> None:
    sentence = outage_of([("Error", message)])
    assert sentence is not None
    assert SAID[message] in sentence
    assert sentence.endswith("then give the same command again: it goes on where it was.")
    assert sentence.count("\n") == 0


@pytest.mark.parametrize("message", ["division by zero", "no such column: disk", "", "'period'"])
def test_a_defect_is_no_outage(message: str) -> None:
    assert outage_of([("Error", message)]) is None


def wrapped() -> None:
    try:
        raise OSError(28, "No space left on device")
    except OSError as cause:
        raise sqlalchemy.exc.OperationalError("INSERT", {}, cause) from cause


def test_what_led_to_an_error_counts() -> None:
    with pytest.raises(kinds()) as raised:
        wrapped()
    assert told_of(raised.value)[0] == ("OSError", "[Errno 28] No space left on device")
    assert "disk is full" in str(outage_of(told_of(raised.value)))


def test_a_server_that_is_down_is_tried_for_half_a_minute_unless_somebody_says_otherwise() -> None:
    code = (
        "import os; os.environ['MLFLOW_HTTP_REQUEST_TIMEOUT'] = '7'\n"
        "from mlplatform.adapters.tracking.database import prepare_client\n"
        "prepare_client()\n"
        "from mlflow import environment_variables as told\n"
        "names = ('MAX_RETRIES', 'BACKOFF_FACTOR', 'TIMEOUT')\n"
        "print([getattr(told, f'MLFLOW_HTTP_REQUEST_{name}').get() for name in names])"
    )
    words = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[5, 1, 7]"


def test_tries_again_are_a_line_each(caplog: pytest.LogCaptureFixture) -> None:
    be_brief_of_postgres()
    be_brief_of_servers()
    logging.warning("Retrying failed database connection: %s", "ten\nlines")
    logging.getLogger("urllib3.connectionpool").warning("Retrying (%r) after %s", 1, "x\ny")
    logging.warning("Something else")
    assert caplog.messages == [
        "Postgres does not answer yet: trying again.",
        "A server does not answer yet: trying again.",
        "Something else",
    ]
