import threading
import time
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageOps

from transferkit.config.settings import DataConfig
from transferkit.data.decoding.decode import decode, in_threads, read_images
from transferkit.data.decoding.formats import FORMATS
from transferkit.errors import ConfigError, DataError


def encoded(image, kind="PNG", **options):
    content = BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def quarters(image_size=16):
    """Red, green; blue, white."""
    pixels = np.zeros((image_size, image_size, 3), np.uint8)
    half = image_size // 2
    pixels[:half, :half, 0] = pixels[:half, half:, 1] = pixels[half:, :half, 2] = 255
    pixels[half:, half:] = 255
    return Image.fromarray(pixels)


def photo(image_size=512):
    """Smooth colours with an edge: what a JPEG is made for."""
    y, x = np.mgrid[0:image_size, 0:image_size] / image_size
    pixels = np.stack([x, y, (np.hypot(x - 0.5, y - 0.5) < 0.3)], axis=-1)
    return Image.fromarray((pixels * 255).astype(np.uint8))


def one_colour(content, **options):
    """The colour of an image that has one."""
    pixels = decode(content, 4, **options).reshape(-1, 3)
    assert (pixels == pixels[0]).all()
    return tuple(pixels[0].tolist())


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_gives_rgb_of_the_side(kind):
    pixels = decode(encoded(quarters(), kind), 8)
    assert (pixels.shape, pixels.dtype) == ((8, 8, 3), np.uint8)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM"])
def test_an_image_of_the_side_itself_is_not_changed(kind):
    assert (decode(encoded(quarters(), kind), 16) == np.asarray(quarters())).all()


STORED = {  # how a camera that was held so stores the upright picture
    1: lambda image: image,
    2: ImageOps.mirror,
    3: lambda image: image.rotate(180),
    4: ImageOps.flip,
    5: lambda image: image.transpose(Image.Transpose.TRANSPOSE),
    6: lambda image: image.transpose(Image.Transpose.ROTATE_90),
    7: lambda image: image.transpose(Image.Transpose.TRANSVERSE),
    8: lambda image: image.transpose(Image.Transpose.ROTATE_270),
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_turned_image_is_turned_back(orientation, kind):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = STORED[orientation](quarters(32))
    options = {"lossless": True} if kind == "WEBP" else {"quality": 95} if kind == "JPEG" else {}
    pixels = decode(encoded(stored, kind, exif=exif, **options), 32)
    difference = np.abs(pixels.astype(int) - np.asarray(quarters(32)))
    assert difference.mean() < (6 if kind == "JPEG" else 0.01)


def test_exif_that_cannot_be_read_says_nothing():
    content = encoded(quarters(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff")
    assert decode(content, 16).shape == (16, 16, 3)


def test_the_first_frame_of_a_gif_is_the_image():
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert one_colour(content) == (255, 0, 0)


@pytest.mark.parametrize("image_size", [32, 64, 100, 224])
def test_a_jpeg_that_is_shrunk_as_it_is_decoded_is_nearly_what_it_would_be(image_size):
    content = encoded(photo(), "JPEG", quality=95)
    whole = encoded(Image.open(BytesIO(content)).convert("RGB"), "PNG")
    difference = np.abs(decode(content, image_size).astype(int) - decode(whole, image_size))
    assert difference.mean() < 1.5


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("size", [256, 511, 1024])
def test_a_fine_chequerboard_becomes_grey(kind, size):
    board = (np.indices((size, size)).sum(axis=0) % 2 * 255).astype(np.uint8)
    pixels = decode(encoded(Image.fromarray(board), kind), 64)
    assert np.abs(pixels.astype(int) - 127).max() < 20


def bars():
    """Thrice as wide as high: red, green, blue squares."""
    pixels = np.zeros((16, 48, 3), np.uint8)
    for number in range(3):
        pixels[:, 16 * number : 16 * number + 16, number] = 255
    return encoded(Image.fromarray(pixels))


def test_squash_keeps_the_whole_picture():
    pixels = decode(bars(), 12, resize="squash")
    assert pixels[6, [1, 6, 10]].argmax(axis=1).tolist() == [0, 1, 2]


def test_crop_keeps_the_centre_square():
    inner = decode(bars(), 12, resize="crop")[:, 1:-1]  # the outermost blend with their neighbours
    assert (inner == (0, 255, 0)).all()


def test_a_smaller_image_is_enlarged():
    assert decode(encoded(quarters(2)), 32)[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1)])
@pytest.mark.parametrize("resize", ["squash", "crop"])
def test_any_shape_is_made_square(size, resize):
    content = encoded(Image.new("RGB", size, (3, 2, 1)))
    assert one_colour(content, resize=resize) == (3, 2, 1)


BROKEN = (
    (b"", "is empty (0 bytes)"),
    (
        b"<html><body>Not FindingGroup</body></html>",
        "is not an image of a known format (JPEG, PNG, WEBP, GIF, BMP, TIFF, PPM): it starts with "
        "'<html><body>Not '",
    ),
    (
        encoded(quarters(64))[:-40],
        "is truncated or damaged: image file is truncated",
    ),
)


@pytest.mark.parametrize(("content", "problem"), BROKEN)
def test_bytes_that_are_no_image_are_a_sentence(content, problem):
    with pytest.raises(DataError) as caught:
        decode(content, 8)
    assert str(caught.value) == f"an image given as bytes {problem}."


@pytest.mark.parametrize("kind", FORMATS)
def test_half_of_a_file_is_an_error(kind):
    content = encoded(Image.effect_noise((64, 64), 90), kind)
    with pytest.raises(DataError):
        decode(content[: len(content) // 2], 8)


def test_a_larger_image_than_allowed_is_a_sentence():
    with pytest.raises(DataError) as caught:
        decode(encoded(quarters()), 8, max_pixels=255)
    assert str(caught.value) == (
        "an image given as bytes would unpack to 256 pixels, more than the 255 of "
        "--data.max-pixels."
    )


def test_the_settings_bound_may_be_above_pillows_own(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert decode(encoded(quarters()), 8, max_pixels=300).shape == (8, 8, 3)


def test_a_file_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(DataError) as caught:
        decode(tmp_path / "gone.jpg", 8)
    assert str(caught.value) == (
        f"'{tmp_path}/gone.jpg' cannot be opened: No such file or directory."
    )


def test_a_file_and_its_bytes_give_the_same(tmp_path):
    (tmp_path / "a.png").write_bytes(bars())
    assert (decode(str(tmp_path / "a.png"), 8) == decode(bars(), 8)).all()


def test_the_memory_of_one_image_is_used_again_for_the_next():
    decode(bars(), 12)
    before = Image.core.get_stats()["reused_blocks"]
    decode(bars(), 12)
    assert Image.core.get_stats()["reused_blocks"] > before


def test_images_are_read_in_order(tmp_path):
    paths = [tmp_path / f"{value}.png" for value in (30, 10, 20)]
    for path in paths:
        Image.new("L", (4, 4), int(path.stem)).save(path)
    images = read_images(paths, 4, DataConfig())
    assert (images.shape, images.dtype) == ((3, 4, 4, 3), np.uint8)
    assert images[:, 0, 0, 0].tolist() == [30, 10, 20]


def test_no_image_is_an_empty_array():
    assert read_images([], 4, DataConfig()).shape == (0, 4, 4, 3)


def test_threads_give_results_in_order_and_errors_where_they_are():
    def work(number):
        time.sleep(0.01 * (3 - number))
        return number, threading.current_thread().name

    found = list(in_threads(work, range(4)))
    assert [number for number, _ in found] == [0, 1, 2, 3]
    assert "MainThread" not in {name for _, name in found}


def test_a_side_of_no_pixel_is_a_sentence():
    with pytest.raises(ConfigError) as caught:
        decode(b"", 0)
    assert str(caught.value) == "The side of a decoded image is 0: it should be 1 pixel or more."


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_bytes_of_any_kind_are_decoded(kind):
    file = BytesIO()
    Image.new("RGB", (4, 4), "red").save(file, "PNG")
    assert (decode(kind(file.getvalue()), 4) == (255, 0, 0)).all()


def test_what_is_no_path_is_a_sentence():
    with pytest.raises(DataError) as caught:
        decode(np.zeros((9, 9, 3), np.uint8), 4)
    assert str(caught.value) == "An image was given as ndarray: give its path or bytes."


def test_a_way_to_resize_that_there_is_not_is_a_sentence():
    with pytest.raises(ConfigError) as caught:
        decode(b"", 4, resize="pad")
    assert str(caught.value) == "The resize is 'pad': it should be squash or crop."
