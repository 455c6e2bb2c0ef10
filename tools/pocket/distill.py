"""Distillation: the pocket backbone learns the targets of the drawn pictures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np
import pandas as pd

from tools.pocket.batches import (
    lesson_batches,
    pooled_spread,
    target_width,
    whole_pictures,
)
from tools.pocket.config import Lesson
from tools.pocket.dataset import LABELS
from transferkit.backbones.build import build_backbone, preprocess
from transferkit.backbones.catalog import find_backbone
from transferkit.config.settings import TrainConfig
from transferkit.inference.devices import resolve_precision
from transferkit.models.freezing import batch_normalization_layers, let_statistics_follow
from transferkit.runtime.progress import log
from transferkit.storage.files import write_text, written_atomically
from transferkit.training.optimizers import build_optimizer, rate_schedule

PROBES = 8  # in a lesson
TRAIN = TrainConfig(
    optimizer="adamw", learning_rate=2e-3, weight_decay=0.02, clip_norm=5.0, warmup=0.01
)


@keras.saving.register_keras_serializable("transferkit")
class Imitation(keras.losses.Loss):
    """Distance of the student's map from the teacher's, at each point and on average over them.

    The second term, half as strong, is relative to `spread`, the variance of the teacher's pooled
    features over the pictures, since a classifier sees their average over points.
    """

    def __init__(self, spread: float, name: str = "imitation", **options: Any) -> None:
        super().__init__(name=name, **options)
        self.spread = spread

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """`(pictures,)`, of maps `(pictures, height, width, features)`."""
        ops = keras.ops
        error = y_pred - ops.cast(y_true, y_pred.dtype)
        pooled = ops.mean(ops.square(ops.mean(error, axis=(1, 2))), axis=-1)
        return ops.mean(ops.square(error), axis=(1, 2, 3)) + 0.5 * pooled / self.spread

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of `from_config`."""
        return super().get_config() | {"spread": self.spread}


Probe = Callable[[keras.Model], dict[str, float]]


def learn(lesson: Lesson, probe: Probe | None = None) -> keras.Model:
    """Train the student; a stopped lesson resumes from its checkpoint.

    `probe` is called with the student `PROBES` times on the way; its results are written into the
    history.
    """
    with resolve_precision("auto").autocast():
        student = _restored_student(lesson)
        done = int(student.optimizer.iterations)
        if done < lesson.steps:
            log(f"Step {done:,} of {lesson.steps:,}, {lesson.batch_size} pictures each.")
            student.fit(
                lesson_batches(lesson, first=done),
                epochs=-(-lesson.steps // lesson.kept_every),
                initial_epoch=done // lesson.kept_every,
                steps_per_epoch=lesson.kept_every,
                callbacks=[LessonCheckpoint(lesson, probe)],
                shuffle=False,  # each step is decided by its number
                verbose=0,
            )
    # Whole pictures, as it will see them: those of most steps were cropped.
    measure_statistics(student, whole_pictures(lesson))
    return student


def measure_statistics(model: keras.Model, batches: Iterable[np.ndarray]) -> None:
    """Set the moving statistics of `model` to their means over `batches` of its inputs.

    In float32, as the network is when called so (Wu and Johnson, Rethinking "Batch" in BatchNorm,
    2021, arXiv:2105.07576).
    """
    layers = batch_normalization_layers(model)
    momenta = [layer.momentum for layer in layers]
    for number, batch in enumerate(batches):
        for layer in layers:
            layer.momentum = number / (number + 1)  # the mean of all batches so far
        model(batch.astype("float32"), training=True)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum


def _restored_student(lesson: Lesson) -> keras.Model:
    if lesson.checkpoint.exists():
        student = keras.saving.load_model(lesson.checkpoint)
        # That of a shorter lesson has fallen to 0 by now.
        student.optimizer.learning_rate = rate_schedule(
            TRAIN.learning_rate, lesson.steps, TRAIN.warmup
        )
        return student
    keras.utils.set_random_seed(lesson.seed)
    student = build_student(outputs=LABELS if lesson.labelled else target_width(lesson))
    pooled: Any = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    if lesson.labelled:
        maps = student.output
        student = keras.Model(student.input, keras.layers.GlobalAveragePooling2D()(maps))
    else:
        pooled = Imitation(pooled_spread(lesson))
    let_statistics_follow(student)
    optimizer = build_optimizer(TRAIN, learning_rate=TRAIN.learning_rate, steps=lesson.steps)
    student.compile(optimizer=optimizer, loss=pooled, jit_compile=False)
    optimizer.build(student.trainable_variables)  # a step that did it would be traced twice
    return student


def build_student(outputs: int) -> keras.Model:
    """Build the student: pictures of any size to a map `(pictures, height, width, outputs)`."""
    row = find_backbone("pocket")
    images = keras.Input((None, None, 3))
    backbone = build_backbone(row, "none", any_side=True)
    maps = backbone(preprocess(row, images))
    return keras.Model(images, keras.layers.Dense(outputs, dtype="float32", name="imitate")(maps))


class LessonCheckpoint(keras.callbacks.Callback):
    """Save the student and its history after each epoch, and log the progress."""

    def __init__(self, lesson: Lesson, probe: Probe | None) -> None:
        super().__init__()
        self.lesson, self.probe = lesson, probe
        self.rows: list[dict[str, Any]] = []
        self.started = 0.0
        if lesson.checkpoint.exists() and lesson.history.exists():
            rows = pd.read_csv(lesson.history).to_dict("records")
            self.rows = [{str(name): value for name, value in row.items()} for row in rows]

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        lesson, step = self.lesson, int(self.model.optimizer.iterations)
        rate = lesson.kept_every * lesson.batch_size / (time.perf_counter() - self.started)
        loss = float((logs or {})["loss"])
        row = {"step": step, "loss": round(loss, 4), "pictures a second": round(rate)}
        log(
            f"Step {step:,} of {lesson.steps:,}: loss {loss:.3f}, {rate:.0f} pictures per second, "
            f"{(lesson.steps - step) * lesson.batch_size / rate / 60:.0f} min left."
        )
        with written_atomically(lesson.checkpoint) as temporary:
            self.model.save(temporary)
        if self.probe and self.is_due(step):
            row |= {name: round(share, 4) for name, share in self.probe(self.model).items()}
        self.rows.append(row)
        write_text(lesson.history, pd.DataFrame(self.rows).to_csv(index=False))

    def is_due(self, step: int) -> bool:
        """Whether one of the `PROBES` equal parts of the lesson ended in the epoch before it."""
        part = self.lesson.steps / PROBES
        return step // part > (step - self.lesson.kept_every) // part
