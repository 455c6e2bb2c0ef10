"""The optimizer of a stage: its rate over steps and depth; and a model compiled with it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from transferkit.config.settings import TrainConfig
from transferkit.task import TASK
from transferkit.training.state import TrainingState

CLASSES = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "sgd": keras.optimizers.SGD,
}
MOMENTUM = 0.9  # of SGD
MAX_STEPS_AT_ONCE = 16  # steps that a GPU takes without asking the CPU for what to do next


def build_optimizer(
    train: TrainConfig,
    *,
    learning_rate: float,
    steps: int,
    factors: Mapping[str, float] | None = None,
    replicas: int = 1,
) -> keras.optimizers.Optimizer:
    """Return an optimizer for `steps` steps: warm-up, then cosine decay to zero.

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
    """Return linear warm-up to `rate` in a share `warmup` of `steps`, then cosine decay."""
    climb = math.ceil(warmup * steps)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=learning_rate if climb == 0 else learning_rate / climb,
        decay_steps=max(1, steps - climb),
        warmup_target=None if climb == 0 else learning_rate,
        warmup_steps=climb,
    )


def _by_variable(kind: type, factors: Mapping[str, float]) -> type:
    """Return a subclass of the optimizer with one learning rate per variable, which Keras lacks.

    Scaled gradients would not do: Adam divides by their size.
    """

    class ByVariable(kind):
        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            # Under TensorFlow `variable` is its own kind, with no path; Keras' has the same index.
            path = self._trainable_variables[self._get_variable_index(variable)].path
            super().update_step(gradient, variable, learning_rate * factors.get(path, 1.0))

    return ByVariable


def compile_model(model: keras.Model, state: TrainingState, **schedule: Any) -> None:
    """Compile `model` with an optimizer whose rate, steps and factors are those of `schedule`."""
    config = state.config.train
    model.compile(
        optimizer=build_optimizer(config, replicas=state.device.replicas, **schedule),
        loss=TASK.loss(config.label_smoothing),
        metrics=list(TASK.metrics),
        # "auto" means XLA wherever a GPU is listed, used or not, and it fails under a mirrored
        # strategy (keras#20763).
        jit_compile=False,
        steps_per_execution=min(MAX_STEPS_AT_ONCE, state.train.steps) if state.device.gpu else 1,
    )
    if state.device.replicas == 1:  # else Keras does this itself
        _make_variables(model, state.train.targets[:1])


def _make_variables(model: keras.Model, targets: np.ndarray) -> None:
    """Make the variables of the optimizer and of the metrics ahead of the first step.

    A step that made some would be traced twice, once with a branch for each of them: 2.6 s in place
    of 1.7 to the end of a first epoch of 221 images. `targets` is `(images, classes)`.
    """
    model.optimizer.build(model.trainable_variables)
    model.compute_metrics(None, targets, targets, None)
    model.reset_metrics()
