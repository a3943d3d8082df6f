"""The dense network: the family that stands beside the boosters."""

import numpy as np

from mlplatform.models.arrays import FloatArray, Rows
from mlplatform.models.families import Budget, Kind, row_weights
from mlplatform.models.neural.forward import logistic
from mlplatform.models.neural.machine import Shape, widths_of
from mlplatform.models.neural.preparation import fit_preparation
from mlplatform.models.neural.sealed import SealedNet
from mlplatform.models.neural.text import Json
from mlplatform.models.neural.training import Regimen, Sample, Trained, train
from mlplatform.models.seeds import derive_seed
from mlplatform.models.space import Choice, Params, Real, Space

SPACE = Space(
    ranges={
        "width": Choice(("16", "32", "64")),
        "depth": Choice(("1", "2")),
        "dropout": Choice(("0.1", "0.3", "0.5")),
        "learning_rate": Real(0.0005, 0.01, log=True),
        "l2": Real(1e-5, 1e-2, log=True),
    },
    first={"width": "32", "depth": "2", "dropout": "0.3", "learning_rate": 0.002, "l2": 1e-3},
)
"""Small and well restrained: labels are mostly noise. What needs another compiled network is one of
a few choices, so that trials, folds and windows of a process share them."""
MOST_TRIALS = 8
"""Of a role and window; trees are quicker tried."""
MAX_EPOCHS = 60
PATIENCE_EPOCHS = 6
"""An epoch sees every row, a boosting round corrects a little: networks need fewer of them."""
MAX_ROWS = 8192
"""Rows that a network trains on at most, drawn by seed. The stop model's rows are a candidate under
each stop of the grid: most of one candidate's rows repeat each other."""


def train_dense(
    kind: Kind, sample: Sample, valid: Sample | None, params: Params, seed: int, budget: Budget
) -> Trained:
    """The Keras model of these parameters, trained on prepared rows."""
    shape = Shape(tuple(widths_of(int(params["width"]), int(params["depth"]))))
    regimen = Regimen(
        kind=kind,
        max_epochs=min(budget.max_rounds, MAX_EPOCHS),
        patience=min(budget.patience, PATIENCE_EPOCHS),
        learning_rate=float(params["learning_rate"]),
        dropout=float(params["dropout"]),
        l2=float(params["l2"]),
        seed=seed,
    )
    return train(shape, regimen, sample, valid)


class KerasNet(SealedNet):
    """Dense layers with batch normalisation, ReLU and dropout; trained by Keras, predicts by NumPy.

    Gaps are filled with the training rows' medians and flagged, columns are scaled; all of that is
    part of the fit and of the text.
    """

    family = "keras"
    SPACE = SPACE
    MOST_TRIALS = MOST_TRIALS
    KIND = "dense network"

    def _read(self, body: Json) -> None:
        self.kind: Kind = body["kind"]
        self._mean, self._scale = float(body["y_mean"]), float(body["y_scale"])

    @classmethod
    def fit(
        cls,
        kind: Kind,
        train: Rows,
        valid: Rows | None,
        params: Params,
        seed: int,
        budget: Budget,
    ) -> "KerasNet":
        """Fit; a round is an epoch. With `valid` stop early and keep the best epoch, else run
        `budget.max_rounds`. One thread, whatever the budget says: the bytes must repeat.

        Raises NotTrainable where TensorFlow is not installed.
        """
        train = _at_most(train, MAX_ROWS, derive_seed(seed, "rows"))
        preparation = fit_preparation(train.x)
        mean, scale = 0.0, 1.0
        if kind == "regression":
            mean, scale = float(train.y.mean()), float(train.y.std()) or 1.0

        def sample(rows: Rows) -> Sample:
            weight = row_weights(kind, rows, budget)
            return Sample(preparation.apply(rows.x), (rows.y - mean) / scale, weight)

        held = None
        if valid is not None:
            held = sample(_at_most(valid, MAX_ROWS, derive_seed(seed, "held")))
        trained = train_dense(kind, sample(train), held, params, seed, budget)
        return cls.sealed(preparation, trained, kind=kind, y_mean=mean, y_scale=scale)

    def predict(self, x: FloatArray) -> FloatArray:
        """(n, F) features, NaN where missing -> (n,) values or probabilities."""
        raw = self._forward(self._preparation.apply(np.asarray(x, dtype=np.float64)))
        return logistic(raw) if self.kind == "binary" else raw * self._scale + self._mean


def _at_most(rows: Rows, limit: int, seed: int) -> Rows:
    """These rows, or as many of them as the limit allows, in their order."""
    if len(rows.y) <= limit:
        return rows
    drawn = np.random.default_rng(seed).choice(len(rows.y), limit, replace=False)
    return rows.take(np.sort(drawn))
