import numpy as np
import pytest
from PIL import Image, ImageFilter

from transferkit.data.quality.file_info import inspect_files
from transferkit.data.quality.image_checks import blurred, check_images, sharpness

MOST = 10**8


def photograph(seed, size=(300, 240)):
    """Coarse and fine blobs of grey."""
    generator = np.random.default_rng(seed)
    picture = np.zeros(size[::-1])
    for cells in (4, 12, 60):
        noise = Image.fromarray(generator.integers(0, 256, (cells, cells), dtype=np.uint8))
        picture += np.asarray(noise.resize(size, Image.Resampling.BICUBIC)) / 3
    return Image.fromarray(picture.clip(0, 255).astype(np.uint8)).convert("RGB")


def darkened(image):
    return image.point(lambda value: value * 0.08)


@pytest.fixture
def folder(tmp_path):
    for number in range(8):
        photograph(number).save(tmp_path / f"{number}.png")
    return tmp_path


def inspected(folder):
    return inspect_files([str(path) for path in sorted(folder.iterdir())], MOST, sketched=True)


ODD = {
    "blank": (lambda image: Image.new("RGB", image.size, "teal"), "shows nearly one colour"),
    "dark": (darkened, "is nowhere brighter than"),
    "tiny": (lambda image: image.resize((40, 32)), "has a shorter side of 32 pixels"),
    "huge": (lambda image: image.resize((4000, 3200)), "has 12.8 megapixels"),
    "odd_aspect": (
        lambda image: image.resize((800, 160)),
        "has one side 5.0 times as long as the other",
    ),
}


@pytest.mark.parametrize("finding", ODD)
def test_an_odd_picture_is_named_and_nothing_else(folder, finding):
    change, detail = ODD[finding]
    change(photograph(9)).save(folder / "odd.png")
    ((kind, path, found, group),) = check_images(inspected(folder), MOST)
    assert (kind, path, group) == (finding, str(folder / "odd.png"), "")
    assert found.startswith(detail)


def test_what_all_pictures_are_is_not_odd(tmp_path):
    for number in range(6):
        darkened(photograph(number, (40, 10))).save(tmp_path / f"{number}.png")
    assert list(check_images(inspected(tmp_path), MOST)) == []


def test_a_black_background_is_not_dark(folder):
    scan = Image.new("RGB", (300, 240))
    scan.paste(photograph(9, (100, 100)), (100, 70))
    scan.save(folder / "scan.png")
    assert list(check_images(inspected(folder), MOST)) == []


def test_a_thin_line_on_white_is_not_blank(folder):
    drawing = Image.new("RGB", (300, 240), "white")
    drawing.paste("black", (100, 20, 102, 200))
    drawing.save(folder / "drawing.png")
    assert list(check_images(inspected(folder), MOST)) == []


def test_a_fine_texture_is_not_blank(folder):
    noise = np.random.default_rng(0).integers(90, 160, (400, 400, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "sand.png")
    assert list(check_images(inspected(folder), MOST)) == []


def test_no_file_is_not_odd():
    files = inspect_files([], MOST, sketched=True)
    assert [*check_images(files, MOST), *blurred(files, MOST)] == []


def test_files_that_cannot_be_read_are_passed_over(folder):
    (folder / "broken.png").write_bytes(b"")
    assert [*check_images(inspected(folder), MOST), *blurred(inspected(folder), MOST)] == []


def test_a_blurred_picture_is_named(folder):
    photograph(9).filter(ImageFilter.GaussianBlur(8)).save(folder / "blurred.png")
    ((finding, path, detail, _),) = blurred(inspected(folder), MOST)
    assert (finding, path) == ("blurred", str(folder / "blurred.png"))
    assert detail.endswith("times as sharp as most")


def test_a_sharp_thing_before_a_blurred_background_is_sharp(folder):
    image = photograph(9).filter(ImageFilter.GaussianBlur(8))
    image.paste(photograph(10, (90, 80)), (100, 80))
    image.save(folder / "portrait.png")
    assert list(blurred(inspected(folder), MOST)) == []


def test_a_small_picture_is_not_called_blurred(folder):
    photograph(9).resize((60, 50)).save(folder / "small.png")
    assert list(blurred(inspected(folder), MOST)) == []


def test_one_colour_is_neither_sharp_nor_blurred():
    assert np.isnan(sharpness(np.full((192, 192, 3), 7, np.uint8)))
