"""report.json keeps its contract."""

import json
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any

import pytest

from mlplatform.metrics.summary import Summary
from mlplatform.reports.evaluation import evaluate
from mlplatform.reports.page import report_html
from mlplatform.reports.summary import plain, report_json
from mlplatform.studies.result import Ambiguity
from mlplatform.testing.studies import EDGES, StudyPlan, fake_study

HEADLINE = [
    "trades", "net_usd", "total_return_frac", "sharpe_ratio", "sortino_ratio", "calmar_ratio",
    "profit_factor", "win_rate", "payoff_ratio", "max_drawdown_frac", "expectancy_r",
    "commission_usd",
]  # fmt: skip


def _report(plan: StudyPlan | None = None) -> dict[str, Any]:
    return json.loads(json.dumps(report_json(fake_study(plan)), allow_nan=False))


def test_the_keys_are_those_of_the_contract() -> None:
    report = _report()
    assert list(report) == [
        "schema_version", "series", "cadence", "source", "windows", "baseline", "ml",
        "random_entry", "buy_and_hold", "targets", "certainty", "segments", "ambiguous_bars",
        "settings", "provenance",
    ]  # fmt: skip
    assert report["schema_version"] == 2
    assert {"kind", "sha256", "bars", "from", "to", "note"} == set(report["source"])
    assert set(report["windows"][0]) == {
        "period", "train_from", "train_to", "purged_rows", "train_rows", "test_candidates",
        "trials_run", "notes",
    }  # fmt: skip
    for policy in ("baseline", "ml", "random_entry", "buy_and_hold"):
        assert list(report[policy])[:12] == HEADLINE
        assert set(report[policy]) == {f.name for f in fields(Summary)} | {"reasons"}
    for target in report["targets"]:
        assert set(target) == {"metric", "comparison", "target", "baseline", "ml", "met"}


@pytest.mark.parametrize("plan", EDGES.values(), ids=EDGES)
def test_a_figure_is_a_number_or_null_with_a_reason_never_both(plan: StudyPlan) -> None:
    report = _report(plan)
    for policy in ("baseline", "ml", "random_entry", "buy_and_hold"):
        figures = {k: v for k, v in report[policy].items() if k != "reasons"}
        reasons = report[policy]["reasons"]
        assert set(reasons) == {name for name, figure in figures.items() if figure is None}
        assert all(reasons.values())


def test_equal_studies_give_equal_reports_but_for_provenance() -> None:
    study = fake_study()
    later = replace(study, provenance={"run_id": "another"})
    one, two = report_json(study), report_json(later)
    assert one["provenance"] != two["provenance"]
    assert json.dumps({**one, "provenance": 0}) == json.dumps({**two, "provenance": 0})


def test_another_seed_gives_another_report() -> None:
    assert _report(StudyPlan(seed=8))["ml"] != _report()["ml"]


@pytest.mark.parametrize("plan", [StudyPlan(), *EDGES.values()], ids=["usual", *EDGES])
def test_what_certainty_does_not_know_has_a_reason_beside_it(plan: StudyPlan) -> None:
    report = _report(plan)
    missing = list(_missing(report["certainty"]))
    assert all(reason for _, reason in missing), missing
    assert bool(missing) is (plan not in (StudyPlan(), EDGES["an empty window"]))
    missing = list(_missing({**report["segments"], "parameters": []}))
    assert all(reason for _, reason in missing), missing


def _missing(value: Any) -> Iterator[tuple[str, object]]:
    """Each null in a value, with the reason that stands beside it."""
    if isinstance(value, list):
        for inner in value:
            yield from _missing(inner)
    if isinstance(value, dict):
        for name, inner in value.items():
            if inner is None:
                yield name, value.get("reasons", {}).get(name)
            yield from _missing(inner)


def test_only_provenance_knows_of_earlier_studies() -> None:
    study = fake_study(StudyPlan(edge_r=0.16))
    looked = replace(study, provenance={**study.provenance, "earlier_studies": 10**6})
    one, two = report_json(study), report_json(looked)
    assert {k: v for k, v in one.items() if k != "provenance"} == {
        k: v for k, v in two.items() if k != "provenance"
    }
    earlier = [r["provenance"]["with_earlier_studies"] for r in (one, two)]  # type: ignore[index]
    assert [e["studies"] for e in earlier] == [0, 10**6]
    assert [e["verdict"]["kind"] for e in earlier] == ["edge", "none"]
    assert earlier[0]["dsr"] == one["certainty"]["sharpe"]["dsr"]  # type: ignore[index]


STATED = {
    "no trades": {"trades": 0, "net_usd": 0.0, "win_rate": None, "sharpe_ratio": None,
        "volatility_frac": 0.0, "max_drawdown_frac": None, "value_at_risk_frac": 0.0,
        "exposure_frac": 0.0, "longest_losing_run": 0, "costs_usd": 0.0},
    "all winners": {"win_rate": 1.0, "profit_factor": None, "payoff_ratio": None,
        "sortino_ratio": None, "omega_ratio": None, "calmar_ratio": None, "max_drawdown_frac": 0.0,
        "average_drawdown_frac": None, "recovery_factor": None, "longest_losing_run": 0},
    "all losers": {"win_rate": 0.0, "profit_factor": 0.0, "payoff_ratio": None,
        "average_win_usd": None, "omega_ratio": 0.0, "gain_to_pain": -1.0, "recovery_days": None,
        "time_under_water_frac": 1.0, "recovery_factor": -1.0, "longest_winning_run": 0},
    "zero variance": {"net_usd": 0.0, "win_rate": 0.0, "profit_factor": None, "expectancy_r": 0.0,
        "sharpe_ratio": None, "skewness": None, "excess_kurtosis": None, "volatility_frac": 0.0,
        "max_drawdown_frac": 0.0, "ulcer_index_frac": 0.0, "cagr_frac": 0.0},
    "no windows": {"days": 0, "trades": 0, "total_return_frac": 0.0, "cagr_frac": None,
        "volatility_frac": None, "value_at_risk_frac": None, "exposure_frac": None},
    "wiped out": {"sharpe_ratio": None, "cagr_frac": None, "calmar_ratio": None},
}  # fmt: skip


@pytest.mark.parametrize("edge", STATED)
def test_at_the_edges_each_figure_has_its_stated_value(edge: str) -> None:
    found = _report(EDGES[edge])["ml"]
    told = {name: found[name] for name in STATED[edge]}
    assert told == pytest.approx(STATED[edge], abs=1e-12)


def test_a_ready_evaluation_gives_the_same_report() -> None:
    study = fake_study()
    assert report_json(study, evaluate(study)) == report_json(study)


def test_the_targets_are_the_promised_ones() -> None:
    assert [(t["metric"], t["comparison"], t["target"]) for t in _report()["targets"]] == [
        ("sharpe_ratio", "above", 1.0),
        ("calmar_ratio", "above", 2.0),
        ("profit_factor", "above", 1.7),
        ("win_rate", "above", 0.55),
        ("max_drawdown_frac", "below", 0.10),
        ("payoff_ratio", "above", 2.0),
    ]


@pytest.mark.parametrize("plan", [StudyPlan(), *EDGES.values()], ids=str)
def test_met_is_about_ml_and_a_missing_figure_is_missed(plan: StudyPlan) -> None:
    report = _report(plan)
    for row in report["targets"]:
        assert row["ml"] == report["ml"][row["metric"]]
        assert row["baseline"] == report["baseline"][row["metric"]]
        reached = row["ml"] is not None and (
            row["ml"] > row["target"] if row["comparison"] == "above" else row["ml"] < row["target"]
        )
        assert row["met"] is reached


def test_a_policy_without_trades_meets_no_target() -> None:
    assert not any(row["met"] for row in _report(StudyPlan(only=0))["targets"])


def test_figures_carry_ten_significant_digits() -> None:
    sharpe = _report()["ml"]["sharpe_ratio"]
    assert sharpe == float(f"{sharpe:.10g}")
    assert isinstance(_report()["ml"]["trades"], int)


def test_times_are_utc() -> None:
    report = _report()
    assert report["source"]["from"].endswith("Z")
    assert report["windows"][0]["train_from"] == "2024-12-01T14:30:00Z"
    assert report["provenance"]["created_at"] == "2026-01-05T22:15:00Z"


def test_a_time_of_another_zone_is_turned_into_utc() -> None:
    chicago = datetime(2025, 6, 1, 7, tzinfo=timezone(timedelta(hours=-5)))
    assert plain(chicago) == "2025-06-01T12:00:00Z"


class _Kind(StrEnum):
    ONE = "one"


def test_settings_of_any_kind_become_json() -> None:
    value = {
        "kind": _Kind.ONE, "home": PurePosixPath("a/b"), "limit": float("inf"), "days": (1, 2),
        "at": datetime(2025, 6, 1, 12, tzinfo=UTC), "names": {"b", "a"}, "none": None, "on": True,
    }  # fmt: skip
    assert plain(value) == {
        "kind": "one", "home": "a/b", "limit": "inf", "days": [1, 2],
        "at": "2025-06-01T12:00:00Z", "names": ["a", "b"], "none": None, "on": True,
    }  # fmt: skip


def test_what_json_cannot_say_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot hold"):
        plain({"x": object()})
    with pytest.raises(ValueError, match="no zone"):
        plain(datetime(2025, 6, 1))  # noqa: DTZ001


def test_ambiguous_bars_are_told_with_what_their_pessimism_cost() -> None:
    plain_study = replace(fake_study(), ambiguity={"ml": Ambiguity(7)})
    assert report_json(plain_study)["ambiguous_bars"] == {
        "ml": {"bars": 7, "resolved_bars": 0, "pessimism_usd": None},
        "finer_series": None,
        "reason": "the home holds no finer bars of this instrument",
    }
    told = {"ml": Ambiguity(7, 5, 12.5)}
    resolved = replace(fake_study(), ambiguity=told, finer_series="MES-1m")
    found = report_json(resolved)["ambiguous_bars"]
    assert found == {
        "ml": {"bars": 7, "resolved_bars": 5, "pessimism_usd": 12.5},
        "finer_series": "MES-1m",
        "reason": None,
    }
    page = report_html(resolved)
    assert "on 7 bars stop and target were both in reach" in page
    assert "MES-1m tells 5 of them" in page
