"""The training loop: mini-batches of Adam, early stopping, and the export to NumPy."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mlplatform.models.arrays import FloatArray
from mlplatform.models.neural.forward import Forward, Layer, Pool
from mlplatform.models.neural.runtime import backend

Kind = Literal["regression", "binary"]
BATCH_ROWS = 256
MIN_BATCH_ROWS = 32
STEPS = 16
"""Steps of an epoch where there are rows for it: few rows are no reason to learn more slowly."""


@dataclass(frozen=True)
class Convolution:
    """One causal convolution: its filters, taps and the bars between them."""

    filters: int
    taps: int
    dilation: int = 1


@dataclass(frozen=True)
class Shape:
    """What a network looks like; `widths` are of its hidden dense layers."""

    widths: tuple[int, ...]
    convolutions: tuple[Convolution, ...] = ()
    pool: Pool = "max"


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
    """Prepared inputs (n, ...) and targets (n,), finite."""

    x: FloatArray
    y: FloatArray


@dataclass(frozen=True, eq=False)
class Trained:
    """The Keras model as trained, its best epoch, and the loss after each epoch where watched."""

    model: Any
    shape: Shape
    epochs: int
    losses: tuple[float, ...]


def train(shape: Shape, regimen: Regimen, sample: Sample, valid: Sample | None) -> Trained:
    """Train; with `valid` stop early and keep the best epoch, else run all epochs.

    The weights after k epochs do not depend on whether, or for how long, training went on.
    """
    tf, keras = backend()
    model = _build(shape, regimen, sample)
    loss = _loss(regimen.kind)
    step = _epoch_function(model, keras.optimizers.Adam(regimen.learning_rate), loss)
    x, y = tf.constant(sample.x, tf.float32), tf.constant(sample.y, tf.float32)
    order = np.random.default_rng(regimen.seed)
    if valid is None:
        for _ in range(regimen.max_epochs):
            step(x, y, _batches(order, len(sample.y)))
        return Trained(model, shape, regimen.max_epochs, ())
    held = tf.constant(valid.x, tf.float32), tf.constant(valid.y, tf.float32)
    judge = tf.function(lambda a, b: loss(b, model(a, training=False)[:, 0]))
    losses: list[float] = []
    best, kept = 0, model.get_weights()
    while len(losses) < regimen.max_epochs and len(losses) - best < regimen.patience:
        step(x, y, _batches(order, len(sample.y)))
        losses.append(float(judge(*held)))
        if best == 0 or losses[-1] < losses[best - 1]:
            best, kept = len(losses), model.get_weights()
    model.set_weights(kept)
    return Trained(model, shape, best, tuple(losses))


def export(trained: Trained) -> Forward:
    """The network's arrays, batch normalisation folded into the layer before it."""
    found = [layer for layer in trained.model.layers if layer.get_weights()]
    folded: list[Layer] = []
    for layer in found:
        values = [np.asarray(v, dtype=np.float64) for v in layer.get_weights()]
        if type(layer).__name__ != "BatchNormalization":
            dilation = int(np.max(getattr(layer, "dilation_rate", 1)))
            folded.append(Layer(values[0], values[1], dilation))
            continue
        gamma, beta, mean, variance = values
        scale = gamma / np.sqrt(variance + layer.epsilon)
        before = folded.pop()
        bias = (before.bias - mean) * scale + beta
        folded.append(Layer(before.weights * scale, bias, before.dilation))
    split = len(trained.shape.convolutions)
    return Forward(tuple(folded[split:]), tuple(folded[:split]), trained.shape.pool)


def _build(shape: Shape, regimen: Regimen, sample: Sample) -> Any:
    """Layer - batch normalisation - ReLU - dropout, as often as the shape says, then one output."""
    keras = backend().keras
    layers = keras.layers
    seed = regimen.seed
    decay = keras.regularizers.L2(regimen.l2)
    inputs = flow = keras.Input(sample.x.shape[1:])

    def initial(place: int) -> Any:
        return keras.initializers.HeNormal(seed=(seed + place) % 2**31)

    for place, part in enumerate(shape.convolutions):
        flow = layers.Conv1D(
            part.filters,
            part.taps,
            padding="causal",
            dilation_rate=part.dilation,
            kernel_initializer=initial(1000 + place),
            kernel_regularizer=decay,
        )(flow)
        flow = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(flow))
    if shape.convolutions:
        flow = _pool(layers, shape.pool, flow)
        flow = layers.Dropout(regimen.dropout, seed=(seed + 4000) % 2**31)(flow)
    for place, width in enumerate(shape.widths):
        flow = layers.Dense(width, kernel_initializer=initial(place), kernel_regularizer=decay)(
            flow
        )
        flow = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(flow))
        flow = layers.Dropout(regimen.dropout, seed=(seed + 2000 + place) % 2**31)(flow)
    # From the base rate, so that early epochs are not spent on finding it.
    start = keras.initializers.Constant(_first_output(regimen.kind, sample.y))
    small = keras.initializers.RandomNormal(stddev=0.01, seed=(seed + 3000) % 2**31)
    last = layers.Dense(1, kernel_initializer=small, bias_initializer=start)
    return keras.Model(inputs, last(flow))


def _pool(layers: Any, pool: Pool, flow: Any) -> Any:
    if pool == "flat":
        return layers.Flatten()(flow)
    if pool == "last":
        return flow[:, -1]
    kind = layers.GlobalMaxPooling1D if pool == "max" else layers.GlobalAveragePooling1D
    return kind()(flow)


def _first_output(kind: Kind, y: FloatArray) -> float:
    mean = float(y.mean())
    if kind == "regression":
        return mean
    rate = min(max(mean, 0.01), 0.99)
    return float(np.log(rate / (1.0 - rate)))


def _loss(kind: Kind) -> Any:
    tf = backend().tf
    if kind == "regression":
        return lambda y, z: tf.reduce_mean(tf.square(y - z))
    return lambda y, z: tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=z))


def _epoch_function(model: Any, optimizer: Any, loss: Any) -> Any:
    """One epoch as one compiled call: a call per batch would cost more than the batch."""
    tf = backend().tf
    optimizer.build(model.trainable_variables)

    @tf.function(autograph=False)  # type: ignore[untyped-decorator,unused-ignore]
    def epoch(x: Any, y: Any, batches: Any) -> None:
        def one(rows: Any) -> Any:
            with tf.GradientTape() as tape:
                z = model(tf.gather(x, rows), training=True)[:, 0]
                total = loss(tf.gather(y, rows), z) + sum(model.losses)
            gradients = tape.gradient(total, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
            return total

        def body(place: Any) -> tuple[Any]:
            with tf.control_dependencies([one(batches[place])]):
                return (place + 1,)

        tf.while_loop(
            lambda place: place < tf.shape(batches)[0],
            body,
            (tf.constant(0),),
            parallel_iterations=1,
        )

    return epoch


def _batches(order: np.random.Generator, rows: int) -> Any:
    """A new order of the rows in batches of one size (steps, batch); the rest sits out an epoch."""
    size = min(rows, max(MIN_BATCH_ROWS, min(BATCH_ROWS, rows // STEPS)))
    steps = rows // size
    return backend().tf.constant(
        order.permutation(rows)[: steps * size].reshape(steps, size), "int32"
    )


def widths_of(width: int, depth: int) -> Sequence[int]:
    """Hidden widths that halve from layer to layer, 8 at least."""
    return [max(8, width >> place) for place in range(depth)]
