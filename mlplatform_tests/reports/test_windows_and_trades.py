"""The per-window figures and the frame of all trades."""

from dataclasses import replace

import pytest

from mlplatform.domain.tables import TRADES
from mlplatform.reports.evaluation import trades_frame, window_figures
from mlplatform.studies.result import PolicyResult
from mlplatform.testing.studies import StudyPlan, fake_study


def test_windows_share_out_all_trades() -> None:
    study = fake_study(StudyPlan(empty_period=1))
    rows = window_figures(study)
    ml = study.policies["ml"].trades
    assert [row.window for row in rows] == list(study.windows)
    assert sum(row.ml_trades for row in rows) == ml.height
    assert sum(row.ml_net_usd for row in rows) == pytest.approx(ml["net_usd"].sum())
    assert (rows[1].baseline_trades, rows[1].baseline_net_usd) == (0, 0.0)


def test_weekly_windows_are_named_by_their_monday() -> None:
    study = fake_study(StudyPlan(periods=1))
    monday = replace(study.windows[0], period="2025-03-10")
    rows = window_figures(replace(study, cadence="week", windows=(monday,)))
    assert rows[0].ml_trades == 15


def test_without_windows_there_are_no_rows() -> None:
    assert window_figures(fake_study(StudyPlan(periods=0))) == []


def test_the_frame_of_trades_holds_every_policy_with_its_fingerprint() -> None:
    study = fake_study()
    frame = trades_frame(study)
    assert frame.columns == ["policy", *TRADES.names, "policy_fingerprint"]
    assert frame.height == sum(policy.trades.height for policy in study.policies.values())
    assert frame["policy"].unique(maintain_order=True).to_list() == [
        "baseline", "ml", "random_entry",
    ]  # fmt: skip
    assert frame["policy_fingerprint"].null_count() == 0


def test_the_frame_keeps_its_columns_without_fingerprints_and_without_trades() -> None:
    study = fake_study(StudyPlan(only=0))
    bare = {
        name: PolicyResult(policy.trades.drop("policy_fingerprint"), policy.daily)
        for name, policy in study.policies.items()
    }
    frame = trades_frame(replace(study, policies=bare))
    assert frame.height == 0
    assert frame.schema == trades_frame(fake_study()).schema
