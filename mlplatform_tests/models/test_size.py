from dataclasses import replace

import numpy as np
import pytest

from mlplatform.models.errors import NotTrainable
from mlplatform.models.serial import from_bytes, to_bytes
from mlplatform.models.size import SizeConfig, SizeRows, fit_size, kelly_frac

from .planted import MINUTE_US, tuner

CONFIG = SizeConfig()


def _trades(win_rate: float, rows: int = 200, seed: int = 0, win_r: float = 1.5) -> SizeRows:
    rng = np.random.default_rng(seed)
    decision = np.arange(rows, dtype=np.int64) * 10 * MINUTE_US
    win = (rng.random(rows) < win_rate).astype(np.float64)
    return SizeRows(
        decision,
        decision + 5 * MINUTE_US,
        np.full(rows, win_rate),
        win,
        np.where(win > 0, win_r, -1.0),
        np.full(rows, 4.0),
        np.full(rows, 2.0),
    )


def _fit(rows: SizeRows, config: SizeConfig = CONFIG, trials: int = 8):
    return fit_size(rows, 5.0, 50_000.0, config, tuner("size", trials=trials))


@pytest.mark.parametrize(("p", "win", "loss"), [(0.5, 2.0, 1.0), (0.6, 1.0, 1.0), (0.4, 3.0, 0.8)])
def test_kelly_is_the_fraction_that_grows_fastest(p, win, loss):
    tried = np.linspace(0.0, 0.999 / loss, 200_001)
    growth = p * np.log1p(win * tried) + (1 - p) * np.log1p(-loss * tried)
    best = tried[growth.argmax()]
    assert kelly_frac(np.array([p]), win, loss)[0] == pytest.approx(best, abs=1e-4)


def test_contracts_are_the_smaller_of_kelly_and_the_caps():
    rule = replace(
        _fit(_trades(0.55)).rule,
        avg_win_r=2.0,
        avg_loss_r=1.0,
        kelly_fraction=0.1,
        max_risk_frac=0.02,
        max_contracts=40,
    )
    # Kelly of 0.4 is 0.1 of capital per R, a tenth of it 500 USD: 25 contracts of 20 USD.
    # Kelly of 0.9 is 0.85; its tenth is above the risk cap of 1000 USD: 50, above 40 contracts.
    sized = rule.contracts(np.array([0.4, 0.9]), np.array([4.0, 4.0]), 5.0, 50_000.0)
    assert sized.tolist() == [25, 40]
    assert rule.contracts(np.array([0.9]), np.array([10.0]), 5.0, 50_000.0).tolist() == [20]


def test_the_fraction_at_risk_is_kellys_share_between_nothing_and_the_cap():
    model = _fit(_trades(0.55))
    rule = replace(
        model.rule, avg_win_r=2.0, avg_loss_r=1.0, kelly_fraction=0.1, max_risk_frac=0.02
    )
    sized = replace(model, rule=rule).risk_frac(np.array([0.1, 0.4, 0.9]))
    np.testing.assert_allclose(sized, [0.0, 0.01, 0.02], rtol=1e-12)


def test_a_taken_trade_has_one_contract_where_its_risk_is_within_the_cap_and_else_none():
    rule = replace(_fit(_trades(0.55)).rule, max_risk_frac=0.01)
    # 1 % of 50,000 USD is 500 USD: 100 points at 5 USD.
    sized = rule.contracts(np.array([0.0, 0.0]), np.array([100.0, 100.25]), 5.0, 50_000.0)
    assert sized.tolist() == [1, 0]
    assert sized.dtype == np.int64


def test_more_probability_or_capital_never_means_fewer_contracts():
    model = _fit(_trades(0.55))
    p, stop = np.linspace(0.0, 1.0, 101), np.full(101, 4.0)
    sized = model.contracts(p, stop, 5.0, 50_000.0)
    assert (np.diff(sized) >= 0).all()
    assert (model.contracts(p, stop, 5.0, 80_000.0) >= sized).all()
    assert len(np.unique(sized)) > 2


def test_an_edge_is_sized_up_within_the_drawdown_limit():
    model = _fit(_trades(0.6))
    assert model.metrics.drawdown_met
    assert model.metrics.max_drawdown_frac < 0.10
    assert model.metrics.log_growth > model.metrics.log_growth_one_contract
    assert (model.rule.avg_win_r, model.rule.avg_loss_r) == (1.5, 1.0)
    assert model.metrics.trials_run == len(model.trials) == 8


def test_of_sizes_within_the_limit_the_fastest_growing_is_taken_and_none_beyond_it():
    rows = replace(_trades(0.6, rows=400), probability=np.full(400, 0.6))
    free = _fit(rows, SizeConfig(max_contracts=1000), trials=25)
    tight = _fit(rows, SizeConfig(max_contracts=1000, max_drawdown_frac=0.03), trials=25)
    assert tight.metrics.drawdown_met
    assert tight.metrics.max_drawdown_frac < 0.03 < free.metrics.max_drawdown_frac
    assert free.metrics.log_growth > tight.metrics.log_growth


def test_a_limit_that_no_size_keeps_is_said_to_be_broken():
    model = _fit(_trades(0.3), SizeConfig(max_drawdown_frac=0.0001))
    assert not model.metrics.drawdown_met
    assert model.metrics.max_drawdown_frac == min(model.metrics.max_drawdown_frac, 1.0)


def test_trades_that_overlap_are_made_one_at_a_time():
    rows = _trades(0.55)
    long = replace(rows, label_end_ts=rows.decision_ts + 15 * MINUTE_US)
    metrics = _fit(long).metrics
    assert (metrics.trades, metrics.overlapping_trades) == (100, 100)


def test_no_payoff_means_no_size():
    rows = _trades(0.5)
    with pytest.raises(NotTrainable, match="19 trades"):
        _fit(_trades(0.5, rows=19))
    with pytest.raises(NotTrainable, match="0 losers"):
        _fit(replace(rows, is_win=np.ones(200)))
    with pytest.raises(NotTrainable, match="0 winners"):
        _fit(replace(rows, is_win=np.zeros(200)))
    with pytest.raises(NotTrainable, match="gain nothing"):
        _fit(replace(rows, net_r=np.full(200, -0.1)))


def test_sizes_of_nonsense_are_refused():
    model = _fit(_trades(0.55))
    one = np.array([0.5])
    for p, stop, usd in [(1.1, 4.0, 5.0), (np.nan, 4.0, 5.0), (0.5, 0.0, 5.0), (0.5, np.nan, 5.0)]:
        with pytest.raises(ValueError, match="must"):
            model.contracts(np.array([p]), np.array([stop]), usd, 50_000.0)
    with pytest.raises(ValueError, match="positive"):
        model.contracts(one, np.array([4.0]), 0.0, 50_000.0)


@pytest.mark.parametrize(
    ("method", "names"),
    [
        ("kelly", {"kelly_fraction", "max_risk_frac"}),
        ("fixed", {"max_risk_frac"}),
        ("fixed_fractional", {"fixed_risk_frac", "max_risk_frac"}),
        ("volatility", {"target_daily_frac", "max_risk_frac"}),
    ],
)
def test_each_method_is_tuned_on_its_own_parameters_within_the_drawdown(method, names):
    model = _fit(_trades(0.6), SizeConfig(method), trials=6)
    assert model.rule.method == model.metrics.method == method
    assert all(set(trial.params) == names for trial in model.trials)
    tuned = {name: getattr(model.rule, name) for name in names}
    assert tuned in [dict(trial.params) for trial in model.trials]
    assert model.metrics.drawdown_met
    assert len({trial.value for trial in model.trials}) > 1 or method == "fixed"
    assert model.metrics.beats_one_contract is (method != "fixed")
    assert from_bytes(to_bytes(model)) == model


def test_methods_size_by_what_their_names_say():
    rule = replace(
        _fit(_trades(0.55)).rule, fixed_risk_frac=0.01, target_daily_frac=0.02, max_risk_frac=0.05
    )
    p, stop = np.array([0.3, 0.9, 0.9]), np.array([4.0, 4.0, 8.0])
    atr = np.array([2.0, 2.0, 1.0])

    def sized(method):
        chosen = replace(rule, method=method, max_contracts=99, bars_per_day=256 * 8 / np.pi)
        return chosen.contracts(p, stop, 5.0, 50_000.0, atr).tolist()

    assert sized("fixed") == [1, 1, 1]
    # 500 USD at 20 and 40 USD of risk a contract; 1000 USD at 16 ATR x 5 USD a day.
    assert sized("fixed_fractional") == [25, 25, 12]
    assert sized("volatility") == [6, 6, 12]
    with pytest.raises(ValueError, match="positive"):
        replace(rule, method="volatility").contracts(p, stop, 5.0, 50_000.0)
