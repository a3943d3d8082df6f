"""`mlplatform explain` walks from a trade back to the raw row, and refuses in a sentence."""

import hashlib
import json
import re
from io import StringIO

import numpy as np
import polars as pl
import pytest
from rich.console import Console

from mlplatform.commands.explain import NEWEST, explain, explanation_of, newest
from mlplatform.commands.explain_page import print_explanation, print_newest
from mlplatform.domain.errors import InputError

MULTIPLIER_USD = 5.0


@pytest.fixture(scope="module")
def platform(finished, small_bars):
    return finished.open(small_bars).platform


@pytest.fixture(scope="module")
def trades(platform):
    return platform.home.lake.read("backtest", "MES-5m")


@pytest.fixture(scope="module")
def trade(trades):
    return trades.filter(pl.col("policy") == "ml").row(3, named=True)


@pytest.fixture(scope="module")
def found(platform, trade):
    return explanation_of(platform, f"ml:{trade['candidate_id']}")


def printed(found, is_whole=False):
    out = StringIO()
    print_explanation(found, is_whole, Console(file=out, width=80))
    return out.getvalue()


def test_from_a_trade_one_walks_back_to_the_very_row_of_the_raw_file(found, trade, small_bars):
    assert found.origin.path == str(small_bars)
    assert found.origin.sha256 == hashlib.sha256(small_bars.read_bytes()).hexdigest()
    raw = pl.read_parquet(small_bars)
    row = raw.row(found.origin.row, named=True)
    assert row["ts"] == trade["decision_ts"]
    for name in ("ts", "open", "high", "low", "close", "volume"):
        assert found.origin.delivered[name] == row[name]
        assert found.bar[name] == row[name]
    (action,) = found.actions
    for fill in action.fills:
        assert raw["ts"][fill["row"]] == fill["ts"]
        assert found.origin.source == fill["source"]
        assert raw["low"][fill["row"]] - 1 <= fill["price"] <= raw["high"][fill["row"]] + 1


def test_it_says_whether_the_raw_file_is_still_the_one_that_was_taken_in(
    found, platform, trade, small_bars
):
    assert found.origin.state == "unchanged"
    content = small_bars.read_bytes()
    try:
        small_bars.write_bytes(content + b" ")
        changed = explanation_of(platform, trade["candidate_id"])
        small_bars.unlink()
        gone = explanation_of(platform, trade["candidate_id"])
    finally:
        small_bars.write_bytes(content)
    assert (changed.origin.state, gone.origin.state) == ("changed", "gone")
    assert changed.origin.sha256 == gone.origin.sha256 == found.origin.sha256
    assert "ANOTHER" in printed(changed)
    assert "no longer there" in printed(gone)


def test_the_fills_make_up_the_trades_result(found, trade):
    (action,) = found.actions
    assert action.trade == trade
    assert action.outcome == "filled"
    paid = sum(f["side"] * f["contracts"] * f["price"] for f in action.fills) * MULTIPLIER_USD
    costs = sum(f["commission_usd"] for f in action.fills)
    assert -paid - costs == pytest.approx(trade["net_usd"])
    assert sum(f["side"] * f["contracts"] for f in action.fills) == 0


def test_what_the_models_say_is_what_was_decided_and_adds_up(found):
    (action,) = found.actions
    decision, reading = action.decision, found.reading
    assert reading.probability == decision["probability"]
    assert reading.threshold == decision["threshold"]
    assert reading.stop_atr * found.candidate["atr_points"] == decision["stop_points"]
    assert reading.contracts == decision["contracts"]
    entry = sum(item.entry_log_odds for item in reading.inputs)
    assert reading.entry_base_log_odds + entry == pytest.approx(reading.entry_raw_log_odds)
    stop = sum(item.stop_atr for item in reading.inputs)
    assert reading.stop_base_atr + stop == pytest.approx(reading.stop_advantage_atr)
    assert any(item.entry_log_odds for item in reading.inputs)


def test_the_models_are_named_with_version_fingerprint_and_training_range(found, platform):
    roles = ["stop", "entry", "size", "detector", "policy"]
    assert [link.role for link in found.models] == roles
    period = found.actions[0].decision["period"]
    row = platform.home.lake.read("entry_model", "MES-5m", [period]).row(0, named=True)
    entry = found.models[1]
    assert entry.fingerprint == row["fingerprint"]
    assert (entry.train_from, entry.train_to) == (row["train_from"], row["train_to"])
    assert entry.version == platform.tracker.find("MES-5m-entry", row["fingerprint"]).version
    assert found.models[-1].fingerprint == found.actions[0].decision["policy_fingerprint"]


def test_a_candidate_is_told_with_what_every_policy_did(platform, trade):
    found = explanation_of(platform, trade["candidate_id"])
    assert [action.policy for action in found.actions] == ["baseline", "ml"]


def test_before_the_first_window_nobody_decided_and_it_says_so(platform):
    first = platform.home.lake.read("candidates", "MES-5m", ["2025-01"])["candidate_id"][0]
    found = explanation_of(platform, first)
    assert found.actions == ()
    assert found.reading is None
    text = printed(found)
    assert "before the first window" in text
    assert "1 Raw row" in text


def test_what_was_drawn_at_random_has_its_fills_and_no_reading(platform, trades):
    drawn = trades.filter(pl.col("policy") == "random_entry").row(0, named=True)
    found = explanation_of(platform, drawn["candidate_id"])
    assert found.reading is None
    assert "at random" in found.unread
    assert found.actions[0].trade == drawn
    assert "Fills" in printed(found)


def test_it_can_be_read_at_80_columns_and_says_each_link(found, trade):
    text = printed(found)
    assert max(len(line) for line in text.splitlines()) <= 80
    for words in (
        *(trade["candidate_id"], found.origin.sha256, f"{found.origin.row} (from 0)"),
        *(found.models[1].fingerprint[:16], "sum: raw score", "calibrated", "Fills"),
        f"{trade['net_usd']:+,.2f} USD",
    ):
        assert words in text
    assert len(re.findall(r"^  \w+ +(?:missing|-?[\d.e+-]+) +[+-]", text, re.M)) == 12 + 1
    assert printed(found, is_whole=True).count("\n") > text.count("\n") + 50


def test_the_shown_inputs_and_the_rest_add_up_to_the_raw_score(found):
    column = re.findall(r" ([+-]\d\.\d{4}) +[+-]\d\.\d{4} *$", printed(found), re.M)
    *parts, total = (float(number) for number in column)
    assert len(parts) == 14
    assert np.isclose(sum(parts), total, atol=14 * 0.5e-4)


def test_as_json_it_holds_the_whole_chain(finished, trade, capsys, monkeypatch, platform):
    monkeypatch.setattr("mlplatform.commands.explain.build_platform", lambda *_: platform)
    explain(finished.root, trade["candidate_id"], True, False, Console())
    told = json.loads(capsys.readouterr().out)
    assert told["origin"]["delivered"]["close"] == told["bar"]["close"]
    assert told["actions"][1]["trade"]["net_usd"] == trade["net_usd"]
    assert len(told["reading"]["inputs"]) > 50


def test_without_an_id_the_newest_are_listed_each_of_which_can_be_explained(platform):
    listed = newest(platform)
    assert 0 < listed.height <= NEWEST
    out = StringIO()
    print_newest(listed, Console(file=out, width=80))
    for identity in listed["candidate_id"]:
        assert identity in out.getvalue()
    assert explanation_of(platform, listed["candidate_id"][-1]).bar["ts"] == listed["ts"][-1]


def test_a_part_of_an_id_is_enough_where_it_is_of_one_only(platform, trade):
    part = trade["candidate_id"].split(":", 1)[1]
    assert explanation_of(platform, part).candidate_id == trade["candidate_id"]


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("nothing", "run `mlplatform explain` without an id"),
        ("", "run `mlplatform explain` without an id"),
        ("20250", "ids: give one of"),
        ("random_entry:MES-5m:", "ids: give one of"),
    ],
)
def test_an_id_that_is_none_or_several_is_refused_in_a_sentence(platform, named, words):
    with pytest.raises(InputError) as refusal:
        explanation_of(platform, named)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_policy_that_decided_nothing_on_it_is_told(platform, trade):
    with pytest.raises(InputError, match="random_entry decided nothing"):
        explanation_of(platform, f"random_entry:{trade['candidate_id']}")


def test_a_home_without_candidates_says_what_to_run(tmp_path):
    with pytest.raises(InputError, match="run `mlplatform run` first"):
        explain(tmp_path, None, False, False, Console())
