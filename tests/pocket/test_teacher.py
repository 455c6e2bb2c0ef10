"""What a teacher says of the pictures, in fewer numbers."""

from __future__ import annotations

import numpy as np
import pytest

from tools.pocket.config import Lesson
from tools.pocket.scenes import SIDE
from tools.pocket.teacher import principal_components, teach
from transferkit.errors import ConfigError

pytestmark = pytest.mark.slow


def test_the_targets_are_a_map_of_the_size_of_the_students(lesson: Lesson) -> None:
    targets = np.load(lesson.folder / "targets-0000.npy")
    assert (targets.shape, targets.dtype) == ((lesson.pictures, 6, 6, 256), np.float16)


def test_the_targets_have_a_deviation_of_one(lesson: Lesson) -> None:
    targets = np.load(lesson.folder / "targets-0000.npy").astype(np.float32)
    assert targets.std() == pytest.approx(1, abs=0.02)


def test_components_are_uncorrelated_and_partly_whitened() -> None:
    rng = np.random.default_rng(0)
    features = rng.standard_normal((5000, 3)) * [9, 1, 0.1] @ np.linalg.qr(rng.random((3, 3)))[0]
    basis = principal_components(features, components=2)
    found = (features - basis["mean"]) @ basis["axes"]
    covariance = np.cov(found, rowvar=False)
    assert abs(covariance[0, 1]) < 1e-3
    # deviations of 9 and 1 become those of 3 and 1, to a common factor
    assert np.sqrt(covariance[0, 0] / covariance[1, 1]) == pytest.approx(3, rel=0.05)
    assert basis["explained"] == pytest.approx(82 / 82.01, abs=1e-4)


def test_what_was_read_is_not_read_again(lesson: Lesson) -> None:
    targets = lesson.folder / "targets-0000.npy"
    before = targets.stat().st_mtime_ns
    teach(lesson.folder, lesson.pictures, teacher="mobilenet_025", weights="none")
    assert targets.stat().st_mtime_ns == before


def test_an_unknown_teacher_is_named(lesson: Lesson, tmp_path) -> None:
    np.save(tmp_path / "pictures-0000.npy", np.zeros((2, SIDE, SIDE, 3), np.uint8))
    with pytest.raises(ConfigError, match="No backbone is called 'mobilenet_3'"):
        teach(tmp_path, 2, teacher="mobilenet_3", weights="none")
