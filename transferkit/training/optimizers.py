"""The optimizer of a stage: its rate over the steps, and over the depth of the network."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras

from transferkit.config.settings import TrainConfig

CLASSES = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "sgd": keras.optimizers.SGD,
}
MOMENTUM = 0.9  # of SGD


def build_optimizer(
    train: TrainConfig,
    *,
    learning_rate: float,
    steps: int,
    factors: Mapping[str, float] | None = None,
    replicas: int = 1,
) -> keras.optimizers.Optimizer:
    """An optimizer for `steps` steps: the rate climbs, then falls along a cosine to nothing.

    `factors` multiply the rate of single variables, by their path; others keep the whole.
    Cosine: Loshchilov and Hutter, arXiv 1608.03983.
    """
    options: dict[str, Any] = {"learning_rate": rate_schedule(learning_rate, steps, train.warmup)}
    # Keras clips what each replica adds, before the sum.
    options["global_clipnorm"] = train.clip_norm / replicas or None
    if train.optimizer == "adamw":
        options["weight_decay"] = train.weight_decay
    if train.optimizer == "sgd":
        options |= {"momentum": MOMENTUM, "nesterov": True}
    kind = CLASSES[train.optimizer]
    if factors:
        kind = _by_variable(kind, factors)
    return kind(**options)


def rate_schedule(
    learning_rate: float, steps: int, warmup: float
) -> keras.optimizers.schedules.CosineDecay:
    """Up to `rate` during a share `warmup` of `steps`, then along a cosine to nothing."""
    climb = math.ceil(warmup * steps)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=learning_rate if climb == 0 else learning_rate / climb,
        decay_steps=max(1, steps - climb),
        warmup_target=None if climb == 0 else learning_rate,
        warmup_steps=climb,
    )


def _by_variable(kind: type, factors: Mapping[str, float]) -> type:
    """A kind of optimizer with a rate for each variable, which Keras has no setting for.

    Scaled gradients would not do: Adam divides by their size.
    """

    class ByVariable(kind):
        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            # Under TensorFlow `variable` is its own kind, with no path; Keras' has the same index.
            path = self._trainable_variables[self._get_variable_index(variable)].path
            super().update_step(gradient, variable, learning_rate * factors.get(path, 1.0))

    return ByVariable
