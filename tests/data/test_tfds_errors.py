import os
from pathlib import Path
from urllib.parse import unquote

import pytest
import tensorflow_datasets as tfds
from tfds_worlds import cache, files, jpeg, leaves, prepared, sentence_of

from transferkit.data.sources.tfds.catalog import fetch
from transferkit.data.sources.tfds.export import safe_name
from transferkit.errors import ConfigError, DataError


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
