"""The lesson: what is minimised, and that a stopped one goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from shutil import copytree

import keras
import numpy as np
import pandas as pd
import pytest

from tools.pocket.config import Lesson
from tools.pocket.distill import Imitation, LessonCheckpoint, build_student, learn
from tools.pocket.export import write_weights
from tools.pocket.loss_plot import draw_curve
from transferkit.backbones.build import build_backbone

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def learnt(lesson: Lesson) -> keras.Model:
    return learn(lesson, lambda student: {"probe": 0.5})


def test_the_loss_counts_each_point_and_half_of_their_mean() -> None:
    said = np.array([[[[1.0], [3.0]]]])  # errors of 1 and 3: squares 1 and 9, the mean's 4
    loss = Imitation(spread=2.0)(np.zeros_like(said), said)
    assert float(loss) == pytest.approx((1 + 9) / 2 + 0.5 * 4 / 2)


def test_a_lesson_takes_its_steps(learnt: keras.Model, lesson: Lesson) -> None:
    assert int(learnt.optimizer.iterations) == lesson.steps


def test_the_history_has_a_row_for_each_checkpoint(learnt: keras.Model, lesson: Lesson) -> None:
    history = pd.read_csv(lesson.history)
    assert history["step"].tolist() == [4, 8, 12, 16]
    assert history["probe"].tolist() == [0.5] * 4


def test_a_stopped_lesson_goes_on(learnt: keras.Model, lesson: Lesson, tmp_path: Path) -> None:
    copytree(lesson.folder, tmp_path / "copy")
    longer = replace(lesson, folder=tmp_path / "copy", steps=20)
    again = learn(longer)
    assert int(again.optimizer.iterations) == 20
    assert pd.read_csv(longer.history)["step"].tolist() == [4, 8, 12, 16, 20]
    for before, now in zip(learnt.trainable_variables, again.trainable_variables, strict=True):
        # A rate that stayed where the shorter lesson ended, at 0, would change nothing.
        assert (keras.ops.convert_to_numpy(before - now) != 0).any(), now.path


def test_a_student_learns_to_imitate(learnt: keras.Model, lesson: Lesson) -> None:
    first, *_, last = pd.read_csv(lesson.history)["loss"]
    assert last < 0.8 * first


@pytest.mark.parametrize(("steps", "due"), [(16, [2, 4, 6, 8, 10, 12, 14, 16]), (64, [8, 16])])
def test_the_probe_is_asked_now_and_then(steps: int, due: list[int]) -> None:
    lesson = Lesson(Path("nowhere"), 1, steps=steps, kept_every=2)
    keeping = LessonCheckpoint(lesson, None)
    assert [step for step in range(2, 18, 2) if keeping.is_due(step)] == due


def test_exported_weights_are_those_of_the_backbone(learnt: keras.Model, tmp_path: Path) -> None:
    path = tmp_path / "pocket.weights.h5"
    write_weights(learnt, path)
    again = build_backbone("pocket", str(path))
    pairs = zip(learnt.get_layer("pocket").get_weights(), again.get_weights(), strict=True)
    assert all(np.allclose(one, other, rtol=1e-3, atol=1e-4) for one, other in pairs)
    assert path.stat().st_size < 4e6


def test_the_same_weights_are_the_same_bytes(tmp_path: Path) -> None:
    student = build_student(outputs=2)
    digests = {write_weights(student, tmp_path / f"{name}.weights.h5") for name in "ab"}
    assert len(digests) == 1


def test_the_curve_is_a_picture(learnt: keras.Model, lesson: Lesson, tmp_path: Path) -> None:
    draw_curve(lesson, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
