"""Small sets of tensorflow-datasets, written to the disk, and what tests ask of them."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from transferkit.data.sources.tfds.catalog import fetch

LEAVES = ("oak", "maple/red")


def jpeg(value: int) -> bytes:
    content = BytesIO()
    Image.new("RGB", (12, 9), (value, 60, 60)).save(content, "JPEG", quality=31)
    return content.getvalue()


class TransferkitLeaves(tfds.core.GeneratorBasedBuilder):
    """A set of JPEG files with a split that is no part of learning, and images without a label."""

    VERSION = tfds.core.Version("1.2.0")

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="Leaves from two trees.",
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(None, None, 3)),
                    "mask": tfds.features.Image(shape=(None, None, 1)),
                    "label": tfds.features.ClassLabel(names=LEAVES),
                    "season": tfds.features.ClassLabel(num_classes=4),
                }
            ),
            supervised_keys=("image", "label"),
            homepage="https://leaves.example",
            citation="@misc{leaves}",
            license="CC BY 4.0",
        )

    def _split_generators(self, dl_manager):
        sizes = {"train": 6, "validation": 2, "test": 4, "corrupted_fog": 3}
        return {name: self._generate_examples(name, size) for name, size in sizes.items()}

    def _generate_examples(self, split, size):
        mask = np.zeros((9, 12, 1), np.uint8)
        for number in range(size):
            label = -1 if split == "test" and number == 0 else number % 2
            image = BytesIO(jpeg(40 * number))
            yield number, {"image": image, "mask": mask, "label": label, "season": 0}


class TransferkitDots(tfds.core.GeneratorBasedBuilder):
    """A set of arrays in one split only, which is its configuration's name."""

    VERSION = tfds.core.Version("2.0.0")
    BUILDER_CONFIGS = (
        tfds.core.BuilderConfig(name="train"),
        tfds.core.BuilderConfig(name="test"),
        tfds.core.BuilderConfig(name="odd"),
    )

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict(
                {
                    "picture": tfds.features.Image(shape=(5, 5, 1)),
                    "kind": tfds.features.ClassLabel(num_classes=2),
                }
            ),
        )

    def _split_generators(self, dl_manager):
        return {self.builder_config.name: self._generate_examples()}

    def _generate_examples(self):
        for number in range(4):
            yield number, {"picture": np.full((5, 5, 1), number, np.uint8), "kind": number % 2}


class TransferkitFaraway(TransferkitDots):
    """A set that has to be downloaded from a host that no network knows (RFC 2606)."""

    BUILDER_CONFIGS = ()
    url_infos = {"https://host.invalid/dots.zip": None}  # noqa: RUF012

    def _split_generators(self, dl_manager):
        return {"train": dl_manager.download("https://host.invalid/dots.zip")}


class TransferkitByHand(TransferkitFaraway):
    """A set whose files are put into place by hand."""

    MANUAL_DOWNLOAD_INSTRUCTIONS = "Ask the authors\n    for dots.zip."
    url_infos = {}  # noqa: RUF012

    def _split_generators(self, dl_manager):
        return {"train": dl_manager.manual_dir / "dots.zip"}


class TransferkitNeedy(TransferkitByHand):
    """A set that needs a package."""

    MANUAL_DOWNLOAD_INSTRUCTIONS = None

    def _split_generators(self, dl_manager):
        import package_that_is_not_there  # noqa: F401


class TransferkitWords(TransferkitFaraway):
    """A set without images."""

    def _info(self):
        features = {"text": tfds.features.Text(), "label": tfds.features.ClassLabel(num_classes=2)}
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))


class TransferkitTwins(TransferkitFaraway):
    """A set with two labels, and no word on which one is to be learnt."""

    def _info(self):
        label = tfds.features.ClassLabel(num_classes=2)
        features = {"image": tfds.features.Image(), "left": label, "right": label}
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What tensorflow-datasets keeps on the disk, with the sets that can be prepared in it."""
    folder = tmp_path_factory.mktemp("tensorflow_datasets")
    for name in ("transferkit_leaves", "transferkit_dots/train", "transferkit_dots/test"):
        tfds.builder(name, data_dir=folder).download_and_prepare()
    return folder


@pytest.fixture(scope="module")
def leaves(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fetch(
        "transferkit_leaves", tmp_path_factory.mktemp("fetched") / "leaves", data_dir=prepared
    )


@pytest.fixture
def cache(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, with TFDS_DATA_DIR at the prepared sets."""
    monkeypatch.setenv("TRANSFERKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TFDS_DATA_DIR", str(prepared))
    return tmp_path / "cache"


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def sentence_of(error: type[Exception], name: str, folder: Path, **options: object) -> str:
    with pytest.raises(error) as caught:
        fetch(name, folder / "out", data_dir=folder / "tfds", **options)
    assert not (folder / "out").exists()
    return str(caught.value)
