"""A model that is not what was registered refuses to load, with the reason, wherever it is used."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from mlplatform import cli
from mlplatform.adapters.tracking.mlflow_tracker import MlflowTracker
from mlplatform.adapters.tracking.port import ModelNote
from mlplatform.decisions.policy import policy_fingerprint
from mlplatform.domain.errors import InputError
from mlplatform.testing.tracking import MemoryTracker
from mlplatform_tests.conftest import Bench

SERIES = "MES-5m"
pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's own, and those of what it imports


@pytest.fixture
def home(finished: Bench, tmp_path: Path) -> Path:
    """A copy of the finished home, to change."""
    root = tmp_path / "home"
    shutil.copytree(finished.root, root)
    return root


@pytest.fixture
def champion(finished: Bench) -> ModelNote:
    return [note for note in finished.tracker.notes if note.role == "policy"][-1]


@pytest.fixture
def decide(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Path
) -> Callable[[], tuple[int, str, str]]:
    def execute() -> tuple[int, str, str]:
        monkeypatch.setattr(
            "sys.argv", ["mlplatform", "decide", "--series", SERIES, "--home", str(home)]
        )
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        told = capsys.readouterr()
        return int(stopped.value.code or 0), told.out, told.err

    return execute


def crowned(home: Path, note: ModelNote) -> Path:
    """The payload on disk of a policy that was registered in the home's MLflow and promoted."""
    tracker = MlflowTracker(
        f"sqlite:///{home / 'mlflow' / 'mlflow.db'}", home / "mlflow" / "artifacts", False
    )
    (home / "mlflow").mkdir(exist_ok=True)
    made = tracker.register(note)
    tracker.promote(SERIES, made.version, {})
    place = home / "mlflow" / "artifacts" / made.run_id / "artifacts" / "model" / "artifacts"
    return place / "payload.json"


def test_a_champion_that_is_whole_decides_and_an_altered_one_refuses(
    home: Path, champion: ModelNote, decide: Callable
) -> None:
    payload = crowned(home, champion)
    code, out, _ = decide()
    assert code == 0
    assert "champion is policy version 1" in out
    payload.write_bytes(
        champion.payload.replace(b'"capital_usd": 50000.0', b'"capital_usd": 90000.0')
    )
    assert payload.read_bytes() != champion.payload
    code, out, error = decide()
    assert (code, out) == (2, "")
    assert error == (
        "Error: the registered model was altered: its checksum does not match; train again\n"
    )


def test_a_champion_of_another_feature_plan_refuses(
    home: Path, champion: ModelNote, decide: Callable
) -> None:
    body = json.loads(champion.payload)
    other = json.dumps({**body, "feature_plan": "an older plan"}, sort_keys=True).encode()
    crowned(home, replace(champion, payload=other, fingerprint=policy_fingerprint(other)))
    code, _, error = decide()
    assert code == 2
    assert "was trained on feature plan an older plan, but this platform computes" in error
    assert "train again" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("asset", "altered", "words"),
    [
        ("policy", (b'"capital_usd": 50000.0', b'"capital_usd": 90000.0'), "fingerprint"),
        ("policy", (b'"models"', b'"model"'), "not one that this platform wrote"),
    ],
)
def test_a_policy_that_was_altered_in_the_lake_decides_nothing(
    home: Path,
    finished: Bench,
    small_bars: Path,
    asset: str,
    altered: tuple[bytes, bytes],
    words: str,
) -> None:
    lake = home / "lake"
    path = lake / asset / SERIES / "2025-05.parquet"
    row = pl.read_parquet(path)
    payload = row["payload"][0].replace(*altered)
    assert payload != row["payload"][0]
    row.with_columns(payload=pl.lit(payload)).write_parquet(path)
    (lake / "decisions" / SERIES / "2025-05.parquet").unlink()
    tracker = MemoryTracker({k: list(v) for k, v in finished.tracker.versions.items()})
    with pytest.raises(InputError, match=words):
        Bench(home, tracker).run(small_bars)
    assert not (lake / "decisions" / SERIES / "2025-05.parquet").exists()


def test_a_stop_model_that_was_altered_in_the_lake_trains_no_entry(
    home: Path, finished: Bench, small_bars: Path
) -> None:
    path = home / "lake" / "stop_model" / SERIES / "2025-05.parquet"
    row = pl.read_parquet(path)
    payload = row["payload"][0]
    middle = len(payload) // 2
    altered = payload[:middle] + bytes([payload[middle] ^ 1]) + payload[middle + 1 :]
    row.with_columns(payload=pl.lit(altered)).write_parquet(path)
    (home / "lake" / "entry_model" / SERIES / "2025-05.parquet").unlink()
    tracker = MemoryTracker({k: list(v) for k, v in finished.tracker.versions.items()})
    with pytest.raises(InputError, match=r"altered|not one that this platform wrote"):
        Bench(home, tracker).run(small_bars)
