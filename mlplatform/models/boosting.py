"""Gradient-boosted trees: one small class per family, in one vocabulary of parameters.

Both grow trees on histograms, take NaN as missing, and give the same bytes for the same rows and
seed: each fit has one thread, for sums in another order would be other numbers. Families are fitted
side by side instead (`blend`).
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from mlplatform.models.arrays import FloatArray, Rows
from mlplatform.models.families import (
    Booster,
    Budget,
    Kind,
    load_booster,
    register_family,
    row_weights,
)
from mlplatform.models.space import Params, Real, Space, Whole

__all__ = ["FAMILIES", "SPACE", "Booster", "Budget", "Kind", "LightGbm", "XgBoost", "load_booster"]

SPACE = Space(
    ranges={
        "learning_rate": Real(0.02, 0.1, log=True),
        "depth": Whole(1, 4),
        "min_leaf_frac": Real(0.02, 0.2, log=True),
        "row_frac": Real(0.5, 1.0),
        "column_frac": Real(0.2, 0.8),
        "l2": Real(1.0, 100.0, log=True),
    },
    first={
        "learning_rate": 0.05,
        "depth": 2,
        "min_leaf_frac": 0.1,
        "row_frac": 0.8,
        "column_frac": 0.4,
        "l2": 10.0,
    },
)
"""Shallow, smooth and slow: a window has hundreds of candidates, their labels are mostly noise."""
_MIN_LEAF_ROWS = 15


def _leaf_rows(params: Params, train: Rows) -> int:
    """Rows that a leaf must hold; never so few that it remembers single trades."""
    return max(_MIN_LEAF_ROWS, round(float(params["min_leaf_frac"]) * len(train.y)))


def _lightgbm_params(kind: Kind, seed: int, budget: Budget) -> dict[str, Any]:
    """What no trial changes."""
    return {
        "objective": kind,
        "metric": "l2" if kind == "regression" else "binary_logloss",
        "bagging_freq": 1,
        "max_bin": budget.max_bins,
        "feature_pre_filter": False,
        "num_threads": 1,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }


def _xgboost_params(kind: Kind, seed: int, budget: Budget) -> dict[str, Any]:
    """What no trial changes."""
    return {
        "objective": "reg:squarederror" if kind == "regression" else "binary:logistic",
        "eval_metric": "rmse" if kind == "regression" else "logloss",
        "tree_method": "hist",
        "max_bin": budget.max_bins,
        "nthread": 1,
        "seed": seed,
        "verbosity": 0,
    }


class LightGbm:
    """LightGBM, leaf-wise trees."""

    family = "lightgbm"

    def __init__(self, text: str) -> None:
        import lightgbm

        self._text = text
        self._booster = lightgbm.Booster(model_str=text)
        self.rounds = int(self._booster.current_iteration())
        self._predict = partial(self._booster.predict, num_threads=1)

    @classmethod
    def fit(
        cls,
        kind: Kind,
        train: Rows,
        valid: Rows | None,
        params: Params,
        seed: int,
        budget: Budget,
    ) -> "LightGbm":
        """Fit; with `valid` stop early and keep the best round, else grow `budget.max_rounds`."""
        return cls.prepared(kind, train, valid, seed, budget)(params)

    @classmethod
    def prepared(
        cls, kind: Kind, train: Rows, valid: Rows | None, seed: int, budget: Budget
    ) -> "Callable[[Params], LightGbm]":
        """Fits on the same rows, which are put into bins once."""
        import lightgbm

        shared = _lightgbm_params(kind, seed, budget)
        weight = row_weights(kind, train, budget)
        data = lightgbm.Dataset(train.x, train.y, weight=weight, params=shared).construct()
        watch: dict[str, Any] = {}
        if valid is not None:
            weight = row_weights(kind, valid, budget)
            held = data.create_valid(valid.x, valid.y, weight=weight, params=shared)
            watch["valid_sets"] = [held.construct()]

        def fit(params: Params) -> LightGbm:
            depth = int(params["depth"])
            native = shared | {
                "learning_rate": params["learning_rate"],
                "num_leaves": 2**depth,
                "max_depth": depth + 2,
                "min_data_in_leaf": _leaf_rows(params, train),
                "bagging_fraction": params["row_frac"],
                "feature_fraction": params.get("column_frac", 1.0),
                "lambda_l2": params["l2"],
            }
            stop = lightgbm.early_stopping(budget.patience, verbose=False)
            calls: list[Callable[..., Any]] = [stop] if watch else []
            rounds = budget.max_rounds
            grown = lightgbm.train(native, data, rounds, callbacks=calls, **watch)
            best = grown.best_iteration if watch else rounds
            return cls(grown.model_to_string(num_iteration=best))

        return fit

    def predict(self, x: FloatArray) -> FloatArray:
        """(n, F) -> (n,) values or probabilities."""
        return np.asarray(self._predict(x), dtype=np.float64)

    def to_text(self) -> str:
        """LightGBM's model text."""
        return self._text


class XgBoost:
    """XGBoost, depth-wise trees."""

    family = "xgboost"

    def __init__(self, text: str) -> None:
        import xgboost

        self._text = text
        self._booster = xgboost.Booster()
        self._booster.load_model(bytearray(text.encode()))
        self._booster.set_param({"nthread": 1})
        self.rounds = int(self._booster.num_boosted_rounds())

    @classmethod
    def fit(
        cls,
        kind: Kind,
        train: Rows,
        valid: Rows | None,
        params: Params,
        seed: int,
        budget: Budget,
    ) -> "XgBoost":
        """Fit; with `valid` stop early and keep the best round, else grow `budget.max_rounds`."""
        return cls.prepared(kind, train, valid, seed, budget)(params)

    @classmethod
    def prepared(
        cls, kind: Kind, train: Rows, valid: Rows | None, seed: int, budget: Budget
    ) -> "Callable[[Params], XgBoost]":
        """Fits on the same rows, which are put into bins once."""
        import xgboost

        shared = _xgboost_params(kind, seed, budget)
        bins = {"max_bin": budget.max_bins, "nthread": 1}
        weight = row_weights(kind, train, budget)
        data = xgboost.QuantileDMatrix(train.x, train.y, weight=weight, **bins)
        watch: dict[str, Any] = {}
        if valid is not None:
            weight = row_weights(kind, valid, budget)
            held = xgboost.QuantileDMatrix(valid.x, valid.y, weight=weight, ref=data, **bins)
            watch = {"evals": [(held, "valid")], "verbose_eval": False}
        # A leaf's weight is its rows in regression, and its sum of p(1-p) <= 1/4 in a binary fit.
        hessian = 1.0 if kind == "regression" else 0.25

        def fit(params: Params) -> XgBoost:
            native = shared | {
                "learning_rate": params["learning_rate"],
                "max_depth": int(params["depth"]),
                "min_child_weight": _leaf_rows(params, train) * hessian,
                "subsample": params["row_frac"],
                "colsample_bytree": params.get("column_frac", 1.0),
                "reg_lambda": params["l2"],
            }
            stop = xgboost.callback.EarlyStopping(rounds=budget.patience, save_best=True)
            calls = [stop] if watch else []
            grown = xgboost.train(native, data, budget.max_rounds, callbacks=calls, **watch)
            return cls(bytes(grown.save_raw("json")).decode())

        return fit

    def predict(self, x: FloatArray) -> FloatArray:
        """(n, F) -> (n,) values or probabilities."""
        return np.asarray(self._booster.inplace_predict(x), dtype=np.float64)

    def to_text(self) -> str:
        """XGBoost's model JSON."""
        return self._text


FAMILIES: dict[str, type[LightGbm] | type[XgBoost]] = {
    LightGbm.family: LightGbm,
    XgBoost.family: XgBoost,
}
"""The families that a blend has unless it is told others."""

for _family in FAMILIES.values():
    register_family(_family)
