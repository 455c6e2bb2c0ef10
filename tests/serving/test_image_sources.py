"""Every classifier takes files, their bytes, PIL images and arrays alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.pipeline import Pipeline

from tests.conftest import draw_picture
from transferkit.baselines.baseline import Baseline
from transferkit.baselines.catalog import BASELINES, find_baseline
from transferkit.baselines.classifiers import MAKERS
from transferkit.baselines.fit import make_features
from transferkit.baselines.temperature_scaling import TemperedClassifier
from transferkit.config.settings import Config, DataConfig, ModelConfig
from transferkit.data.decoding.decode import read_picture
from transferkit.data.manifest import Manifest
from transferkit.models.classifier import build_classifier
from transferkit.models.network import Network

VALUE_RANGE = (0.0, 4095.0)  # of 12 bits
CONFIG = Config(
    data=DataConfig(image_size=32, resize="crop", value_range=VALUE_RANGE),
    model=ModelConfig("pocket", "embedded"),
)
FEW = {"n_estimators": 3, "max_iter": 3}  # trees, where there are any


def opened(path: str) -> Image.Image:
    """The picture, read: its file is closed again."""
    image = Image.open(path)
    image.load()
    return image


SOURCES: dict[str, Callable[[str], object]] = {
    "path": Path,
    "bytes": lambda path: Path(path).read_bytes(),
    "PIL image": opened,
    "array": lambda path: np.asarray(read_picture(path, 1024, value_range=VALUE_RANGE)),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A plain picture, one that EXIF turns, one with alpha and one of 12 bits, none of them square.

    Pixels without loss: PIL decodes a JPEG whole, where a file is shrunk meanwhile.
    """
    folder = tmp_path_factory.mktemp("sources")
    box = (0, 0, 48, 36)
    pictures = [draw_picture("circles", np.random.default_rng(seed)).crop(box) for seed in range(4)]
    turned = Image.Exif()
    turned[0x0112] = 6
    pictures[0].save(folder / "plain.png")
    pictures[1].save(folder / "turned.png", exif=turned)
    pictures[2].putalpha(pictures[2].convert("L"))
    pictures[2].save(folder / "alpha.png")
    deep = np.asarray(pictures[3].convert("L")).astype(np.uint16) * 16
    Image.fromarray(deep).save(folder / "deep.png")
    return [str(folder / f"{name}.png") for name in ("plain", "turned", "alpha", "deep")]


def untuned(name: str, manifest: Manifest) -> Baseline:
    """The baseline `name`, fitted on a few images without a search."""
    spec, rows = find_baseline(name), manifest.part("validation")
    truth = manifest.label_indices(rows)
    features = make_features(spec, CONFIG)
    estimator = MAKERS[spec.classifier.name](0).estimator
    few = {key: value for key, value in FEW.items() if key in estimator.get_params()}
    values = features.read(list(rows["path"])).values if features else np.empty((len(rows), 0))
    fitted = TemperedClassifier(estimator.set_params(**few), 1.0).fit(values, truth)
    steps = [("features", features)] if features else []
    return Baseline(name, Pipeline([*steps, ("classifier", fitted)]), manifest.classes)


def network(manifest: Manifest) -> Network:
    model = build_classifier(ModelConfig("lenet", "none"), manifest.classes, image_size=32)
    return Network("lenet", model, manifest.classes, CONFIG.data)


@pytest.mark.parametrize("name", ["network", *(baseline.name for baseline in BASELINES)])
def test_a_path_its_bytes_its_pil_image_and_its_array_are_equal(
    name: str, manifest: Manifest, files: list[str]
) -> None:
    classifier = network(manifest) if name == "network" else untuned(name, manifest)
    wanted = classifier.probabilities(files)
    for kind, source in SOURCES.items():
        images = [source(path) for path in files]
        found = classifier.probabilities(images)  # type: ignore[arg-type]
        np.testing.assert_allclose(found, wanted, atol=1e-6, err_msg=kind)
    mixed = [source(path) for source, path in zip(SOURCES.values(), files, strict=True)]
    np.testing.assert_allclose(classifier.probabilities(mixed), wanted, atol=1e-6)  # type: ignore[arg-type]


def test_images_in_memory_are_not_cached(
    manifest: Manifest, files: list[str], own_cache: Path
) -> None:
    features = make_features(find_baseline("knn_hog"), CONFIG)
    assert features is not None
    features.transform([Path(path).read_bytes() for path in files])
    assert not list(own_cache.rglob("*.block"))
