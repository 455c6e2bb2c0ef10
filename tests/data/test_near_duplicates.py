import numpy as np
import pytest
from drawn_scenes import scene
from PIL import Image, ImageDraw, ImageEnhance

from transferkit.data.quality.file_info import inspect_files
from transferkit.data.quality.near_duplicates import near_duplicates
from transferkit.data.samples.digits import write_digits
from transferkit.data.samples.patches import write_patches

pytestmark = pytest.mark.slow

MOST = 10**8


def pairs_of(paths):
    """The names of the pairs that are found among the files."""
    paths = [str(path) for path in paths]
    files = inspect_files(paths, MOST, sketched=True)
    names = [path.rsplit("/", 1)[1] for path in paths]
    return [(names[one], names[other]) for one, other in near_duplicates(files, MOST)]


@pytest.fixture
def scenes(tmp_path):
    for number in range(20):
        scene(number).save(tmp_path / f"{number:02}.jpg", quality=90)
    return tmp_path


def cropped(image, share):
    """`image` without `share` of it on each side."""
    width, height = image.size
    left, top = round(share * width), round(share * height)
    return image.crop((left, top, width - left, height - top))


CHANGES = {
    "rescaled": lambda image: image.resize((160, 120), Image.Resampling.BICUBIC),
    "cropped": lambda image: image.crop((14, 8, 308, 230)),
    "brightened": lambda image: ImageEnhance.Brightness(image).enhance(1.25),
    "grey": lambda image: image.convert("L"),
    "another_format": lambda image: image.quantize(64).convert("RGB"),
    "mirrored": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "upside_down": lambda image: image.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
    "turned_90": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "turned_180": lambda image: image.transpose(Image.Transpose.ROTATE_180),
    "turned_270": lambda image: image.transpose(Image.Transpose.ROTATE_270),
    "cropped_8": lambda image: cropped(image, 0.08),
    "cropped_17": lambda image: cropped(image, 0.17),
    "cropped_on_one_side": lambda image: image.crop((0, 0, 220, 165)),
    "mirrored_and_cropped_8": lambda image: cropped(
        image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), 0.08
    ),
    "turned_and_cropped_17": lambda image: cropped(
        image.transpose(Image.Transpose.ROTATE_90), 0.17
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_is_found_and_nothing_else(scenes, change):
    CHANGES[change](scene(7)).save(scenes / "copy.jpg", quality=50)
    assert pairs_of(sorted(scenes.iterdir())) == [("07.jpg", "copy.jpg")]


def test_a_copy_that_exif_turns_is_found(scenes):
    exif = Image.Exif()
    exif[0x0112] = 6
    scene(7).transpose(Image.Transpose.ROTATE_90).save(scenes / "copy.jpg", exif=exif)
    assert pairs_of(sorted(scenes.iterdir())) == [("07.jpg", "copy.jpg")]


def test_exact_copies_count_once(scenes):
    (scenes / "again.jpg").write_bytes((scenes / "07.jpg").read_bytes())
    scene(7).save(scenes / "copy.jpg", quality=50)
    found = pairs_of(sorted(scenes.iterdir()))
    assert found == [("07.jpg", "copy.jpg")]


def test_blank_pictures_are_no_copies_of_each_other(tmp_path):
    for number in range(6):
        Image.new("RGB", (200, 200), (number, 250, 250)).save(tmp_path / f"{number}.png")
    assert pairs_of(sorted(tmp_path.iterdir())) == []


def test_files_that_cannot_be_read_are_passed_over(scenes):
    (scenes / "broken.jpg").write_bytes(b"")
    assert pairs_of(sorted(scenes.iterdir())) == []


def test_no_file_has_no_copies():
    assert pairs_of([]) == []


def test_digits_of_one_kind_are_no_copies_of_each_other(tmp_path):
    assert pairs_of(sorted(write_digits(tmp_path / "digits").rglob("*.png"))) == []


def test_digits_that_were_enlarged_are_no_copies_of_each_other(tmp_path):
    for number, path in enumerate(sorted(write_digits(tmp_path / "digits", 150).rglob("*.png"))):
        Image.open(path).resize((128, 128), Image.Resampling.BICUBIC).save(
            tmp_path / f"{number:03}.png"
        )
    assert pairs_of(sorted(tmp_path.glob("*.png"))) == []


def circle(generator, image_size=128):
    """A circle of one colour on white."""
    picture = Image.new("RGB", (image_size, image_size), "white")
    size = int(generator.integers(image_size // 3, image_size // 1.3))
    left, top = (int(each) for each in generator.integers(0, image_size - size, 2))
    ImageDraw.Draw(picture).ellipse((left, top, left + size, top + size), fill="navy")
    return picture


def test_circles_of_other_places_are_no_copies_of_each_other(tmp_path):
    generator = np.random.default_rng(0)
    for number in range(60):
        circle(generator).save(tmp_path / f"{number:02}.png")
    assert pairs_of(sorted(tmp_path.iterdir())) == []


def test_a_copy_of_a_drawing_that_was_not_moved_is_found(tmp_path):
    generator = np.random.default_rng(0)
    for number in range(20):
        circle(generator).save(tmp_path / f"{number:02}.png")
    Image.open(tmp_path / "07.png").save(tmp_path / "copy.jpg", quality=60)
    assert pairs_of(sorted(tmp_path.iterdir())) == [("07.png", "copy.jpg")]


@pytest.mark.parametrize("image_size", [96, 128])
def test_stripes_of_one_period_are_no_copies_of_each_other(drawn, image_size):
    for seed in range(3):
        folder = drawn(f"stripes-{seed}", ("stripes",), images=12, image_size=image_size, seed=seed)
        assert pairs_of(sorted(folder.rglob("*.png"))) == []


def test_patches_of_one_texture_are_no_copies_of_each_other(tmp_path):
    assert pairs_of(sorted(write_patches(tmp_path / "patches").rglob("*.png"))) == []


def test_drawn_shapes_are_no_copies_of_each_other(drawn):
    assert pairs_of(sorted(drawn("images", images=60).rglob("*.png"))) == []
