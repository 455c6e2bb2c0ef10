"""Where a network looks: the evidence adds up, is the gradient's, and lies where it should."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image, ImageDraw

from transferkit.config.settings import Config, DataConfig, ModelConfig, TrainConfig
from transferkit.data.decoding.decode import read_images
from transferkit.data.manifest import Manifest
from transferkit.errors import ConfigError
from transferkit.models.classifier import CLASSES, HEAD, build_classifier
from transferkit.models.grad_cam import (
    class_evidence,
    classifier_of,
    cut_at_the_maps,
    grad_cam,
    score_gradients,
)
from transferkit.models.network import Network
from transferkit.training.train import train
from transferkit.training.tta import with_flip_tta

pytestmark = pytest.mark.slow

CLASS_NAMES = ("a", "b", "c")
SETTINGS = {
    "average": {"pooling": "avg"},
    "maximum": {"pooling": "max"},
    "both": {"pooling": "both"},
    "stages": {"pooling": "stages"},
    "stages and maxima": {"pooling": "stages_both"},
    "sides": {"image_sizes": (32, 64), "pooling": "stages"},
    "hidden": {"pooling": "avg", "head": "hidden", "hidden_activation": "gelu"},
}


def classifier(
    name: str = "mobilenet_025", image_size: int = 64, **settings: object
) -> keras.Model:
    keras.utils.set_random_seed(3)
    model = ModelConfig(backbone=name, weights="none", **settings)
    return build_classifier(
        model, CLASS_NAMES, image_size=None if settings.get("image_sizes") else image_size
    )


def pictures(number: int = 3, image_size: int = 64) -> np.ndarray:
    """Smooth ones: each pixel of four by four is blown up."""
    rough = np.random.default_rng(0).integers(0, 256, (number, 4, 4, 3), np.uint8)
    each = [
        Image.fromarray(image).resize((image_size, image_size), Image.Resampling.BICUBIC)
        for image in rough
    ]
    return np.stack([np.asarray(image) for image in each])


def scores(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """`(images, classes)`: the logarithms of the probabilities."""
    return np.log(np.asarray(model(images.astype("float32"))))


def unequal(shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    """A map of 0 to 1 whose places are all apart: where two are the largest, a maximum bends."""
    images, rows, columns, features = shape
    places = np.linspace(0, 1, rows * columns, dtype=np.float32)
    wide = np.tile(places[:, None], (images, 1, features))
    return generator.permuted(wide, axis=1).reshape(shape)


@pytest.mark.parametrize("kind", ["average", "stages", "sides"])
def test_the_evidence_of_averaged_maps_adds_up_to_the_score(kind: str) -> None:
    model, images = classifier(**SETTINGS[kind]), pictures()
    found = [
        class_evidence(model, images, np.full(3, answer)).mean(axis=(1, 2)) for answer in (0, 1)
    ]
    odds = scores(model, images)
    bias = np.asarray(model.get_layer(HEAD).get_layer(CLASSES).bias)
    expected = odds[:, 0] - odds[:, 1] - (bias[0] - bias[1])
    np.testing.assert_allclose(found[0] - found[1], expected, rtol=0.05, atol=0.01)


@pytest.mark.parametrize(
    ("name", "kind"), [*(("mobilenet_025", kind) for kind in SETTINGS), ("lenet", "average")]
)
def test_the_gradients_are_those_of_small_steps(name: str, kind: str) -> None:
    halves = cut_at_the_maps(classifier(name, **SETTINGS[kind]))
    answers = np.array([0, 1, 2])
    generator = np.random.default_rng(1)
    maps = [unequal(each.shape, generator) for each in halves.maps(pictures())]
    gradients = score_gradients(halves.score, maps, answers)
    steps = [generator.normal(size=each.shape).astype("float32") * 1e-3 for each in maps]

    def score(sign: int) -> np.ndarray:
        moved = [each + sign * step for each, step in zip(maps, steps, strict=True)]
        found = halves.score([keras.ops.convert_to_tensor(each) for each in moved])
        return np.asarray(found)[np.arange(3), answers].astype("float64")

    slope = sum(
        (gradient * step).sum(axis=(1, 2, 3))
        for gradient, step in zip(gradients, steps, strict=True)
    )
    np.testing.assert_allclose(slope, (score(1) - score(-1)) / 2, rtol=0.05, atol=1e-5)


def test_with_one_averaged_map_it_is_the_class_activation_map() -> None:
    """Zhou et al.: the features of each place by the weights of the class."""
    model, images = classifier(pooling="avg"), pictures()
    backbone = model.get_layer("mobilenet_025")
    maps = np.asarray(backbone(images / 127.5 - 1))
    kernel = np.asarray(model.get_layer(HEAD).get_layer(CLASSES).kernel)
    found = grad_cam(model, images, np.full(3, 1))
    for heat, each in zip(found, maps @ kernel[:, 1], strict=True):
        large = Image.fromarray(each).resize((64, 64), Image.Resampling.BILINEAR)
        positive = np.maximum(large, 0)
        np.testing.assert_allclose(heat, positive / positive.max(), atol=1e-3)


@pytest.mark.parametrize("name", ["mobilenet_025", "lenet", "pocket"])
def test_a_heat_map_is_of_the_size_of_the_picture_and_peaks_at_one(name: str) -> None:
    found = grad_cam(classifier(name), pictures(), np.array([0, 1, 2]))
    assert (found.shape, found.dtype) == ((3, 64, 64), np.float32)
    assert found.min() >= 0
    assert {float(each.max()) for each in found} <= {0.0, 1.0}


def test_what_speaks_against_the_class_everywhere_is_dark() -> None:
    model = classifier(pooling="max")
    layer = model.get_layer(HEAD).get_layer(CLASSES)
    layer.set_weights([-np.abs(layer.kernel), layer.bias])
    assert not grad_cam(model, pictures(), np.zeros(3, int)).any()


def test_batches_change_nothing() -> None:
    model, images = classifier(), pictures(19)
    whole = class_evidence(model, images, np.arange(19) % 3)
    alone = class_evidence(model, images[18:], np.array([0]))
    np.testing.assert_allclose(whole[18:], alone, atol=1e-4)


def test_no_picture_has_no_map() -> None:
    assert grad_cam(classifier(), pictures()[:0], np.zeros(0, int)).shape == (0, 64, 64)


def test_a_mirrored_model_is_asked_about_both_pictures() -> None:
    model, images, answers = classifier(), pictures(), np.array([0, 1, 2])
    plain = class_evidence(model, images, answers)
    mirrored = class_evidence(model, images[:, :, ::-1], answers)[:, :, ::-1]
    found = class_evidence(with_flip_tta(model), images, answers)
    np.testing.assert_allclose(found, (plain + mirrored) / 2, atol=1e-4)


def test_a_model_of_another_make_is_one_sentence() -> None:
    images = keras.Input((8, 8, 3))
    other = keras.Model(images, keras.layers.Flatten()(images), name="other")
    with pytest.raises(ConfigError) as caught:
        classifier_of(other)
    assert str(caught.value) == (
        "The model 'other' has no layers 'features' and 'head': "
        "give one that build_classifier or train has made."
    )


def draw_corners(folder: Path, images: int = 24) -> None:
    """Two classes on noise: in a corner, which the name says, there is a disc or there are bars."""
    generator = np.random.default_rng(0)
    for kind in ("bars", "discs"):
        (folder / kind).mkdir(parents=True)
        for number in range(images):
            picture = Image.fromarray(generator.integers(90, 150, (96, 96, 3), np.uint8))
            pen, (row, column) = ImageDraw.Draw(picture), divmod(number % 4, 2)
            left, top = 6 + 48 * column, 6 + 48 * row
            if kind == "discs":
                pen.ellipse((left, top, left + 36, top + 36), fill=(230, 60, 40))
            else:
                for x in range(left, left + 37, 6):
                    pen.line((x, top, x, top + 36), fill=(30, 60, 230), width=3)
            picture.save(folder / kind / f"{number:03}_{row}{column}.png")


@pytest.fixture(scope="module")
def corners(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    folder = tmp_path_factory.mktemp("corners")
    draw_corners(folder)
    return Manifest.read(folder, DataConfig(test_split=0.4, near_duplicates=False))


@pytest.fixture(scope="module")
def probe(corners: Manifest) -> Network:
    """The embedded backbone, its head alone fitted."""
    learning = TrainConfig(unfreeze="none")
    return train(corners, Config(model=ModelConfig(backbone="pocket"), train=learning))


def test_the_corner_that_decides_the_class_lights_up(corners: Manifest, probe: Network) -> None:
    test = corners.part("test")
    images = read_images(list(test["path"]), probe.image_size, probe.data)
    heat = grad_cam(probe.model, images, corners.label_indices(test))
    half = probe.image_size // 2
    quarters = heat.reshape(len(heat), 2, half, 2, half).mean(axis=(2, 4)).reshape(-1, 4)
    names = [Path(path).stem.split("_")[1] for path in test["path"]]
    expected = [2 * int(name[0]) + int(name[1]) for name in names]
    assert np.mean(quarters.argmax(axis=1) == expected) > 0.9


def test_a_saved_network_looks_at_the_same_places(
    corners: Manifest, probe: Network, tmp_path: Path
) -> None:
    images = read_images(list(corners.part("test")["path"][:2]), probe.image_size, probe.data)
    probe.save(tmp_path)
    again = Network.load(tmp_path)
    answers = np.array([0, 1])
    np.testing.assert_allclose(
        grad_cam(again.model, images, answers), grad_cam(probe.model, images, answers), atol=1e-4
    )
