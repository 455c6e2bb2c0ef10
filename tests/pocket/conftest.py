"""A small lesson that the tests of the room share."""

from __future__ import annotations

from pathlib import Path

import keras
import pytest

from tools.pocket.config import Lesson
from tools.pocket.dataset import draw_pictures
from tools.pocket.teacher import teach

PICTURES = 24


@pytest.fixture(scope="session")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Lesson:
    """Some pictures and what MobileNet with random weights says of them."""
    folder: Path = tmp_path_factory.mktemp("lesson")
    draw_pictures(folder, PICTURES, labelled=False, workers=1)
    keras.utils.set_random_seed(0)  # not every teacher at random is as easily imitated
    teach(folder, PICTURES, teacher="mobilenet_025", weights="none")
    return Lesson(folder, PICTURES, steps=16, batch_size=8, kept_every=4)
