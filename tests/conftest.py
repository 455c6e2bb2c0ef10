"""Small real worlds for the tests: folders of pictures, drawn from a seed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_hex

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "agg")

import numpy as np
import pytest
from PIL import Image, ImageDraw

from transferkit.backbones.resolve import resolve_model
from transferkit.config.settings import Config, DataConfig, ModelConfig, TrainConfig
from transferkit.data.manifest import Manifest

SHAPES = ("circles", "squares", "stripes")


def draw_picture(kind: str, generator: np.random.Generator, image_size: int = 48) -> Image.Image:
    """One noisy RGB picture of a shape in a random place and colour; any other kind is noise."""
    noise = generator.integers(0, 60, size=(image_size, image_size, 3), dtype=np.uint8)
    image = Image.fromarray(noise)
    pen, colour = ImageDraw.Draw(image), tuple(int(c) for c in generator.integers(130, 256, 3))
    size = int(generator.integers(image_size // 3, image_size // 2))
    left, top = (int(v) for v in generator.integers(0, image_size - size, 2))
    if kind == "circles":
        pen.ellipse((left, top, left + size, top + size), fill=colour)
    elif kind == "squares":
        pen.rectangle((left, top, left + size, top + size), fill=colour)
    elif kind == "stripes":
        for x in range(left % 8, image_size, 8):
            pen.line((x, 0, x, image_size), fill=colour, width=3)
    return image


def draw_folder(
    folder: Path,
    classes: tuple[str, ...] = SHAPES,
    images: int = 12,
    *,
    image_size: int = 48,
    seed: int = 0,
) -> Path:
    """`folder/CLASS/NNN.png`, `images` of each class."""
    generator = np.random.default_rng(seed)
    for name in classes:
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(images):
            draw_picture(name, generator, image_size).save(folder / name / f"{number:03}.png")
    return folder


@pytest.fixture(scope="session", autouse=True)
def no_network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keras' cache is empty and the mirror is a port of no server, whatever this machine has."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRANSFERKIT_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("KERAS_HOME", str(tmp_path_factory.mktemp("keras")))
        patch.setenv("TRANSFERKIT_MIRROR", "http://127.0.0.1:9")  # refuses at once
        yield


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a cache folder of the test's own, which is not made yet.

    The mirror is no server's, and of the test's own too: a process asks each only once.
    """
    name = token_hex(8)
    folder = tmp_path_factory.getbasetemp() / "caches" / name
    monkeypatch.setenv("TRANSFERKIT_CACHE", str(folder))
    monkeypatch.setenv("TRANSFERKIT_MIRROR", f"http://127.0.0.1:9/{name}")  # refuses at once
    return folder


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three classes of 20 pictures of 48 px; not to be written to."""
    return draw_folder(tmp_path_factory.mktemp("shapes"), images=20)


@pytest.fixture
def drawn(tmp_path: Path) -> Callable[..., Path]:
    """`drawn("name", classes, images=3)`: a folder of the test's own."""
    return lambda name="images", *args, **options: draw_folder(tmp_path / name, *args, **options)


@pytest.fixture(scope="session")
def weights_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights of the embedded backbone, in a file of one's own."""
    from transferkit.backbones.build import build_backbone

    path = tmp_path_factory.mktemp("weights") / "own.weights.h5"
    build_backbone("pocket", "embedded", 32).save_weights(path)
    return path


@pytest.fixture(scope="session")
def pretrained(weights_file: Path) -> Config:
    """Settings that fine-tune in seconds."""
    model = ModelConfig(backbone="pocket", weights=str(weights_file))
    return Config(
        data=DataConfig(image_size=32),
        model=resolve_model(model),
        train=TrainConfig(epochs=1, head_epochs=3, unfreeze="last", batch_size=16, augment="flip"),
    )


@pytest.fixture(scope="session")
def scratch() -> Config:
    """Settings that train LeNet in seconds."""
    return Config(
        data=DataConfig(image_size=32),
        model=ModelConfig(backbone="lenet", weights="none"),
        train=TrainConfig(epochs=2, batch_size=16, augment="none"),
    )


@pytest.fixture(scope="session")
def manifest(shapes: Path) -> Manifest:
    """The drawn shapes, split."""
    return Manifest.read(shapes)


@pytest.fixture(scope="session")
def lenet_run(shapes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of LeNet on the drawn shapes, trained for an epoch; not to be written to."""
    from transferkit.storage.run import Run
    from transferkit.training.train import train

    config = Config(
        data=DataConfig(image_size=32),
        model=ModelConfig(backbone="lenet"),
        train=TrainConfig(epochs=1, augment="none"),
    )
    run = Run.create(tmp_path_factory.mktemp("lenet") / "shapes")
    manifest = Manifest.read(shapes)
    manifest.save(run / "manifest.csv")
    (run / "config.yaml").write_text("model: {backbone: lenet}\n", encoding="utf-8")
    train(manifest, config, run=run)
    return run.folder
