import os

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from transferkit.config.settings import DataConfig
from transferkit.data.manifest import Manifest
from transferkit.errors import ConfigError, DataError


def splits_of(manifest, folder):
    """The split of each usable file, by its path below `folder`."""
    rows = manifest.usable
    return {
        os.path.relpath(path, folder): split
        for path, split in zip(rows["path"], rows["split"], strict=True)
    }


@pytest.mark.parametrize(
    "names", [("NA", "cat"), ("1", "2"), ("train", "bus"), ("None", "nan", "")]
)
def test_class_names_are_text_whatever_they_look_like(drawn, names):
    names = tuple(filter(None, names))
    assert Manifest.read(drawn("images", names, 4)).classes == tuple(sorted(names))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM"])
def test_a_file_is_known_by_its_content(drawn, kind):
    folder = drawn(images=4)
    Image.new("RGB", (20, 20), "red").save(folder / "circles/photo.txt", kind)
    assert len(Manifest.read(folder)) == 13


def test_train_val_and_test_folders_are_kept(drawn):
    folder = drawn("images/train", images=3, seed=1).parent
    drawn("images/val", images=2, seed=2)
    drawn("images/test", images=1, seed=3)
    manifest = Manifest.read(folder)
    assert all(
        path.startswith({"validation": "val"}.get(split, split))
        for path, split in splits_of(manifest, folder).items()
    )


@pytest.mark.parametrize("name", ["val", "valid", "validation"])
def test_val_without_test_becomes_the_test_and_it_is_said(drawn, name):
    folder = drawn("images/train", images=10, seed=1).parent
    drawn(f"images/{name}", images=2, seed=2)
    manifest = Manifest.read(folder)
    assert all(name in path for path in manifest.part("test")["path"])
    assert manifest.notes == (
        f"train/ and {name}/ are splits; 3 classes.",
        "There is no test split, so the validation split is the test: nothing is chosen on it, and "
        "a new validation split was taken from train.",
    )


def test_with_train_and_test_the_validation_is_taken_from_train(drawn):
    folder = drawn("images/train", images=10, seed=1).parent
    drawn("images/test", images=2, seed=2)
    manifest = Manifest.read(folder)
    assert manifest.counts().to_numpy().tolist() == [[9, 1, 2]] * 3


def test_train_alone_is_split_as_a_folder_without_splits_and_it_is_said(drawn):
    manifest = Manifest.read(drawn("images/train", images=10).parent)
    assert manifest.counts().to_numpy().tolist() == [[7, 1, 2]] * 3
    assert manifest.notes == (
        "train/ is a split; 3 classes.",
        "Only train/ has images: they were split as a folder without splits is.",
    )


@pytest.mark.parametrize(("images", "said"), [(2, True), (3, False)])
def test_it_is_said_where_no_image_is_left_to_choose_by(drawn, images, said):
    manifest = Manifest.read(drawn(images=images))
    assert len(manifest.part("validation")) == (0 if said else 3)
    sentence = (
        "There is no validation image: whether fine-tuning helps cannot be checked, and the "
        "probabilities are not calibrated."
    )
    assert (sentence in manifest.notes) is said


def test_the_shares_are_those_of_the_settings(drawn):
    manifest = Manifest.read(drawn(images=10), DataConfig(validation_split=0.3, test_split=0.4))
    assert manifest.counts().to_numpy().tolist() == [[3, 3, 4]] * 3


def test_the_seed_decides_the_split(drawn):
    folder = drawn(images=10)
    first, same, other = (Manifest.read(folder, seed=seed).frame for seed in (1, 1, 2))
    assert first.equals(same)
    assert not first.equals(other)


def test_paths_are_absolute(drawn, monkeypatch):
    monkeypatch.chdir(drawn(images=3).parent)
    manifest = Manifest.read("images")
    assert manifest.source == "images"
    assert all(os.path.isabs(path) for path in manifest.frame["path"])


def test_a_path_up_from_a_link_is_what_the_file_system_says(drawn, tmp_path):
    folder = drawn("there/images", images=3)
    (tmp_path / "here").mkdir()
    (tmp_path / "here/link").symlink_to(folder)
    assert len(Manifest.read(tmp_path / "here/link/../images")) == 9


@pytest.fixture
def odd_rows(tmp_path):
    names = ["a,b", 'a"b', "a\nb", "a\rb", "a\r\nb", "🐈", " a ", "caf\udce9", "NA", "", "#", "'"]
    return pd.DataFrame(
        {
            "path": [f"{tmp_path}/{name}.jpg" for name in names],
            "label": [name or "empty" for name in names],
            "split": "train",
            "group": names,
            "problem": "",
        },
        dtype=object,
    )


def test_what_is_saved_is_loaded_whatever_the_names(odd_rows, tmp_path):
    Manifest(odd_rows).save(tmp_path / "manifest.csv")
    loaded = Manifest.load(tmp_path / "manifest.csv").frame
    assert loaded.to_dict("list") == odd_rows.to_dict("list")


def test_a_manifest_that_was_saved_gives_the_same_splits_when_it_is_read(drawn, tmp_path):
    folder = drawn(images=10)
    (folder / "circles/broken.png").write_bytes(b"")
    manifest = Manifest.read(folder, seed=3)
    manifest.save(tmp_path / "manifest.csv")
    assert Manifest.read(tmp_path / "manifest.csv", seed=4).frame.equals(manifest.frame)


def test_a_list_is_no_manifest(drawn):
    path = drawn(images=1) / "list.csv"
    path.write_text("path,label\na.png,cat\n")
    with pytest.raises(DataError) as caught:
        Manifest.load(path)
    assert str(caught.value) == f"'{path}' is not a manifest: it has no column 'split'."


def test_truth_numbers_the_sorted_classes(drawn):
    manifest = Manifest.read(drawn(images=5))
    rows = manifest.part("test")
    assert manifest.label_indices(rows).tolist() == [
        manifest.classes.index(x) for x in rows["label"]
    ]
    assert manifest.label_indices(rows).dtype == np.int64


def test_an_unknown_split_is_an_error(drawn):
    with pytest.raises(ConfigError) as caught:
        Manifest.read(drawn(images=3)).part("tset")
    assert str(caught.value) == "No split is called 'tset': did you mean 'test'?"


def test_it_says_what_it_is(drawn):
    folder = drawn(images=10)
    (folder / "circles/broken.png").write_bytes(b"")
    manifest = Manifest.read(folder)
    assert repr(manifest) == (
        "<Manifest of 3 classes: 21 train, 3 validation, 6 test images; 1 left out>"
    )
    assert len(manifest) == 30


def test_a_page_of_it_escapes_names(drawn):
    assert "<b>" not in Manifest.read(drawn("images", ("<b>", "c"), 3))._repr_html_()


def test_a_class_whose_name_is_not_utf_8_is_read_and_counted(drawn):
    folder = drawn("images", ("cat", "dog"), 3)
    os.rename(os.fsencode(folder / "cat"), os.fsencode(folder) + b"/caf\xe9")
    manifest = Manifest.read(folder)
    assert manifest.classes == ("caf\udce9", "dog")
    assert manifest.counts().loc["caf\udce9"].tolist() == [1, 1, 1]


def test_copies_of_a_class_are_kept_in_one_split(drawn):
    folder = drawn("images", ("cat", "dog"), 6)
    for number in range(4):
        copy = folder / f"cat/copy{number}.png"
        copy.write_bytes((folder / "cat/000.png").read_bytes())
    usable = Manifest.read(folder).usable
    copies = usable[usable["group"] != ""]
    assert len(copies) == 5
    assert copies["split"].nunique() == 1


def test_reading_changes_nothing(drawn):
    folder = drawn(images=3)
    (folder / "circles/broken.png").write_bytes(b"")
    before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.rglob("*")}
    Manifest.read(folder)
    assert before == {
        path: (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.rglob("*")
    }


def test_a_row_with_a_problem_is_in_no_split(drawn):
    folder = drawn(images=3)
    (folder / "circles/broken.png").write_bytes(b"")
    assert Manifest.read(folder).quarantined["split"].tolist() == [""]


def test_the_order_of_a_list_decides_no_split(drawn, tmp_path):
    drawn("images", images=8, image_size=24)
    frame = Manifest.read(tmp_path / "images").frame[["path", "label"]]
    splits = []
    for seed in (0, 1):
        frame.sample(frac=1, random_state=seed).to_csv(tmp_path / "list.csv", index=False)
        found = Manifest.read(tmp_path / "list.csv").frame
        splits.append(dict(zip(found["path"], found["split"], strict=True)))
    assert splits[0] == splits[1]
