import json
import os
import sys
from pathlib import Path

import pytest
import tensorflow_datasets as tfds
from PIL import Image
from tfds_worlds import cache, files, jpeg, leaves, prepared, sentence_of

from transferkit.data.manifest import Manifest
from transferkit.data.sources.tfds.catalog import fetch, tfds_folder

pytestmark = pytest.mark.slow


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
            "Left out, as neither train, validation nor test: corrupted_fog.",
            "1 images of test have no label: left out.",
        ],
    }


def test_a_manifest_of_it_has_its_class_names_licence_and_citation(leaves):
    manifest = Manifest.read(leaves)
    assert manifest.classes == ("maple/red", "oak")
    assert manifest.notes[1:3] == (
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
    folder = tfds_folder("tfds:transferkit_leaves")
    assert folder == cache / "catalogue" / "transferkit_leaves" / "1.2.0"
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert tfds_folder("tfds:transferkit_leaves:1.2.0") == folder
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_a_set_that_is_not_prepared_yet_is_prepared_first(tmp_path, capfd):
    fetch("transferkit_leaves", tmp_path / "out", data_dir=tmp_path / "tfds")
    assert (tmp_path / "tfds" / "transferkit_leaves" / "1.2.0").is_dir()
    output, notes = capfd.readouterr()
    assert output == ""  # standard output is for results
    assert notes.startswith("Fetching transferkit_leaves/1.2.0 into ")


def test_a_configuration_has_its_own_folder_in_the_cache(cache):
    folder = tfds_folder("tfds:transferkit_dots/test")
    assert folder == cache / "catalogue" / "transferkit_dots" / "test" / "2.0.0"


@pytest.mark.parametrize(("name", "version"), [("old_set", "1.10.0"), ("old_set:1.9.0", "1.9.0")])
def test_a_set_in_the_cache_needs_no_tensorflow_datasets(cache, monkeypatch, name, version):
    for each in ("1.9.0", "1.10.0"):
        (cache / "catalogue" / "old_set" / each).mkdir(parents=True)
        (cache / "catalogue" / "old_set" / each / "catalogue.json").write_text("{}")
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    assert tfds_folder(f"tfds:{name}") == cache / "catalogue" / "old_set" / version


def test_half_a_folder_in_the_cache_is_not_taken_for_the_set(cache):
    (cache / "catalogue" / "transferkit_leaves" / ".partial-1.2.0-x").mkdir(parents=True)
    assert len(files(tfds_folder("transferkit_leaves") / "train")) == 6
