import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from transferkit.data.samples.digits import write_digits
from transferkit.errors import ConfigError, DataError


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole sample; not to be written to."""
    return write_digits(tmp_path_factory.mktemp("sample") / "digits")


def test_the_sample_has_every_digit_of_scikit_learn_in_its_class(digits):
    names = {f"{label}/{row:04}.png" for row, label in enumerate(load_digits().target)}
    assert set(contents(digits)) == names
    assert len(names) == 1797


def test_a_picture_is_its_digit_four_times_as_large(digits):
    with Image.open(digits / "0" / "0000.png") as picture:
        assert (picture.mode, picture.size) == ("L", (32, 32))
        small = np.asarray(picture.resize((8, 8), Image.Resampling.BOX), float)
    digit = load_digits().images[0]
    assert np.corrcoef(small.ravel(), digit.ravel())[0, 1] > 0.97


def test_the_sample_has_the_same_bytes_each_time(digits, tmp_path):
    first = contents(write_digits(tmp_path / "a", images=50))
    assert contents(write_digits(tmp_path / "b", images=50)) == first
    assert first.items() <= contents(digits).items()


def test_the_first_ten_images_are_one_of_each_class(tmp_path):
    folder = write_digits(tmp_path / "digits", images=10)
    assert sorted(os.listdir(folder)) == list("0123456789")


def test_a_folder_that_holds_the_sample_is_left_as_it_is(tmp_path):
    folder = write_digits(tmp_path / "digits", images=20)
    (folder / ".DS_Store").write_bytes(b"")
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert write_digits(folder, images=20) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_an_empty_folder_is_used(tmp_path):
    assert write_digits(tmp_path, images=10) == tmp_path
    assert len(contents(tmp_path)) == 10


def _add_a_file(folder: Path) -> None:
    (folder / "mine.txt").write_text("mine")


def _change_a_picture(folder: Path) -> None:
    Image.new("L", (32, 32)).save(folder / "0" / "0000.png")


def _damage_a_picture(folder: Path) -> None:
    path = folder / "0" / "0000.png"
    path.write_bytes(path.read_bytes()[:60])


def _remove_a_picture(folder: Path) -> None:
    (folder / "0" / "0000.png").unlink()


@pytest.mark.parametrize(
    "change", [_add_a_file, _change_a_picture, _damage_a_picture, _remove_a_picture]
)
def test_a_folder_that_holds_anything_else_is_not_touched(tmp_path, change):
    folder = write_digits(tmp_path / "digits", images=20)
    change(folder)
    before = contents(folder)
    with pytest.raises(DataError) as caught:
        write_digits(folder, images=20)
    assert str(caught.value) == (
        f"{str(folder)!r} holds something other than the sample of 20 digits, "
        "and nothing is overwritten: choose a folder that does not exist yet."
    )
    assert contents(folder) == before


def test_a_file_in_its_place_is_not_touched(tmp_path):
    (tmp_path / "digits").write_text("mine")
    with pytest.raises(DataError, match="nothing is overwritten"):
        write_digits(tmp_path / "digits", images=20)
    assert (tmp_path / "digits").read_text() == "mine"


@pytest.mark.parametrize("images", [0, -1, 1798])
def test_more_or_fewer_images_than_there_are_is_an_error(tmp_path, images):
    with pytest.raises(ConfigError) as caught:
        write_digits(tmp_path / "digits", images=images)
    assert str(caught.value) == (
        f"The sample has 1797 images and {images} were asked for: ask for 1 to 1797."
    )
    assert not (tmp_path / "digits").exists()
