from dataclasses import replace

import numpy as np
import pytest

from mlplatform.models.promise import PromiseConfig, promising
from mlplatform.models.stop import fit_stop
from mlplatform.models.stop_judgement import StopConfig
from mlplatform.models.stop_rows import StopRows, label_ends
from mlplatform_tests.models.planted import GRID_ATR, STOP, features, times, tuner

CONFIG = PromiseConfig()
ROWS = 1_000


def rows_where_a_third_pays(seed: int = 3) -> StopRows:
    """Feature 0 above 0.4: gains, most under a tight stop. All others lose, least under a wide."""
    rng = np.random.default_rng(seed)
    x = features(rng, ROWS)
    decision, end = times(rng, ROWS)
    favoured = np.nan_to_num(x[:, :1]) > 0.4
    net = np.where(favoured, 0.8 - 0.2 * GRID_ATR, -0.9 / GRID_ATR)
    net = net + rng.normal(size=(ROWS, 1)) * 0.5
    names = [f"f{i}" for i in range(x.shape[1])]
    ends = np.repeat(end[:, None], len(GRID_ATR), axis=1)
    return StopRows(x, names, decision, ends, net, GRID_ATR)


def found(rows: StopRows, config: PromiseConfig = CONFIG) -> np.ndarray:
    return promising(rows, label_ends(rows), np.arange(len(rows.x)), 1.5, config, 0, 1)


def test_the_candidates_that_pay_are_found_in_every_block_but_the_first():
    rows = rows_where_a_third_pays()
    index = found(rows)
    assert index[0] >= ROWS // 5
    assert len(index) == pytest.approx(ROWS * 0.8 / 3, rel=0.02)
    assert (np.nan_to_num(rows.x[index, 0]) > 0.4).mean() > 0.85
    assert (np.diff(index) > 0).all()


def test_a_candidate_is_judged_without_its_own_block_or_later_ones():
    rows = rows_where_a_third_pays()
    cut = 3 * ROWS // 5
    later = replace(rows, x=rows.x.copy(), net_r=rows.net_r.copy())
    later.x[cut:], later.net_r[cut:] = later.x[cut:] + 9.0, -later.net_r[cut:]
    before, after = found(rows), found(later)
    np.testing.assert_array_equal(before[before < cut], after[after < cut])
    own = replace(rows, net_r=rows.net_r.copy())
    own.net_r[-ROWS // 5 :] *= -1.0
    np.testing.assert_array_equal(found(own), before)


def test_nothing_to_learn_from_or_too_few_leave_all():
    rows = rows_where_a_third_pays()
    whole = np.arange(ROWS)
    np.testing.assert_array_equal(found(rows, PromiseConfig(frac=1.0)), whole)
    np.testing.assert_array_equal(found(rows, PromiseConfig(min_rows=ROWS)), whole)
    flat = replace(rows, net_r=np.full_like(rows.net_r, -1.0))
    np.testing.assert_array_equal(found(flat), whole)


def test_the_stop_suits_the_trades_worth_taking_and_the_comparator_all():
    rows = rows_where_a_third_pays()
    config = replace(StopConfig(), budget=STOP.budget)
    model = fit_stop(rows, config, tuner("stop"))
    assert model.metrics.constant_atr == 3.0
    assert model.metrics.promising_constant_atr == 0.75
    assert model.metrics.promising_rows == len(found(rows))
    everyone = fit_stop(rows, STOP, tuner("stop"))
    assert everyone.metrics.promising_constant_atr == 3.0
    assert everyone.metrics.promising_rows == ROWS
