"""The training loop: mini-batches of Adam, early stopping, and the export to NumPy."""

from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np

from mlplatform.models.arrays import FloatArray
from mlplatform.models.neural.forward import Forward, Layer
from mlplatform.models.neural.machine import Kind, Machine, Shape, first_output, machine
from mlplatform.models.neural.runtime import backend

BATCH_ROWS = 256
MIN_BATCH_ROWS = 32
STEPS = 16
"""Steps of an epoch where there are rows for it: few rows are no reason to learn more slowly."""
_WIDTH_STEP = 32
"""Dense inputs are padded to a multiple of it with zeros, so that folds whose gaps differ by a
column share a compiled network."""


_EPSILON = 1e-3
"""Keras adds it to the variance of a batch normalisation."""
_ONE_AT_A_TIME = Lock()


@dataclass(frozen=True)
class Regimen:
    """How a network is trained: kind, epochs at most, patience, and the seed of every draw."""

    kind: Kind
    max_epochs: int
    patience: int
    learning_rate: float
    dropout: float
    l2: float
    seed: int


@dataclass(frozen=True, eq=False)
class Sample:
    """Prepared inputs (n, ...), targets (n,) and what each row weighs (n,), finite; None: all 1."""

    x: FloatArray
    y: FloatArray
    weight: FloatArray | None = None


@dataclass(frozen=True, eq=False)
class Trained:
    """The weights of each layer as trained, the best epoch, and the loss after each epoch where
    watched. `model` is shared: another fit of that shape will overwrite its weights.
    """

    model: Any
    layers: tuple[tuple[str, int, tuple[FloatArray, ...]], ...]
    """Kind, dilation and arrays of each layer that has weights."""
    shape: Shape
    inputs: int
    epochs: int
    losses: tuple[float, ...]


def train(shape: Shape, regimen: Regimen, sample: Sample, valid: Sample | None) -> Trained:
    """Train; with `valid` stop early and keep the best epoch, else run all epochs.

    The weights after k epochs do not depend on whether, or for how long, training went on, nor on
    what the process trained before. Threads take turns: compiled networks are shared.
    """
    with _ONE_AT_A_TIME:
        return _train(shape, regimen, sample, valid)


def _train(shape: Shape, regimen: Regimen, sample: Sample, valid: Sample | None) -> Trained:
    data = _constants(sample)
    inputs = tuple(int(size) for size in data[0].shape[1:])
    unit = machine(shape, inputs, regimen.kind, regimen.dropout)
    unit.reset(regimen.seed, sample.x.shape[-1], first_output(regimen.kind, sample.y))
    unit.tune(regimen.learning_rate, regimen.l2)
    order = np.random.default_rng(regimen.seed)
    if valid is None:
        for _ in range(regimen.max_epochs):
            unit.epoch(*data, _batches(order, len(sample.y)))
        return _trained(unit, shape, sample, regimen.max_epochs, ())
    held = _constants(valid)
    losses: list[float] = []
    best, kept = 0, unit.model.get_weights()
    while len(losses) < regimen.max_epochs and len(losses) - best < regimen.patience:
        unit.epoch(*data, _batches(order, len(sample.y)))
        losses.append(float(unit.judge(*held)))
        if best == 0 or losses[-1] < losses[best - 1]:
            best, kept = len(losses), unit.model.get_weights()
    unit.model.set_weights(kept)
    return _trained(unit, shape, sample, best, tuple(losses))


def export(trained: Trained) -> Forward:
    """The network's arrays, batch normalisation folded into the layer before it."""
    folded: list[Layer] = []
    for kind, dilation, values in trained.layers:
        if kind != "BatchNormalization":
            folded.append(Layer(values[0], values[1], dilation))
            continue
        gamma, beta, mean, variance = values
        scale = gamma / np.sqrt(variance + _EPSILON)
        before = folded.pop()
        bias = (before.bias - mean) * scale + beta
        folded.append(Layer(before.weights * scale, bias, before.dilation))
    first = folded[0]
    folded[0] = Layer(first.weights[..., : trained.inputs, :], first.bias, first.dilation)
    split = len(trained.shape.convolutions)
    return Forward(tuple(folded[split:]), tuple(folded[:split]), trained.shape.pool)


def _trained(
    unit: Machine, shape: Shape, sample: Sample, epochs: int, losses: tuple[float, ...]
) -> Trained:
    layers = tuple(
        (
            type(layer).__name__,
            int(np.max(getattr(layer, "dilation_rate", 1))),
            tuple(np.asarray(value, dtype=np.float64) for value in layer.get_weights()),
        )
        for layer in unit.model.layers
        if layer.get_weights()
    )
    return Trained(unit.model, layers, shape, sample.x.shape[-1], epochs, losses)


def _padded(x: FloatArray) -> FloatArray:
    """Dense rows (n, F) with zeros up to a multiple of _WIDTH_STEP columns; windows as they are."""
    if x.ndim != 2:
        return x
    return np.pad(x, ((0, 0), (0, -x.shape[1] % _WIDTH_STEP)))


def _constants(sample: Sample) -> tuple[Any, Any, Any]:
    tf = backend().tf
    weight = np.ones(len(sample.y)) if sample.weight is None else sample.weight
    return tuple(tf.constant(part, tf.float32) for part in (_padded(sample.x), sample.y, weight))


def _batches(order: np.random.Generator, rows: int) -> Any:
    """A new order of the rows in batches of one size (steps, batch); the rest sits out an epoch."""
    size = min(rows, max(MIN_BATCH_ROWS, min(BATCH_ROWS, rows // STEPS)))
    steps = rows // size
    return backend().tf.constant(
        order.permutation(rows)[: steps * size].reshape(steps, size), "int32"
    )
