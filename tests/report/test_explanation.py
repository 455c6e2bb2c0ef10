"""Test images with where the network looked and what they are like."""

from __future__ import annotations

import base64
import dataclasses
import re
import shutil
from io import BytesIO
from pathlib import Path

import keras
import numpy as np
import pytest
from explained_worlds import World, make_world, rendered
from PIL import Image

from transferkit.config.settings import Config, DataConfig, ModelConfig
from transferkit.data.manifest import Manifest
from transferkit.evaluation.summary import TrainingSummary
from transferkit.report.comparison.explanation import Explanations, chosen, coloured, explanations

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world(manifest: Manifest) -> World:
    return make_world(manifest)


def explained(world: World, **changes: object) -> Explanations | None:
    world = dataclasses.replace(world, **changes)
    return explanations(
        world.network, world.manifest, world.result, labels=world.truth, config=world.config
    )


@pytest.fixture(scope="module")
def found(world: World) -> Explanations:
    made = explained(world)
    assert made is not None
    return made


def image_in(uri: str) -> Image.Image:
    return Image.open(BytesIO(base64.b64decode(uri.partition(",")[2])))


def test_there_are_four_of_each_group_and_no_image_twice(found: Explanations) -> None:
    assert [(group.title, len(group.images)) for group in found.groups] == [
        ("Most confidently wrong", 4),
        ("Wrong, sampled from the others", 2),
        ("Correct, sampled from all", 4),
    ]
    paths = [each.path for group in found.groups for each in group.images]
    assert len(set(paths)) == len(paths)


def test_each_image_has_its_label_answer_and_probability(found: Explanations, world: World) -> None:
    test = world.manifest.part("test")
    places = {path: place for place, path in enumerate(test["path"])}
    for group in found.groups:
        for each in group.images:
            place = places[each.path]
            row = world.result.probabilities[place]
            assert each.label == test["label"][place]
            assert each.predicted == world.manifest.classes[row.argmax()]
            assert each.probability == pytest.approx(float(row.max()))
            assert each.right == group.title.startswith("Correct")


def test_the_most_confidently_wrong_come_in_order(found: Explanations) -> None:
    shares = [each.probability for each in found.groups[0].images]
    assert shares == sorted(shares, reverse=True)


def test_an_overlay_is_the_picture_with_colour_on_it(found: Explanations) -> None:
    for group in found.groups:
        for each in group.images:
            picture, overlay = image_in(each.picture), image_in(each.overlay)
            assert picture.size == overlay.size == (224, 224)
            assert not np.array_equal(picture, overlay)


def test_beside_each_are_three_training_images(found: Explanations, world: World) -> None:
    training = set(world.manifest.part("train")["path"])
    for group in found.groups:
        for each in group.images:
            assert len(each.like) == 3
            assert {one.path for one in each.like} <= training
            similarity = [one.similarity for one in each.like]
            assert similarity == sorted(similarity, reverse=True)
    assert found.like_by == "Pocket"


def test_a_seed_draws_the_same_images(world: World) -> None:
    first, second = (chosen(world.result, world.truth, seed=3) for _ in range(2))
    for title, places in first.items():
        np.testing.assert_array_equal(places, second[title])


def test_nothing_is_computed_where_no_features_are_kept(world: World, own_cache: Path) -> None:
    made = explained(world)
    assert made is not None
    assert made.like_by == ""
    assert {each.like for group in made.groups for each in group.images} == {()}
    assert not own_cache.exists()


@pytest.mark.parametrize(
    ("kept", "words"),
    [("head", "Pocket"), ("fine-tune", "Pocket before it was fine-tuned")],
)
def test_it_is_said_whose_features_they_are(
    kept: str, words: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRANSFERKIT_CACHE", world.cache)
    network = dataclasses.replace(world.network, summary=TrainingSummary(kept_stage=kept))
    made = explained(world, network=network)
    assert made is not None
    assert made.like_by == words


@pytest.mark.parametrize(
    "config",
    [
        Config(),
        Config(model=ModelConfig(backbone="mobilenet_v2")),
        Config(model=ModelConfig(backbone="pocket", weights="none")),
        Config(data=DataConfig(cache_gb=0), model=ModelConfig(backbone="pocket")),
    ],
    ids=["other settings", "another backbone", "random weights", "nothing kept"],
)
def test_settings_of_another_network_are_no_fault(world: World, config: Config) -> None:
    made = explained(world, config=config)
    assert made is not None
    assert made.like_by == ""


def test_a_file_that_went_away_is_left_out(world: World, tmp_path: Path) -> None:
    frame = world.manifest.frame.copy()
    places = np.flatnonzero(frame["split"] == "test")
    for place in places:
        old = Path(frame.loc[place, "path"])
        new = tmp_path / old.parent.name / old.name
        new.parent.mkdir(exist_ok=True)
        shutil.copy(old, new)
        frame.loc[place, "path"] = str(new)
    manifest = Manifest(frame)
    before = explained(world, manifest=manifest)
    assert before is not None
    gone = before.groups[0].images[0].path
    Path(gone).unlink()
    after = explained(world, manifest=manifest)
    assert after is not None
    assert gone not in {each.path for group in after.groups for each in group.images}
    for path in manifest.part("test")["path"]:
        Path(path).unlink(missing_ok=True)
    assert explained(world, manifest=manifest) is None


def test_a_model_of_another_make_has_no_overlays(world: World) -> None:
    images = keras.Input((48, 48, 3))
    values = keras.layers.Flatten()(images)
    other = keras.Model(images, keras.layers.Dense(3, activation="softmax")(values))
    made = explained(world, network=dataclasses.replace(world.network, model=other))
    assert made is not None
    assert {each.overlay for group in made.groups for each in group.images} == {""}


def test_classes_in_another_order_are_looked_up_by_name(world: World, found: Explanations) -> None:
    """The network's columns are not those of the result; the overlays are the same."""
    order = [2, 0, 1]
    layer = world.network.model.get_layer("head").get_layer("classes")
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel[:, order], bias[order]])
    names = tuple(world.network.classes[number] for number in order)
    made = explained(world, network=dataclasses.replace(world.network, classes=names))
    layer.set_weights([kernel, bias])
    assert made is not None
    pairs = zip(made.groups, found.groups, strict=True)
    assert all(
        one.overlay == other.overlay
        for left, right in pairs
        for one, other in zip(left.images, right.images, strict=True)
    )


def test_where_nothing_speaks_for_the_answer_the_picture_is_grey() -> None:
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8))
    grey = picture.convert("L").convert("RGB")
    assert coloured(picture, np.zeros((8, 8), np.float32)).tobytes() == grey.tobytes()


def test_the_page_shows_them(found: Explanations) -> None:
    text = rendered("explanation.html", explanations=found)
    assert text.count("<img ") == text.count("alt=") == 10 * 5
    assert "by the features of Pocket, with their labels" in text
    assert not re.search(r'(?:src|href)="(?!data:)', text)
    assert len(text) < 400_000


def test_names_stay_text(found: Explanations) -> None:
    named = dataclasses.replace(found.groups[0].images[0], label="<b>", predicted='"><script>')
    group = dataclasses.replace(found.groups[0], images=(named,))
    text = rendered("explanation.html", explanations=dataclasses.replace(found, groups=(group,)))
    assert "<script>" not in text
    assert "<b><" not in text


def test_without_explanations_there_is_no_section() -> None:
    assert rendered("explanation.html", explanations=None).strip() == ""
