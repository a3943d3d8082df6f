"""The detector in the chain: out of sample by construction, and left out without skill."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from mlplatform.commands.explain import explanation_of
from mlplatform.decisions.detection import scores_of
from mlplatform.decisions.policy import unpack
from mlplatform.domain.errors import InputError
from mlplatform.domain.series import Series
from mlplatform.domain.tables import DETECTORS
from mlplatform.models.neural.judgement import Verdict
from mlplatform.orchestration.build import build_platform
from mlplatform.orchestration.desks import detection
from mlplatform.orchestration.desks.detection import detector_of
from mlplatform.orchestration.planning.axis import Partition
from mlplatform.settings import StudySettings, load_settings
from mlplatform.setups.registry import SETUPS
from mlplatform.testing.tracking import MemoryTracker
from mlplatform_tests.conftest import Bench

SERIES = "MES-5m"
ALL = tuple(setup.name for setup in SETUPS)
MONTHS = [f"2025-0{month}" for month in range(1, 5)]
PAST = ("bars", "candidates", "labels")
ROOT = Path(__file__).parents[2]


def table(bench: Bench, asset: str, period: str) -> pl.DataFrame:
    return pl.read_parquet(bench.root / "lake" / asset / SERIES / f"{period}.parquet")


@pytest.fixture(scope="module")
def skilled(tmp_path_factory: pytest.TempPathFactory, small_bars: Path) -> Iterator[Bench]:
    """A home with the default stack, whose detectors are held to have skill whatever they know."""
    patch = pytest.MonkeyPatch()
    patch.setattr(Verdict, "has_skill", property(lambda self: True))
    bench = Bench(tmp_path_factory.mktemp("skilled") / "home", MemoryTracker())
    families = ("lightgbm", "xgboost", "keras")
    given = {"detector_setups": ALL, "detector_periods": 2, "to_period": MONTHS[-1]}
    bench.run(small_bars, families=families, **given)
    yield bench
    patch.undo()


def test_each_period_has_a_detector_of_its_past_as_far_as_there_is_one(skilled: Bench) -> None:
    rows = pl.concat(table(skilled, "setup_detector", month) for month in MONTHS)
    assert rows["period"].to_list() == MONTHS
    assert rows["payload"].is_null().to_list() == [True, False, False, False]
    assert rows["fallback"][0] == "there is no earlier period to learn from"
    taught = rows[1:]
    for row in taught.iter_rows(named=True):
        start = table(skilled, "bars", row["period"])["ts"][0]
        assert row["train_to"] < start
    # Two periods at most, whatever there is.
    assert taught["train_from"].dt.strftime("%Y-%m").to_list() == ["2025-01", "2025-01", "2025-02"]
    scored = [table(skilled, "detector_scores", month)["score"].count() for month in MONTHS]
    assert scored[0] == 0
    assert min(scored[1:]) > 50


def test_research_and_trading_score_by_the_same_detector(skilled: Bench) -> None:
    """The policy packs the detector: what is loaded for trading says what the lake holds."""
    for month in MONTHS[3:]:
        policy = unpack(table(skilled, "policy", month)["payload"][0])
        own = detector_of(table(skilled, "setup_detector", month))
        assert policy.detector is not None
        assert policy.detector.to_text() == own.to_text()
        bars, found = table(skilled, "bars", month), table(skilled, "candidates", month)
        scores = scores_of(policy.detector, bars, found)
        assert scores.equals(table(skilled, "detector_scores", month))
        assert scores["score"].count() > 50
        assert policy.names[-1] == "detector_score"
        assert "detector_score" not in [name for name, _ in policy.entry.columns.dropped]


def test_the_stack_holds_the_three_families(skilled: Bench) -> None:
    for role in ("stop", "entry"):
        row = table(skilled, f"{role}_model", "2025-04").row(0, named=True)
        metrics = json.loads(row["metrics"])
        assert sorted(metrics["family_weights"]) == ["keras", "lightgbm", "xgboost"]
        assert sum(metrics["family_weights"].values()) == pytest.approx(1.0)


def test_a_detector_is_registered_and_the_policy_pins_it(skilled: Bench) -> None:
    notes = {n.period: n for n in skilled.tracker.notes if n.role == "detector"}
    assert sorted(notes) == MONTHS[1:]
    note = notes["2025-04"]
    assert note.tags["skill"] == "yes"
    assert note.metrics["auc"] == pytest.approx(note.metrics["auc"])
    assert note.curves["classic"]
    assert len(note.input_names) == note.example.shape[1] == 100
    policy = next(n for n in skilled.tracker.notes if n.role == "policy")
    assert policy.params["detector_version"] == "3"


def test_explain_shows_the_score_and_the_detector(skilled: Bench) -> None:
    scores = table(skilled, "detector_scores", "2025-04").drop_nulls()
    identity, score = scores.row(-1)
    platform = build_platform(
        skilled.root, load_settings(skilled.root), {"tracker": skilled.tracker}
    )
    found = explanation_of(platform, identity)
    shown = {item.name: item.value for item in found.reading.inputs}
    assert shown["detector_score"] == score
    detector = next(link for link in found.models if link.role == "detector")
    assert detector.version == "3"
    decided = next(a.decision for a in found.actions if a.policy == "ml")
    assert found.reading.probability == pytest.approx(decided["probability"], abs=1e-12)


def test_no_row_of_a_period_reaches_its_own_detector(
    skilled: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Poison the period itself and all after it: nothing that was known before may change."""
    platform = build_platform(
        skilled.root, load_settings(skilled.root), {"tracker": MemoryTracker()}
    )
    desk = platform.definitions.resources["desk"]
    past = [pl.concat(table(skilled, n, m) for m in MONTHS[1:3]) for n in PAST]
    own = [pl.concat(table(skilled, n, m) for m in MONTHS[1:4]) for n in PAST]
    poison = pl.when(pl.col("is_win")).then(pl.lit(value=False)).otherwise(pl.lit(value=True))
    wrong = own[2].join(past[2], on=["candidate_id", "stop_atr"], how="anti")
    own[2] = pl.concat([past[2], wrong.with_columns(is_win=poison)])
    partition = Partition("2025-04", SERIES)
    honest = detection.detector_row(desk, partition, tuple(past))
    leaking = detection.detector_row(desk, partition, tuple(own))
    assert leaking["payload"].equals(honest["payload"])
    assert honest["payload"].equals(table(skilled, "setup_detector", "2025-04")["payload"])
    # The same judgement catches a detector that was taught its own period.
    later = Partition("2025-05", SERIES)
    assert not detection.detector_row(desk, later, tuple(own))["payload"].equals(honest["payload"])


def test_no_skill_is_told_and_left_out(
    skilled: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Verdict, "has_skill", property(lambda self: False))
    tracker = MemoryTracker()
    platform = build_platform(skilled.root, load_settings(skilled.root), {"tracker": tracker})
    desk = platform.definitions.resources["desk"]
    past = tuple(pl.concat(table(skilled, n, m) for m in MONTHS[1:3]) for n in PAST)
    row = detection.detector_row(desk, Partition("2025-04", SERIES), past)
    assert row.schema == DETECTORS.schema
    assert row["payload"][0] is None
    assert detector_of(row) is None
    assert row["fallback"][0].startswith("no skill: log loss ")
    assert json.loads(row["metrics"][0])["auc_hour"] > 0
    assert [note.tags["skill"] for note in tracker.notes] == ["no"]
    roles = {r: table(skilled, f"{r}_model", "2025-04") for r in ("stop", "entry", "size")}
    policy = desk.policy(Series.parse(SERIES), roles | {"detector": row}, "r")
    assert "detector: no skill: " in policy["fallback"][0]
    assert unpack(policy["payload"][0]).detector is None
    assert tracker.notes[-1].params["detector_version"] == "none"


def test_windows_without_a_detector_leave_the_score_out_and_the_report_says_why(
    finished: Bench,
) -> None:
    assert all(table(finished, "detector_scores", month)["score"].count() == 0 for month in MONTHS)
    policy = unpack(table(finished, "policy", "2025-04")["payload"][0])
    assert policy.detector is None
    dropped = dict(policy.entry.columns.dropped)
    assert dropped["detector_score"] == "all null"
    notes = [note for window in finished.report()["windows"] for note in window["notes"]]
    assert any("detector: the setting `families` leaves networks out" in note for note in notes)


def test_a_detector_does_not_ask_for_more_history_than_the_models(skilled: Bench) -> None:
    platform = build_platform(skilled.root, load_settings(skilled.root))
    wanted = platform.stamp.lineage.wanted(SERIES, MONTHS)
    assert sorted(p.period for p in wanted["entry_model"]) == MONTHS[3:]
    assert sorted(p.period for p in wanted["setup_detector"]) == MONTHS
    assert sorted(p.period for p in wanted["detector_scores"]) == MONTHS


def test_a_home_on_trees_never_imports_tensorflow(tmp_path: Path, small_bars: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from mlplatform_tests.conftest import Bench\n"
        "from mlplatform.testing.tracking import MemoryTracker\n"
        "bench = Bench(Path(sys.argv[1]), MemoryTracker())\n"
        "given = {'train_periods': 2, 'from_period': '2025-02', 'to_period': '2025-04'}\n"
        "bench.run(Path(sys.argv[2]), families=('lightgbm',), trials=1, **given)\n"
        "print([n for n in ('tensorflow', 'keras') if n in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "home"), str(small_bars)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert told.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("given", "named"), [({"families": ()}, "families"), ({"detector": "huge"}, "detector")]
)
def test_an_unknown_family_or_variant_is_refused(
    tmp_path: Path, given: dict[str, object], named: str
) -> None:
    with pytest.raises(InputError, match=named):
        load_settings(tmp_path, **given)
    assert StudySettings().families == ("lightgbm", "xgboost", "keras", "linear")
