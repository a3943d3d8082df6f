"""A Keras network with its compiled training step, built once for a shape and used for many fits.

Tracing costs more than training on a window's few hundred rows. So what differs from fit to fit
(weights, learning rate, decay, the state of the dropout's draws) is set, not built.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from mlplatform.models.arrays import FloatArray
from mlplatform.models.neural.forward import Pool
from mlplatform.models.neural.runtime import backend

Kind = Literal["regression", "binary"]
_KEPT = 48
"""Networks kept in memory, some 100 kB each."""
_LAST_SPREAD = 0.01


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


@dataclass(frozen=True, eq=False)
class Machine:
    """A network and its compiled functions; `reset` makes it as good as new."""

    model: Any
    optimizer: Any
    decay: Any
    epoch: Any
    """(x, y, weights, batches (steps, rows)) -> trains on the batches, one after the other."""
    judge: Any
    """(x, y, weights) -> loss without dropout."""

    def reset(self, seed: int, fan_in: int, first_output: float) -> None:
        """Weights as He et al. (2015) draw them, from the seed alone; no memory of other fits.

        `fan_in` are the inputs that are no padding: what is padded starts, and stays, at zero.
        """
        rng = np.random.default_rng(seed)
        weighted = [layer for layer in self.model.layers if layer.get_weights()]
        for place, layer in enumerate(weighted):
            is_last = place == len(weighted) - 1
            layer.set_weights(_initial(layer, rng, fan_in if place == 0 else None, is_last))
        bias = weighted[-1].bias
        bias.assign(np.full(bias.shape, first_output, np.float32))
        for number, layer in enumerate(self.model.layers):
            if hasattr(layer, "seed_generator"):
                layer.seed_generator.state.assign([(seed + number) % 2**31, 0])
        for variable in self.optimizer.variables:
            if "learning_rate" not in variable.path:
                variable.assign(np.zeros(variable.shape, variable.dtype))

    def tune(self, learning_rate: float, l2: float) -> None:
        """How fast it learns, and how much large weights cost."""
        self.optimizer.learning_rate.assign(learning_rate)
        self.decay.assign(l2)


@lru_cache(maxsize=_KEPT)
def machine(shape: Shape, inputs: tuple[int, ...], kind: Kind, dropout: float) -> Machine:
    """The machine of that shape for rows of that shape."""
    tf, keras = backend()
    model = _build(shape, inputs, dropout)
    optimizer = keras.optimizers.Adam(0.001)
    optimizer.build(model.trainable_variables)
    decay = tf.Variable(0.0, trainable=False, dtype=tf.float32)
    loss = _loss(kind)
    rows = tf.TensorSpec([None, *inputs], tf.float32)
    targets = tf.TensorSpec([None], tf.float32)
    kernels = [v for v in model.trainable_variables[:-2] if v.name == "kernel"]

    def one(x: Any, y: Any, weights: Any) -> Any:
        with tf.GradientTape() as tape:
            total = loss(y, model(x, training=True)[:, 0], weights)
            total += decay * tf.add_n([tf.reduce_sum(tf.square(kernel)) for kernel in kernels])
        gradients = tape.gradient(total, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return total

    def epoch(x: Any, y: Any, weights: Any, batches: Any) -> None:
        """One compiled call: a call per batch would cost more than the batch."""

        def body(place: Any) -> tuple[Any]:
            batch = (tf.gather(part, batches[place]) for part in (x, y, weights))
            with tf.control_dependencies([one(*batch)]):
                return (place + 1,)

        steps = tf.shape(batches)[0]
        tf.while_loop(lambda at: at < steps, body, (tf.constant(0),), parallel_iterations=1)

    def judge(x: Any, y: Any, weights: Any) -> Any:
        return loss(y, model(x, training=False)[:, 0], weights)

    data, order = [rows, targets, targets], tf.TensorSpec([None, None], tf.int32)
    return Machine(
        model,
        optimizer,
        decay,
        tf.function(epoch, autograph=False, input_signature=[*data, order]),
        tf.function(judge, autograph=False, input_signature=data),
    )


def first_output(kind: Kind, y: FloatArray) -> float:
    """The base rate's logit, or the mean, so that early epochs are not spent on finding it."""
    mean = float(y.mean())
    if kind == "regression":
        return mean
    rate = min(max(mean, 0.01), 0.99)
    return float(np.log(rate / (1.0 - rate)))


def widths_of(width: int, depth: int) -> Sequence[int]:
    """Hidden widths that halve from layer to layer, 8 at least."""
    return [max(8, width >> place) for place in range(depth)]


def _build(shape: Shape, inputs: tuple[int, ...], dropout: float) -> Any:
    """Layer - batch normalisation - ReLU - dropout, as often as the shape says, then one output."""
    keras = backend().keras
    layers = keras.layers
    source = flow = keras.Input(inputs)
    for part in shape.convolutions:
        flow = layers.Conv1D(
            part.filters, part.taps, padding="causal", dilation_rate=part.dilation
        )(flow)
        flow = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(flow))
    if shape.convolutions:
        flow = layers.Dropout(dropout, seed=1)(_pool(layers, shape.pool, flow))
    for width in shape.widths:
        flow = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(layers.Dense(width)(flow)))
        flow = layers.Dropout(dropout, seed=1)(flow)
    return keras.Model(source, layers.Dense(1)(flow))


def _pool(layers: Any, pool: Pool, flow: Any) -> Any:
    if pool == "flat":
        return layers.Flatten()(flow)
    if pool == "last":
        return flow[:, -1]
    kind = layers.GlobalMaxPooling1D if pool == "max" else layers.GlobalAveragePooling1D
    return kind()(flow)


def _loss(kind: Kind) -> Any:
    """(y, z, weights) -> the weighted mean of what each row costs."""
    tf = backend().tf

    def each(y: Any, z: Any) -> Any:
        if kind == "regression":
            return tf.square(y - z)
        return tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=z)

    return lambda y, z, weights: tf.reduce_sum(weights * each(y, z)) / tf.reduce_sum(weights)


def _initial(
    layer: Any, rng: np.random.Generator, fan_in: int | None, is_last: bool
) -> list[FloatArray]:
    """Fresh weights of one layer; batch normalisation starts as the identity."""
    shapes = [value.shape for value in layer.get_weights()]
    if type(layer).__name__ == "BatchNormalization":
        return [np.ones(shapes[0]), np.zeros(shapes[1]), np.zeros(shapes[2]), np.ones(shapes[3])]
    kernel, bias = shapes
    used = kernel[-2] if fan_in is None else fan_in
    spread = _LAST_SPREAD if is_last else np.sqrt(2.0 / (used * int(np.prod(kernel[:-2]))))
    drawn = np.zeros(kernel)
    drawn[..., :used, :] = rng.normal(size=(*kernel[:-2], used, kernel[-1])) * spread
    return [drawn, np.zeros(bias)]
