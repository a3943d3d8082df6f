"""Other ways to a stop: how far winners went against one, and one multiple a regime.

They choose from the same grid as the expected outcome does, and take its place where a purged
holdout says that they do better.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from mlplatform.models.arrays import Columns, FloatArray, IntArray, usable_columns
from mlplatform.models.errors import NotTrainable
from mlplatform.models.stop_rows import StopRows
from mlplatform.models.stop_shape import RegimeMultiples, fit_regimes


@dataclass(frozen=True)
class RivalConfig:
    """`level` is the quantile of adverse excursion that a stop should survive; a rival is used
    where it gains more than `min_gain_se` standard errors over the best constant.
    """

    level: float = 0.8
    rounds: int = 80
    min_winners: int = 100
    regime_feature: str = "volatility_level"
    min_gain_se: float = 2.0


@dataclass(frozen=True, eq=False)
class QuantileStops:
    """The adverse excursion that a share `level` of the candidates that win stay within, by
    boosted trees; the stop is the next wider one of the grid.

    R. Koenker, G. Bassett, Regression Quantiles, Econometrica 46 (1978).
    """

    columns: Columns
    level: float
    grid_atr: tuple[float, ...]
    text: str
    kind: str = "quantile"
    _predict: Callable[[FloatArray], FloatArray] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        import lightgbm

        booster = lightgbm.Booster(model_str=self.text)
        object.__setattr__(self, "_predict", lambda x: booster.predict(x, num_threads=1))

    def stops(self, x: FloatArray) -> FloatArray:
        """(n, F) -> (n,) stop of the grid."""
        grid = np.array(self.grid_atr)
        wanted = np.asarray(self._predict(self.columns.select(x)))
        return np.asarray(grid[np.minimum(np.searchsorted(grid, wanted), len(grid) - 1)])


@dataclass(frozen=True)
class RegimeStops:
    """One multiple for each regime of one feature, the column number `place`."""

    place: int
    feature: str
    multiples: RegimeMultiples
    kind: str = "regimes"

    def stops(self, x: FloatArray) -> FloatArray:
        """(n, F) -> (n,) stop of the grid."""
        return self.multiples.stops(x[:, self.place])


Rival = QuantileStops | RegimeStops


def fit_rivals(rows: StopRows, index: IntArray, config: RivalConfig, seed: int) -> dict[str, Rival]:
    """Those that can be had from these complete candidates, by name."""
    found: dict[str, Rival] = {}
    quantile = _fit_quantile(rows, index, config, seed)
    if quantile is not None:
        found["quantile"] = quantile
    if config.regime_feature in rows.feature_names:
        place = list(rows.feature_names).index(config.regime_feature)
        value, net = rows.x[index, place], rows.net_r[index]
        if np.isfinite(value).sum() >= config.min_winners:
            multiples = fit_regimes((value, value), (net, net), rows.stop_grid_atr, min_gain_se=-1)
            found["regimes"] = RegimeStops(place, config.regime_feature, multiples)
    return found


def _fit_quantile(
    rows: StopRows, index: IntArray, config: RivalConfig, seed: int
) -> QuantileStops | None:
    """None where too few candidates won."""
    import lightgbm

    if rows.winner_mae_atr is None:
        return None
    won = index[~np.isnan(rows.winner_mae_atr[index])]
    if len(won) < config.min_winners:
        return None
    try:
        columns = usable_columns(rows.x[won], rows.feature_names)
    except NotTrainable:
        return None
    native = {
        "objective": "quantile",
        "alpha": config.level,
        "learning_rate": 0.1,
        "num_leaves": 4,
        "min_data_in_leaf": max(15, len(won) // 10),
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "feature_fraction": 0.8,
        "lambda_l2": 1.0,
        "max_bin": 63,
        "num_threads": 1,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(columns.select(rows.x[won]), rows.winner_mae_atr[won])
    grown = lightgbm.train(native, data, config.rounds)
    grid = tuple(float(stop) for stop in rows.stop_grid_atr)
    return QuantileStops(columns, config.level, grid, grown.model_to_string())
