import json
import os
import sys
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from transferkit.data.catalogue import catalogue_folder, fetch
from transferkit.data.catalogue_folders import safe_name
from transferkit.data.manifest import Manifest
from transferkit.errors import ConfigError, DataError

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


def test_a_set_keeps_its_splits_and_class_names(leaves):
    folders = {Path(path).parent.as_posix() for path in files(leaves)}
    assert folders == {
        f"{split}/{name}"
        for split in ("train", "validation", "test")
        for name in ("oak", "maple%2Fred")
    } | {"."}
    assert len(files(leaves / "train")) == 6


def test_the_files_hold_the_bytes_of_the_catalogue(leaves):
    found = {path.read_bytes() for path in (leaves / "train").rglob("*.jpg")}
    assert found == {jpeg(40 * number) for number in range(6)}


def test_the_class_of_a_file_is_its_label(leaves):
    oaks = {path.read_bytes() for path in (leaves / "train" / "oak").iterdir()}
    assert oaks == {jpeg(0), jpeg(80), jpeg(160)}


def test_the_folder_says_where_it_is_from_and_what_was_left_out(leaves):
    about = json.loads((leaves / "catalogue.json").read_text(encoding="utf-8"))
    assert about == {
        "name": "transferkit_leaves/1.2.0",
        "version": "1.2.0",
        "homepage": "https://leaves.example",
        "licence": "CC BY 4.0",
        "citation": "@misc{leaves}",
        "description": "Leaves from two trees.",
        "classes": {"oak": "oak", "maple%2Fred": "maple/red"},
        "images": {"train": 6, "validation": 2, "test": 3},
        "notes": [
            "Left out, being neither train, validation nor test: corrupted_fog.",
            "1 images of test have no label: left out.",
        ],
    }


def test_a_manifest_of_it_has_its_class_names_licence_and_citation(leaves):
    manifest = Manifest.read(leaves)
    assert manifest.classes == ("maple/red", "oak")
    assert manifest.notes[:2] == (
        "The images are transferkit_leaves/1.2.0 of tensorflow-datasets; licence: CC BY 4.0.",
        "To cite them: @misc{leaves}",
    )
    assert not any("catalogue.json" in note for note in manifest.notes)


def test_arrays_are_written_as_png(prepared, tmp_path):
    folder = fetch("transferkit_dots/train", tmp_path / "dots", data_dir=prepared)
    values = set()
    for path in (folder / "train").rglob("*.png"):
        with Image.open(path) as picture:
            assert (picture.mode, picture.size) == ("L", (5, 5))
            values.add((path.parent.name, picture.getpixel((2, 2))))
    assert values == {("0", 0), ("1", 1), ("0", 2), ("1", 3)}


def test_a_set_without_a_train_split_is_one_folder_of_classes(prepared, tmp_path, capsys):
    folder = fetch("transferkit_dots/test", tmp_path / "dots", data_dir=prepared)
    assert sorted(os.listdir(folder)) == ["0", "1", "catalogue.json"]
    assert all(Path(path).name.startswith("test-") for path in files(folder)[:-1])
    assert capsys.readouterr() == (
        "",
        "transferkit_dots/test/2.0.0: There is no train split, so the images are in one folder, "
        "to be split.\n",
    )


def test_a_limit_counts_the_images_of_each_split(prepared, tmp_path):
    folder = fetch("transferkit_leaves", tmp_path / "few", data_dir=prepared, limit=2)
    assert len(files(folder / "train")) == len(files(folder / "validation")) == 2


def test_a_set_is_written_the_same_each_time(leaves, prepared, tmp_path):
    again = fetch("tfds:transferkit_leaves", tmp_path / "again", data_dir=prepared)
    assert files(again) == files(leaves)
    for path in files(again):
        assert (again / path).read_bytes() == (leaves / path).read_bytes()


def test_a_known_set_is_read_by_its_own_metadata(tmp_path):
    builder = tfds.builder("mnist", data_dir=tmp_path)
    sizes = {"train": 3, "test": 3}
    builder.info.set_splits(
        tfds.core.splits.SplitDict(
            [
                tfds.core.SplitInfo(
                    name=name,
                    shard_lengths=[size],
                    num_bytes=0,
                    filename_template=tfds.core.ShardedFileTemplate(
                        data_dir=builder.data_path, dataset_name="mnist", split=name
                    ),
                )
                for name, size in sizes.items()
            ]
        )
    )
    Path(builder.data_dir).mkdir(parents=True)
    builder.info.write_to_directory(builder.data_dir)
    with tfds.testing.mock_data(num_examples=3, data_dir=str(tmp_path)):
        folder = fetch("mnist", tmp_path / "out", data_dir=tmp_path)
    about = json.loads((folder / "catalogue.json").read_text(encoding="utf-8"))
    assert about["images"] == sizes
    assert about["classes"] == {str(number): str(number) for number in range(10)}
    assert all(path.endswith(".png") for path in files(folder / "train"))


def test_a_set_is_fetched_into_the_cache_once(cache):
    folder = catalogue_folder("tfds:transferkit_leaves")
    assert folder == cache / "catalogue" / "transferkit_leaves" / "1.2.0"
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert catalogue_folder("tfds:transferkit_leaves:1.2.0") == folder
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_a_set_that_is_not_prepared_yet_is_prepared_first(tmp_path, capfd):
    fetch("transferkit_leaves", tmp_path / "out", data_dir=tmp_path / "tfds")
    assert (tmp_path / "tfds" / "transferkit_leaves" / "1.2.0").is_dir()
    output, notes = capfd.readouterr()
    assert output == ""  # standard output is for results
    assert notes.startswith("Fetching transferkit_leaves/1.2.0 into ")


def test_a_configuration_has_its_own_folder_in_the_cache(cache):
    folder = catalogue_folder("tfds:transferkit_dots/test")
    assert folder == cache / "catalogue" / "transferkit_dots" / "test" / "2.0.0"


@pytest.mark.parametrize(("name", "version"), [("old_set", "1.10.0"), ("old_set:1.9.0", "1.9.0")])
def test_a_set_in_the_cache_needs_no_tensorflow_datasets(cache, monkeypatch, name, version):
    for each in ("1.9.0", "1.10.0"):
        (cache / "catalogue" / "old_set" / each).mkdir(parents=True)
        (cache / "catalogue" / "old_set" / each / "catalogue.json").write_text("{}")
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    assert catalogue_folder(f"tfds:{name}") == cache / "catalogue" / "old_set" / version


def test_half_a_folder_in_the_cache_is_not_taken_for_the_set(cache):
    (cache / "catalogue" / "transferkit_leaves" / ".partial-1.2.0-x").mkdir(parents=True)
    assert len(files(catalogue_folder("transferkit_leaves") / "train")) == 6


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("mnits", "No catalogue data set is called 'mnits': did you mean 'mnist'?"),
        ("cifar_10:3.0.2", "No catalogue data set is called 'cifar_10': did you mean 'cifar10'?"),
        (
            "qqqqqq",
            "No catalogue data set is called 'qqqqqq': "
            "https://www.tensorflow.org/datasets/catalog/overview#image_classification lists them.",
        ),
        ("../mnist", "No catalogue data set is called '..': https://www.tensorflow.org/"),
        ("huggingface:mnist", "No catalogue data set is called 'huggingface': https://www."),
        ("", "No catalogue data set is called '': https://www.tensorflow.org/datasets"),
    ],
)
def test_an_unknown_set_is_named_with_the_nearest(tmp_path, name, sentence):
    assert sentence_of(ConfigError, name, tmp_path).startswith(sentence)


@pytest.mark.parametrize(
    ("name", "advice"),
    [("tset", "did you mean 'test'?"), ("even", "there are train, test, odd.")],
)
def test_an_unknown_configuration_is_named_with_what_there_is(tmp_path, name, advice):
    assert sentence_of(ConfigError, f"transferkit_dots/{name}", tmp_path) == (
        f"No configuration of 'transferkit_dots' is called {name!r}: {advice}"
    )


def test_an_unknown_version_is_named_with_what_there_is(tmp_path):
    assert sentence_of(DataError, "transferkit_leaves:9.9.9", tmp_path) == (
        "The catalogue data set 'transferkit_leaves:9.9.9' cannot be opened: "
        "Dataset transferkit_leaves cannot be loaded at version 9.9.9, only: 1.2.0."
    )


@pytest.mark.parametrize("name", ["transferkit_words", "transferkit_twins"])
def test_a_set_without_one_image_and_one_label_is_refused(tmp_path, name):
    assert sentence_of(DataError, name, tmp_path) == (
        f"The catalogue data set {name!r} is not one of images with one class label each: choose "
        "one from https://www.tensorflow.org/datasets/catalog/overview#image_classification."
    )


def test_without_a_network_the_sentence_says_how_to_go_on(tmp_path, monkeypatch):
    for name in (
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    assert sentence_of(DataError, "transferkit_faraway", tmp_path) == (
        f"The catalogue data set 'transferkit_faraway' is not in {str(tmp_path / 'tfds')!r} and "
        "cannot be downloaded (no address is known for host.invalid): go online, or run `python -c "
        '"import tensorflow_datasets as tfds; '
        "tfds.builder('transferkit_faraway').download_and_prepare()\"` on a machine that is, copy "
        "its ~/tensorflow_datasets here and set TFDS_DATA_DIR to the copy."
    )


def test_files_that_have_to_be_had_by_hand_are_asked_for(tmp_path):
    assert sentence_of(DataError, "transferkit_by_hand", tmp_path) == (
        "The files of the catalogue data set 'transferkit_by_hand' have to be put into "
        f"{str(tmp_path / 'tfds' / 'downloads' / 'manual')!r} by hand: "
        "Ask the authors for dots.zip."
    )


def test_a_package_that_a_set_needs_is_named(tmp_path):
    assert sentence_of(DataError, "transferkit_needy", tmp_path) == (
        "The catalogue data set 'transferkit_needy' needs the package 'package_that_is_not_there', "
        "which is not installed: install it and run this again."
    )


@pytest.mark.parametrize("limit", [0, -3])
def test_a_limit_below_one_is_an_error(tmp_path, limit):
    assert sentence_of(ConfigError, "mnist", tmp_path, limit=limit) == (
        f"The limit is {limit} images of each split: it should be 1 or more."
    )


def test_a_folder_that_holds_something_is_not_touched(prepared, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(DataError) as caught:
        fetch("transferkit_leaves", tmp_path, data_dir=prepared)
    assert str(caught.value) == (
        f"{str(tmp_path)!r} holds something already, and nothing is overwritten: "
        "choose a folder that does not exist yet."
    )
    assert os.listdir(tmp_path) == ["mine.txt"]


def test_damaged_files_of_the_catalogue_leave_no_folder(prepared, tmp_path):
    builder = tfds.builder("transferkit_leaves", data_dir=tmp_path / "tfds")
    builder.download_and_prepare()
    (shard,) = Path(builder.data_dir).glob("*-train.*")
    shard.write_bytes(shard.read_bytes()[:200] + b"\0" * 300)
    assert sentence_of(DataError, "transferkit_leaves", tmp_path) == (
        f"The prepared files in {str(builder.data_dir)!r} cannot be read: remove that folder and "
        "run this again."
    )
    assert os.listdir(tmp_path) == ["tfds"]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("oak", "oak"),
        ("black-footed cat", "black-footed cat"),
        ("Größe 猫", "Größe 猫"),
        ("n/a", "n%2Fa"),
        ("100%", "100%25"),
        ("..", "%2E%2E"),
        (".hidden", "%2Ehidden"),
        ("end.", "end%2E"),
        ("a:b*c", "a%3Ab%2Ac"),
    ],
)
def test_a_class_name_becomes_a_folder_name_and_back(name, safe):
    assert safe_name(name) == safe
    assert unquote(safe) == name
