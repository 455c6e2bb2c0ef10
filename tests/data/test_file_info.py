import hashlib
import os

import pytest
from PIL import Image

from transferkit.data.quality.file_info import COLUMNS, inspect_files
from transferkit.data.quality.near_duplicates import perceptual_hash, shrink

MOST = 10_000


def inspect(*paths, max_pixels=MOST):
    return inspect_files([str(path) for path in paths], max_pixels)


@pytest.fixture
def image(tmp_path):
    Image.new("L", (30, 20), 7).save(tmp_path / "a.png")
    return tmp_path / "a.png"


def test_what_is_in_a_file(image):
    content = image.read_bytes()
    assert inspect(image).iloc[0].to_dict() == {
        "path": str(image),
        "bytes": len(content),
        "format": "PNG",
        "mode": "L",
        "width": 30,
        "height": 20,
        "orientation": 1,
        "values": "uint8",
        "low": 0.0,
        "high": 255.0,
        "digest": hashlib.sha256(content).hexdigest(),
        "problem": "",
    }


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_that_of_exif(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg", exif=exif)
    assert inspect(tmp_path / "a.jpg")["orientation"].tolist() == [orientation]


def test_rows_are_in_the_order_of_the_paths(tmp_path):
    paths = [tmp_path / f"{number}.png" for number in (3, 1, 2)]
    for path in paths:
        Image.new("L", (int(path.stem), 1)).save(path)
    assert inspect(*paths)["width"].tolist() == [3, 1, 2]


def test_no_path_gives_no_row():
    assert inspect().columns.tolist() == list(COLUMNS)


def test_a_sketch_is_made_where_it_is_asked_for(image, tmp_path):
    files = inspect_files([str(image), str(tmp_path / "gone")], MOST, sketched=True)
    assert files.columns.tolist() == [*COLUMNS, "sketch"]
    assert files["sketch"].tolist() == [
        perceptual_hash(shrink(Image.new("RGB", (30, 20), (7, 7, 7)))),
        b"",
    ]


def test_numbers_are_numbers(image, tmp_path):
    frame = inspect(image, tmp_path / "gone")
    assert frame[["bytes", "width", "height", "orientation"]].sum().tolist() == [
        image.stat().st_size,
        30,
        20,
        2,
    ]


def test_a_folder_is_not_a_file(tmp_path):
    assert inspect(tmp_path)["problem"].tolist() == ["cannot be opened: it is not a regular file"]


def test_a_zero_byte_in_a_name_is_a_problem():
    assert inspect("a\0b")["problem"].tolist() == [
        "cannot be opened: there is a zero byte in its name"
    ]


def test_a_name_that_is_too_long_is_a_problem():
    assert inspect("a" * 300)["problem"].tolist() == ["cannot be opened: File name too long"]


def test_a_link_to_nothing_is_a_problem(tmp_path):
    (tmp_path / "a.jpg").symlink_to("gone.jpg")
    assert inspect(tmp_path / "a.jpg")["problem"].tolist() == [
        "cannot be opened: No such file or directory"
    ]


def test_a_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    assert inspect(tmp_path / "a.jpg")["problem"].tolist() == [
        "cannot be opened: it is not a regular file"
    ]


def test_a_large_file_that_is_no_image_is_not_read(tmp_path):
    with open(tmp_path / "film.mp4", "wb") as film:
        film.write(b"\0\0\0 ftypisom")
        film.truncate(100 * 2**30)  # bytes, none of them on the disk
    row = inspect(tmp_path / "film.mp4").iloc[0]
    assert row["bytes"] == 100 * 2**30
    assert row["problem"] == (
        "is a film or another file in MPEG-4's format (its brand is 'isom'), which is not read: "
        "save the pictures to use as JPEG or PNG"
    )


def test_too_many_pixels_are_a_problem_and_no_warning(image, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 400)
    assert inspect(image, max_pixels=500)["problem"].tolist() == [
        "would unpack to 600 pixels, more than the 500 of --data.max-pixels"
    ]


def test_far_too_many_pixels_are_a_problem(image, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 200)
    assert inspect(image, max_pixels=100)["problem"].tolist() == [
        "would unpack to 600 pixels, more than the 100 of --data.max-pixels"
    ]


def test_a_name_that_is_not_utf_8_is_a_path_like_others(image):
    path = os.fsdecode(os.fsencode(image.parent) + b"/caf\xe9.png")
    image.rename(path)
    row = inspect(path).iloc[0]
    assert (row["path"], row["problem"]) == (path, "")
