"""The setup detector: a convolutional network that scores the picture of the last bars."""

import hashlib
from dataclasses import dataclass

import numpy as np

from mlplatform.models.arrays import FloatArray
from mlplatform.models.neural.forward import logistic
from mlplatform.models.neural.machine import Convolution, Shape
from mlplatform.models.neural.preparation import Preparation, fit_preparation
from mlplatform.models.neural.sealed import SealedNet
from mlplatform.models.neural.text import Json
from mlplatform.models.neural.training import Regimen, Sample, Trained, train

VARIANTS: dict[str, Shape] = {
    "classic": Shape((16,), (Convolution(16, 3), Convolution(16, 3)), "flat"),
    "wide": Shape((32,), (Convolution(48, 7), Convolution(32, 5)), "mean"),
    "predictive": Shape(
        (16,), (Convolution(16, 2), Convolution(16, 2, 2), Convolution(16, 2, 4)), "last"
    ),
}
"""Classic looks for short shapes and where they stand; wide for slow ones, on average over the
window; predictive reads the window like a sequence (dilated: A. van den Oord et
al., WaveNet, 2016) and answers from its last bar."""


@dataclass(frozen=True)
class DetectorConfig:
    """Which variant, of which setups, and how it is trained."""

    variant: str = "classic"
    setups: tuple[str, ...] = ()
    max_epochs: int = 40
    patience: int = 8
    learning_rate: float = 0.002
    dropout: float = 0.4
    l2: float = 1e-3


class Detector(SealedNet):
    """A trained detector; scores windows by NumPy, without TensorFlow.

    `setups` names those whose candidates it learned from, and may score.
    """

    KIND = "setup detector"

    def _read(self, body: Json) -> None:
        self.variant = str(body["variant"])
        self.setups = tuple(str(name) for name in body["setups"])
        self._window = (int(body["bars"]), int(body["channels"]))

    @classmethod
    def fit(
        cls,
        windows: FloatArray,
        y: FloatArray,
        valid: tuple[FloatArray, FloatArray] | None,
        config: DetectorConfig,
        seed: int,
    ) -> "Detector":
        """Fit on finite windows (n, bars, channels) and 0/1 outcomes (n,); `valid` stops it early.

        Raises KeyError for an unknown variant, NotTrainable where TensorFlow is not installed.
        """
        preparation = fit_preparation(_flat(windows))

        def sample(raw: FloatArray, outcome: FloatArray) -> Sample:
            return Sample(_scaled(preparation, raw), outcome)

        held = None if valid is None else sample(*valid)
        trained = train_detector(sample(windows, y), held, config, seed)
        return cls.sealed(
            preparation,
            trained,
            variant=config.variant,
            setups=list(config.setups),
            bars=windows.shape[1],
            channels=windows.shape[2],
        )

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of its text."""
        return hashlib.sha256(self._text.encode()).hexdigest()

    @property
    def window(self) -> tuple[int, int]:
        """Bars and channels that it reads."""
        return self._window

    def predict(self, windows: FloatArray) -> FloatArray:
        """(n, bars, channels) -> (n,) probability that the setup works out."""
        if windows.ndim != 3 or windows.shape[1:] != self._window:
            raise ValueError(f"windows must be (n, {self._window[0]}, {self._window[1]})")
        return logistic(self._forward(_scaled(self._preparation, windows)))


def _flat(windows: FloatArray) -> FloatArray:
    return np.asarray(windows, dtype=np.float64).reshape(
        len(windows), int(np.prod(windows.shape[1:]))
    )


def _scaled(preparation: Preparation, windows: FloatArray) -> FloatArray:
    """Each channel of each bar at scale 1: early bars stray further from the last close."""
    return preparation.apply(_flat(windows)).reshape(windows.shape)


def train_detector(
    sample: Sample, valid: Sample | None, config: DetectorConfig, seed: int
) -> Trained:
    """The Keras model of that variant, trained on scaled windows."""
    regimen = Regimen(
        kind="binary",
        max_epochs=config.max_epochs,
        patience=config.patience,
        learning_rate=config.learning_rate,
        dropout=config.dropout,
        l2=config.l2,
        seed=seed,
    )
    return train(VARIANTS[config.variant], regimen, sample, valid)
