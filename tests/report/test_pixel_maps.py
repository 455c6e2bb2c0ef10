"""What the baselines on pixels look at, as pictures."""

from __future__ import annotations

import base64
from io import BytesIO

import pytest
from explained_worlds import rendered
from PIL import Image

from transferkit.baselines.baseline import Baseline
from transferkit.baselines.fit import fit_baseline
from transferkit.data.manifest import Manifest
from transferkit.report.comparison.pixel_maps import PixelMap, pixel_maps

NAMES = ("majority", "decision_tree_pixels", "decision_tree_colour")


@pytest.fixture(scope="module")
def baselines(manifest: Manifest) -> list[Baseline]:
    return [fit_baseline(name, manifest) for name in NAMES]


@pytest.fixture(scope="module")
def found(baselines: list[Baseline], manifest: Manifest) -> list[PixelMap]:
    return pixel_maps(baselines, manifest.part("test"))


def test_only_what_looks_at_pixels_has_a_map(found: list[PixelMap]) -> None:
    (only,) = found
    assert only.name == "decision_tree_pixels"
    assert only.how == "by the gain of its trees' splits on each pixel in training"
    content = base64.b64decode(only.uri.partition(",")[2])
    assert Image.open(BytesIO(content)).size == (192, 192)


def test_test_images_that_went_away_do_no_harm(manifest: Manifest) -> None:
    knn = fit_baseline("knn_pixels", manifest)
    assert pixel_maps([knn], manifest.part("test").assign(path="/gone.png")) == []


def test_the_page_shows_them(found: list[PixelMap]) -> None:
    text = rendered("pixel_maps.html", pixel_maps=found)
    assert text.count("<img ") == text.count("alt=") == 1
    assert "<b>decision_<wbr>tree_<wbr>pixels</b>" in text


def test_without_maps_there_is_no_section() -> None:
    assert rendered("pixel_maps.html", pixel_maps=[]).strip() == ""
