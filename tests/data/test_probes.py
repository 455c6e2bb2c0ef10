"""What a look asks of the images together, on drawn folders: a shift, and sequences in names."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from transferkit.config.settings import DataConfig
from transferkit.data.inspection import DatasetInspection, look
from transferkit.data.quality.file_info import inspect_files
from transferkit.data.quality.image_statistics import in_words, picture_statistics, read_thumbnails

pytestmark = pytest.mark.slow

ALONE = DataConfig(near_duplicates=False)


def notes(found: DatasetInspection, start: str) -> list[str]:
    return [line for line in str(found).splitlines() if line.startswith(f"Note: {start}")]


@pytest.fixture
def split(drawn) -> Path:
    """Two classes, 24 images of each in train and 16 in test, all drawn alike."""
    folder = drawn("images/train", ("circles", "stripes"), 24, seed=1).parent
    drawn("images/test", ("circles", "stripes"), 16, seed=2)
    return folder


@pytest.fixture
def films(tmp_path) -> Path:
    """Twelve films in each of two classes: three frames of one scene, moved far."""
    generator = np.random.default_rng(0)
    for label in ("cat", "dog"):
        (tmp_path / "films" / label).mkdir(parents=True)
        for film in range(12):
            coarse = generator.integers(0, 256, (3, 3, 3), dtype=np.uint8)
            scene = Image.fromarray(coarse).resize((96, 96), Image.Resampling.BICUBIC)
            for frame in range(3):
                left, top = generator.integers(0, 17, 2).tolist()
                shown = scene.crop((left, top, left + 72, top + 72))
                shown.save(tmp_path / "films" / label / f"{film:03}_{frame * 7:05}.png")
    return tmp_path / "films"


def grey(folder: Path) -> None:
    for path in folder.rglob("*.png"):
        with Image.open(path) as picture:
            made = ImageOps.equalize(picture.convert("L"))
        made.save(path)


def test_grey_training_images_and_a_test_in_colour_are_a_shift(split) -> None:
    grey(split / "train")
    found = look(split, ALONE)
    (note,) = notes(found, "By plain statistics of the pictures, test images can be told from")
    assert "a probe has an accuracy of 100.0 % on held-out images" in note
    assert re.search(r"They differ most in mode (L|RGB) \([01] in train, [01] in test\), ", note)
    rows = found.findings[found.findings["finding"] == "shift"]
    assert set(rows["group"]) == {"train", "test"}
    for split_name, part in rows.groupby("group"):
        assert all(f"/{split_name}/" in path for path in part["path"])
        assert {Path(path).parent.name for path in part["path"].head(2)} == {"circles", "stripes"}


def test_pictures_that_were_drawn_alike_are_none(split) -> None:
    found = look(split, ALONE)
    assert found.remarks == {}
    assert not found.findings["finding"].isin(["shift", "sequence"]).any()


def test_features_that_differ_are_told_apart_from_statistics_that_do_not(split) -> None:
    def read(paths):
        values = np.random.default_rng(0).normal(size=(len(paths), 8))
        return values + 4 * np.array([["/test/" in path] for path in paths])

    (note,) = notes(look(split, ALONE, read_features=read), "By the features of the backbone, test")
    assert "plain statistics" not in note


def test_frames_are_proposed_as_groups_with_the_flag_that_makes_them(films) -> None:
    found = look(films, ALONE)
    assert found.pattern == "([^/]+/[^/]+)_[0-9]+[^0-9/]*$"
    (note,) = notes(found, "The names of 72 images suggest 24 groups")
    assert note.endswith(f"Keep each group together by --data.group-by '{found.pattern}'")
    rows = found.findings[found.findings["finding"] == "sequence"]
    assert rows["group"].value_counts().tolist() == [3] * 24


def test_the_note_counts_the_test_images_that_are_concerned(films) -> None:
    found = look(films, ALONE)
    frame = found.manifest.frame.assign(film=lambda rows: rows["path"].str[:-10])
    learnt = set(frame.loc[frame["split"] != "test", "film"])
    test = frame[frame["split"] == "test"]
    concerned = int(test["film"].isin(learnt).sum())
    assert concerned > 0
    assert f"{concerned} of {len(test)} test images have one of their group in train" in str(found)


def test_the_groups_on_both_sides_come_first(films) -> None:
    found = look(films, ALONE)
    rows = found.findings[found.findings["finding"] == "sequence"]
    split = dict(zip(found.manifest.frame["path"], found.manifest.frame["split"], strict=True))
    image_sizes = rows.assign(split=rows["path"].map(split)).groupby("group", sort=False)["split"]
    parted = [{"test"} < set(image_size) for _, image_size in image_sizes]
    assert parted == sorted(parted, reverse=True)


def test_with_the_flag_there_is_nothing_to_propose(films) -> None:
    pattern = look(films, ALONE).pattern
    found = look(films, DataConfig(near_duplicates=False, group_by=pattern))
    assert (found.pattern, dict(found.remarks)) == ("", {})
    assert found.manifest.leaked.empty


def test_plain_numbers_are_no_sequences(shapes) -> None:
    assert look(shapes).pattern == ""


def test_statistics_are_those_of_the_pictures(tmp_path) -> None:
    Image.new("L", (40, 20), 51).save(tmp_path / "a.png")
    Image.new("RGB", (80, 20), (255, 0, 0)).save(tmp_path / "b.jpg", quality=95)
    paths = [str(tmp_path / name) for name in ("a.png", "b.jpg")]
    made = picture_statistics(inspect_files(paths, 10**6), read_thumbnails(paths, 10**6))
    assert made["format PNG"].tolist() == [1, 0]
    assert made["mode L"].tolist() == [1, 0]
    assert (2 ** made["width"]).tolist() == pytest.approx([40, 80])
    assert made["saturation"].tolist() == pytest.approx([0, 1], abs=0.02)
    assert made["mean of red"].tolist() == pytest.approx([0.2, 1], abs=0.02)
    assert made["contrast"].tolist() == pytest.approx([0, 0], abs=0.01)
    assert made["brightness at 50%"].iloc[0] == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("saturation", 0.3123, 0), "saturation (0.312 in train, 0 in test)"),
        (("width", 9, 8), "width (512 in train, 256 in test)"),
    ],
)
def test_a_difference_is_said_in_its_own_unit(given, words) -> None:
    assert in_words(*given) == words
