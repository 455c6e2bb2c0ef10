"""How long fine-tuning will take, from a few of its steps, said before the work ahead of it."""

from __future__ import annotations

import time
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from transferkit.data.loading.tf_dataset import ahead_of_steps
from transferkit.runtime.progress import TIMED, Clock, log
from transferkit.training.callbacks import executions, for_epochs
from transferkit.training.state import (
    FINE_TUNE_STAGE,
    TrainingState,
    prepare,
    steps_at_once,
    training_context,
)


def estimate_time(fit: TrainingState, learner: keras.Model, batches: Any, *, blocks: int) -> None:
    """Say how long fine-tuning the last `blocks` blocks will take, if that is long.

    `learner` takes a few steps on the first of `batches`, and is then as it was before, without an
    optimizer of size.
    """
    epochs, steps = fit.config.train.epochs, (TIMED + 1) * steps_at_once(fit)
    if steps > fit.train.steps:
        return
    prepare(fit, learner, blocks, tuning=True)
    clock = Clock(executions(learner, fit.train.steps * epochs))
    found: list[float | None] = []
    watch = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: found.append(clock.tick())
    )
    before = [(each, keras.ops.convert_to_numpy(each)) for each in learner.variables]
    with training_context(fit, learner):
        learner.fit(batches, steps_per_epoch=steps, shuffle=False, callbacks=[watch], verbose=0)
    with fit.device.strategy.scope():
        for variable, value in before:
            variable.assign(value)
        learner.compile()  # lets go of the optimizer, which may be twice as large as the network
    if (seconds := found[-1]) is not None:
        log(f"{FINE_TUNE_STAGE}, after the head: {for_epochs(seconds, epochs)}")


def estimate_time_from_activations(fit: TrainingState, above: keras.Model, *, blocks: int) -> None:
    """The same of `above`, which learns from kept activations, before there are any.

    Reading them is not in what is said.
    """
    started, part = time.perf_counter(), fit.train
    chosen = slice(part.batch_size)
    rows = np.zeros((min(part.batch_size, len(part)), above.input_shape[1]), np.float32)
    batch = rows, part.targets[chosen], part.weights[chosen]
    batches = ahead_of_steps(tf.data.Dataset.from_tensors(batch).repeat())
    estimate_time(fit, above, batches, blocks=blocks)
    # `keep_rows`, in which this is, takes off all that it spends as if it were reading.
    fit.borrowed_seconds += time.perf_counter() - started
