"""The map of the test images."""

from __future__ import annotations

import base64
import dataclasses
import os
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from explained_worlds import World, make_world, rendered
from PIL import Image

from transferkit.data.manifest import Manifest
from transferkit.report.comparison import feature_map as module
from transferkit.report.comparison.feature_map import FeatureMap, feature_map

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world(manifest: Manifest) -> World:
    return make_world(manifest)


def mapped(world: World) -> FeatureMap | None:
    return feature_map(
        world.network, world.manifest, world.result, labels=world.truth, config=world.config
    )


@pytest.fixture(scope="module")
def found(world: World) -> FeatureMap:
    made = mapped(world)
    assert made is not None
    return made


def test_every_test_image_is_on_it_and_few_are_joined_by_training_images(
    found: FeatureMap, world: World
) -> None:
    kinds = [point.kind for point in found.points]
    assert kinds.count("wrong") == found.wrong == 6
    assert kinds.count("right") + 6 == len(world.truth)
    train = world.manifest.part("train")
    assert kinds.count("train") == len(train)
    assert found.note == (f"The small dots are {len(train)} of the {len(train)} training images.")


def test_the_wrong_are_drawn_on_top(found: FeatureMap) -> None:
    assert [point.kind for point in found.points[-6:]] == ["wrong"] * 6


def test_all_points_are_within_the_drawing(found: FeatureMap) -> None:
    assert found.width >= found.height
    assert all(8 <= point.x <= found.width - 7.9 for point in found.points)
    assert all(8 <= point.y <= found.height - 7.9 for point in found.points)


def test_a_point_says_what_it_is(found: FeatureMap, world: World) -> None:
    test = world.manifest.part("test")
    row = world.result.probabilities[0]
    answer = world.manifest.classes[row.argmax()]
    expected = (
        f"{Path(test['path'][0]).name}: {test['label'][0]}; predicted {answer} "
        f"({100 * row.max():.1f} %)"
    )
    assert expected in {point.caption for point in found.points}


def test_names_that_are_not_utf_8_are_on_it(world: World) -> None:
    name = os.fsdecode(b"caf\xe9")
    frame = world.manifest.frame
    odd = [name if label == world.manifest.classes[0] else label for label in frame["label"]]
    manifest = Manifest(frame.assign(label=pd.Series(odd, dtype=object)))
    rows, _ = module._rows(manifest, world.result, world.truth, seed=0)
    test = [
        says for says, kind in zip(rows["caption"], rows["kind"], strict=True) if kind != "train"
    ]
    assert any(f": {name}; predicted " in says for says in test)
    assert any(says.endswith(f": {name}, a training image") for says in rows["caption"])


def test_each_point_has_its_own_picture(found: FeatureMap) -> None:
    content = base64.b64decode(found.pictures.partition(",")[2])
    sheet = Image.open(BytesIO(content))
    assert sheet.size == (found.columns * 48, found.rows * 48)
    tiles = sorted(point.tile for point in found.points)
    assert tiles == list(range(len(found.points)))


def test_the_legend_counts_the_images_of_each_class(found: FeatureMap, world: World) -> None:
    assert {name for name, _ in found.legend} == set(world.manifest.classes)
    assert sum(images for _, images in found.legend) == len(found.points)


def test_of_many_images_some_are_drawn(world: World) -> None:
    count = module.MAX_TEST_IMAGES + 100
    row = world.manifest.part("test").iloc[0]
    paths = [f"{number}.png" for number in range(count)]
    manifest = Manifest(pd.DataFrame([row] * count).assign(path=paths).reset_index(drop=True))
    result = dataclasses.replace(world.result, probabilities=np.ones((count, 1), np.float32))
    rows, note = module._rows(manifest, result, np.zeros(count, int), seed=0)
    assert len(set(rows["path"])) == module.MAX_TEST_IMAGES
    assert note == "2,000 of the 2,100 test images, sampled at random."


def test_where_many_images_are_the_wrong_ones_have_pictures_first() -> None:
    rows = pd.DataFrame({"kind": ["right"] * module.MAX_PICTURES + ["wrong"] * 6})
    pictured = rows.iloc[module._pictured(rows, seed=0)]
    assert len(pictured) == module.MAX_PICTURES
    assert (pictured["kind"] == "wrong").sum() == 6


@pytest.mark.parametrize(("classes", "colours"), [(3, 3), (10, 10), (11, 10), (40, 10)])
def test_there_are_ten_colours_and_the_rarest_classes_share_the_last(
    classes: int, colours: int
) -> None:
    labels = [f"class {number:02}" for number in range(classes) for _ in range(50 - number)]
    numbers, legend = module._coloured(pd.Series(labels))
    assert len(legend) == len(set(numbers)) == colours
    if classes > 10:
        assert legend[-1] == (f"{classes - 9} others", (numbers == 9).sum())
    assert list(numbers[:50]) == [0] * 50


def test_a_sheet_that_is_too_large_is_made_coarser_and_then_left_out() -> None:
    """Noise takes many characters."""
    tiles = list(np.random.default_rng(0).integers(0, 256, (1000, 48, 48, 3), np.uint8))
    fits = int(40 * module.MAX_CHARACTERS / len(module._sheet(tiles[:40], 5)))
    fine, coarse = (module._sheet(tiles[:count], 16) for count in (fits - 20, fits + 20))
    assert 0 < len(coarse) < len(fine) < module.MAX_CHARACTERS
    assert module._sheet(tiles * 3, 64) == ""


def test_nothing_is_drawn_where_no_features_are_kept(world: World, own_cache: Path) -> None:
    assert mapped(world) is None
    assert not own_cache.exists()


def test_too_few_images_have_no_map(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSFERKIT_CACHE", world.cache)
    assert mapped(world) is not None
    few = Manifest(world.manifest.part("test")[: module.MIN_IMAGES - 1])
    result = dataclasses.replace(
        world.result, probabilities=world.result.probabilities[: module.MIN_IMAGES - 1]
    )
    truth = world.truth[: module.MIN_IMAGES - 1]
    assert mapped(dataclasses.replace(world, manifest=few, result=result, truth=truth)) is None


def test_the_page_shows_it(found: FeatureMap) -> None:
    text = rendered("feature_map.html", feature_map=found)
    assert text.count("<title>") == len(found.points)
    assert text.count("<circle ") == len(found.points) + 6  # the rings
    assert text.count("<svg ") == text.count('role="img"') == 1
    assert "the 6 ringed are misclassified" in text
    assert len(text) < 1_200_000


def test_names_on_it_stay_text(found: FeatureMap) -> None:
    point = dataclasses.replace(found.points[0], caption="</title><script>alert(1)</script>")
    named = dataclasses.replace(found, points=(point,), legend=(("<b>", 1),))
    text = rendered("feature_map.html", feature_map=named)
    assert "<script>" not in text
    assert "<b>" not in text


def test_without_a_map_there_is_no_section() -> None:
    assert rendered("feature_map.html", feature_map=None).strip() == ""
