"""A trained network as NumPy arrays: the forward pass that trading runs, without TensorFlow.

Batch normalisation is folded into the weights before it and dropout is gone, so that a layer is
one product, one sum, one ramp (ReLU).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mlplatform.models.arrays import FloatArray
from mlplatform.models.neural.text import Json, pack, unpack

Pool = Literal["flat", "max", "mean", "last"]
BLOCK_ROWS = 64
"""Rows a product takes at once. Always that many: BLAS sums another shape in another order, and
one row must predict what it predicts among many."""


@dataclass(frozen=True, eq=False)
class Layer:
    """Weights and bias (out,): (in, out) of a dense layer, (taps, in, out) of a convolution.

    A convolution reads its own bar and those before it, `dilation` bars apart (causal).
    """

    weights: FloatArray
    bias: FloatArray
    dilation: int = 1

    def dense(self, x: FloatArray) -> FloatArray:
        """(n, in) -> (n, out)."""
        return np.asarray(x @ self.weights + self.bias)

    def convolve(self, x: FloatArray) -> FloatArray:
        """(n, bars, in) -> (n, bars, out), zeros before the first bar."""
        taps, width, out = self.weights.shape
        rows, bars, _ = x.shape
        past = (taps - 1) * self.dilation
        padded = np.concatenate([np.zeros((rows, past, width)), x], axis=1)
        seen = [padded[:, t * self.dilation : t * self.dilation + bars] for t in range(taps)]
        flat = np.concatenate(seen, axis=2).reshape(rows * bars, taps * width)
        product = flat @ self.weights.reshape(taps * width, out)
        return np.asarray((product + self.bias).reshape(rows, bars, out))

    def to_json(self) -> Json:
        """As JSON can hold it; weights in single precision, as they were trained."""
        return {
            "weights": pack(self.weights, "<f4"),
            "bias": pack(self.bias, "<f4"),
            "dilation": self.dilation,
        }

    @classmethod
    def from_json(cls, content: Json) -> "Layer":
        """What `to_json` wrote."""
        return cls(unpack(content["weights"]), unpack(content["bias"]), content["dilation"])


@dataclass(frozen=True, eq=False)
class Forward:
    """Convolutions, a pool over the bars ("flat" keeps all), then dense layers; one column is left.

    Without convolutions the input is (n, F), with them (n, bars, channels).
    """

    layers: tuple[Layer, ...]
    convolutions: tuple[Layer, ...] = ()
    pool: Pool = "max"

    def __call__(self, x: FloatArray) -> FloatArray:
        """(n, ...) inputs -> (n,) raw outputs: a logit, or a value in standard deviations."""
        rows = len(x)
        out = np.empty(rows)
        for start in range(0, rows, BLOCK_ROWS):
            part = x[start : start + BLOCK_ROWS]
            if len(part) < BLOCK_ROWS:
                filled = np.zeros((BLOCK_ROWS, *x.shape[1:]))
                filled[: len(part)] = part
                out[start:] = self._block(filled)[: len(part)]
            else:
                out[start : start + BLOCK_ROWS] = self._block(part)
        return out

    def _block(self, x: FloatArray) -> FloatArray:
        for layer in self.convolutions:
            x = np.maximum(layer.convolve(x), 0.0)
        if self.convolutions:
            x = _pooled(x, self.pool)
        for layer in self.layers[:-1]:
            x = np.maximum(layer.dense(x), 0.0)
        # A product with one column is another BLAS routine; a sum by row is the same for each.
        last = self.layers[-1]
        return np.asarray((x * last.weights[:, 0]).sum(axis=1) + last.bias[0])

    def to_json(self) -> Json:
        """As JSON can hold it."""
        return {
            "layers": [layer.to_json() for layer in self.layers],
            "convolutions": [layer.to_json() for layer in self.convolutions],
            "pool": self.pool,
        }

    @classmethod
    def from_json(cls, content: Json) -> "Forward":
        """What `to_json` wrote."""
        return cls(
            _layers(content["layers"]), _layers(content["convolutions"]), pool=content["pool"]
        )


def logistic(z: FloatArray) -> FloatArray:
    """1 / (1 + exp(-z)) without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * z)))


def _layers(content: Sequence[Json]) -> tuple[Layer, ...]:
    return tuple(Layer.from_json(layer) for layer in content)


def _pooled(x: FloatArray, pool: Pool) -> FloatArray:
    if pool == "flat":
        return x.reshape(len(x), -1)
    if pool == "last":
        return x[:, -1]
    return np.asarray(x.max(axis=1) if pool == "max" else x.mean(axis=1))
