"""The services of the compose file work together: the chain goes through all of them."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import psycopg2
import pytest

from mlplatform.adapters.tracking.mlflow_tracker import MlflowTracker
from mlplatform_tests.deploy.proxy import CADDY, PASSWORD, proxy
from mlplatform_tests.deploy.stack import SECRETS, Stack, free_port, postgres_programs, stack

pytestmark = pytest.mark.skipif(
    postgres_programs() is None, reason="there is no Postgres (package postgresql) here"
)
SERIES = "MES-5m"
_RUN = ["mlplatform", "run", "--data", "synthetic", "--to", "2025-03", "--train-periods", "2"]


@pytest.fixture(scope="module")
def up() -> Iterator[Stack]:
    with stack() as services:
        yield services


@pytest.fixture(scope="module")
def ran(up: Stack) -> Stack:
    """After one window was trained and reported from the code location."""
    done = up.run([*_RUN, "--trials", "2"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "http" not in done.stdout.replace("https", ""), "MLflow must not print of its own"
    return up


def rows(one: Stack, database: str, query: str) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(
        host="127.0.0.1",
        port=one.ports["postgres"],
        user="mlplatform",
        password=SECRETS["POSTGRES_PASSWORD"],
        dbname=database,
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        found = cursor.fetchall()
    connection.close()
    return found


def keys(one: Stack, bucket: str) -> list[str]:
    return [key for key, _ in contents(one, bucket, are_read=False)]


def contents(one: Stack, bucket: str, are_read: bool = True) -> Iterator[tuple[str, bytes]]:
    """Every object of a bucket, by key; empty where they are not read."""
    store = boto3.client(
        "s3",
        "us-east-1",
        endpoint_url=f"http://127.0.0.1:{one.ports['s3']}",
        aws_access_key_id=SECRETS["S3_ACCESS_KEY"],
        aws_secret_access_key=SECRETS["S3_SECRET_KEY"],
    )
    pages = store.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    for key in [item["Key"] for page in pages for item in page.get("Contents", [])]:
        read = are_read and store.get_object(Bucket=bucket, Key=key)["Body"].read()
        yield key, read or b""
    store.close()


def ask(one: Stack, query: str) -> dict[str, Any]:
    """An answer of Dagster's webserver."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{one.ports['webserver']}/graphql",
        json.dumps({"query": query}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: dict[str, Any] = json.load(answer)["data"]
    return found


def test_frames_lie_in_the_bucket_and_not_in_the_home(ran: Stack) -> None:
    found = keys(ran, "lake")
    assert f"bars/{SERIES}/2025-01.parquet" in found
    assert f"entry_model/{SERIES}/2025-03.parquet" in found
    assert not list(ran.home.rglob("lake/**/*.parquet"))


def test_runs_and_assets_are_in_postgres(ran: Stack) -> None:
    statuses = {status for (status,) in rows(ran, "dagster", "SELECT status FROM runs")}
    assert statuses == {"SUCCESS"}
    assert not list(ran.home.rglob("*.db"))


def test_trials_are_in_postgres(ran: Stack) -> None:
    names = [name for (name,) in rows(ran, "optuna", "SELECT study_name FROM studies")]
    assert any(name.startswith(f"{SERIES}-2025-03-entry-") for name in names)
    assert rows(ran, "optuna", "SELECT count(*) FROM trials")[0][0] >= len(names)


def test_models_are_registered_and_their_files_proxied_into_the_bucket(ran: Stack) -> None:
    names = {name for (name,) in rows(ran, "mlflow", "SELECT name FROM registered_models")}
    assert names >= {f"{SERIES}-{role}" for role in ("stop", "entry", "policy")}
    assert [key for key in keys(ran, "mlflow") if key.endswith("payload.json")]


def test_the_webserver_knows_the_assets_and_that_they_were_made(ran: Stack) -> None:
    query = "{ assetNodes { assetKey { path } assetMaterializations(limit: 1) { runId } } }"
    made = {
        node["assetKey"]["path"][0]: bool(node["assetMaterializations"])
        for node in ask(ran, query)["assetNodes"]
    }
    assert made["walk_forward_report"]
    assert made["bars"]


def test_what_is_forgotten_leaves_the_bucket(up: Stack) -> None:
    tracker = MlflowTracker(f"http://127.0.0.1:{up.ports['mlflow']}")
    place = tracker.keep_report("NQ-1m", "f" * 64, {"report.json": b"{}"}, {"ml_net_usd": 1.0})
    run_id = place["report_run"].rpartition("/")[2]
    assert [key for key in keys(up, "mlflow") if run_id in key]
    (held,) = tracker.tracked("NQ-1m")
    tracker.forget(held)
    assert tracker.tracked("NQ-1m") == ()
    assert not [key for key in keys(up, "mlflow") if run_id in key]


def test_a_dry_run_of_prune_looks_at_every_store(ran: Stack) -> None:
    done = ran.run(["mlplatform", "prune", "--dry-run"])
    assert done.returncode == 0, done.stderr
    assert "Nothing is old enough to go." in done.stdout


def test_prometheus_is_told_of_the_series(ran: Stack) -> None:
    with urllib.request.urlopen(
        f"http://127.0.0.1:{ran.ports['metrics']}/metrics", timeout=120
    ) as answer:
        told = answer.read().decode()
    assert f'mlplatform_champion_version{{series="{SERIES}"}}' in told
    assert f'mlplatform_data_age_seconds{{series="{SERIES}"}}' in told


def test_nothing_is_done_twice(ran: Stack) -> None:
    done = ran.run([*_RUN, "--trials", "2"])
    assert done.returncode == 0, done.stderr
    assert "Nothing is new" in done.stdout or "nothing" in done.stdout.lower()


def kept_texts(one: Stack, database: str) -> str:
    """Every row of every table, as text."""
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    return str(
        [
            rows(one, database, f'SELECT kept::text FROM "{table}" kept')
            for (table,) in rows(one, database, tables)
        ]
    )


def test_no_secret_is_told(ran: Stack) -> None:
    """Neither by a service, nor in the home, nor in any table, model, report or frame."""
    planted = [value.encode() for value in SECRETS.values()]
    for path in (*ran.home.rglob("*"), *(ran.root / "logs").iterdir()):
        if path.is_file():
            content = path.read_bytes()
            assert not [value for value in planted if value in content], path
    for database in ("dagster", "mlflow", "optuna"):
        told = kept_texts(ran, database)
        assert len(told) > 1000
        assert not [value for value in planted if value.decode() in told], database
    for bucket in ("lake", "mlflow"):
        for key, content in contents(ran, bucket):
            assert not [value for value in planted if value in content], key


@pytest.mark.skipif(CADDY is None, reason="there is no caddy here")
def test_behind_the_proxy_the_real_pages_want_the_password(up: Stack, tmp_path: Path) -> None:
    pages = {"dagster": "webserver", "mlflow": "mlflow", "optuna": "optuna"}
    behind = {page: up.ports[name] for page, name in pages.items()}
    with proxy(tmp_path, {page: free_port() for page in pages}, behind) as front:
        assert [front.status(page) for page in pages] == [401, 401, 401]
        status, body = front.ask("dagster", "/server_info", PASSWORD)
        assert (status, "dagster_version" in json.loads(body)) == (200, True)
        assert front.status("optuna", "/dashboard", PASSWORD) == 200


def test_every_service_is_still_well(ran: Stack) -> None:
    for name in ran.running:
        ran.wait_for(name)
    assert Path(ran.root / "logs" / "daemon.log").read_text().count("Traceback") == 0
