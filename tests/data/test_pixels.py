"""What the check of a file and its decoding agree on: whole files with odd metadata, damage."""

import struct
import warnings

import numpy as np
import pytest
from damage import chunk, encoded, jpeg_with, photograph, png_with, tiff_of
from PIL import Image

from transferkit.data.decoding.decode import decode
from transferkit.data.decoding.metadata import UNREADABLE
from transferkit.data.quality.file_info import inspect_files
from transferkit.errors import DataError

MOST = 10_000_000
BAD_EXIF = b"Exif\0\0MM\0*\0\0\0\xff\xff"
LONG = bytes(2_000_000)
ORIENTATION_3 = b"MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\3\0\0\0\0\0\0"


@pytest.fixture
def row(tmp_path):
    """What the check says of a file with this content."""

    def check(content):
        (tmp_path / "image").write_bytes(content)
        return inspect_files([str(tmp_path / "image")], MOST, sketched=True).iloc[0]

    return check


def with_text(**options):
    from PIL import PngImagePlugin

    text = PngImagePlugin.PngInfo()
    text.add_text("XML:com.adobe.xmp", "x" * 2_000_000, **options)
    return encoded(photograph(), pnginfo=text)


WHOLE_PNGS = {
    "long text": with_text(),
    "long compressed text": with_text(zip=True),
    "long ICC profile": encoded(photograph(), icc_profile=LONG),
    "ICC profile of no known compression": png_with(chunk(b"iCCP", b"name\0\7data")),
    "bad checksum of a text": png_with(chunk(b"tEXt", b"a\0bc", 0)),
    "bad checksum of the size in print": png_with(chunk(b"pHYs", b"\0\0\x0b\x13" * 2 + b"\1", 0)),
    "short size in print": png_with(chunk(b"pHYs", b"\0")),
    "short gamma": png_with(chunk(b"gAMA", b"\0")),
    "text that is not compressed as it says": png_with(chunk(b"zTXt", b"a\0\0no zlib")),
    "ICC profile that is empty": png_with(chunk(b"iCCP", b"")),
    "bad animation": png_with(chunk(b"acTL", b"\0" * 8), chunk(b"fcTL", b"\0")),
    "chunk of no known kind": png_with(chunk(b"abcd", b"what", 0)),
    "bad checksum of EXIF": png_with(chunk(b"eXIf", ORIENTATION_3, 0)),
    "no end": encoded(photograph())[:-12],
    "half of an end": encoded(photograph())[:-5],
}
WHOLE_JPEGS = {
    "EXIF cut short": jpeg_with((0xE1, BAD_EXIF)),
    "ICC profile cut short": jpeg_with((0xE2, b"ICC_PROFILE\0")),
    "JFIF cut short": jpeg_with((0xE0, b"JFIF\0")),
    "Adobe cut short": jpeg_with((0xEE, b"Adobe")),
    "second picture that is not there": jpeg_with((0xE2, b"MPF\0MM\0*\0\0\0\xff")),
    "Photoshop cut short": jpeg_with((0xED, b"Photoshop 3.0\x008BIM\4\4\0")),
    "large comment": jpeg_with((0xFE, bytes(60_000))),
}


@pytest.mark.parametrize("name", WHOLE_PNGS)
def test_a_png_with_odd_metadata_has_its_pixels(row, name):
    assert row(WHOLE_PNGS[name])["problem"] == ""
    assert (decode(WHOLE_PNGS[name], 32) == decode(encoded(photograph()), 32)).all()


@pytest.mark.parametrize("name", WHOLE_JPEGS)
def test_a_jpeg_with_odd_metadata_has_its_pixels(row, name):
    assert row(WHOLE_JPEGS[name])["problem"] == ""
    assert (decode(WHOLE_JPEGS[name], 32) == decode(jpeg_with(), 32)).all()


def test_a_tiff_with_odd_metadata_has_its_pixels(row):
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    odd = tiff_of(grey, tags={282: (0, 0), 34665: (65535,), 34675: (1,) * 9, 700: (3,) * 5})
    assert row(odd)["problem"] == ""
    assert (decode(odd, 8) == decode(tiff_of(grey), 8)).all()


def test_an_avif_with_exif_that_is_none_has_its_pixels(row):
    pytest.importorskip("PIL._avif")
    exif = Image.Exif()
    exif[0x010F] = "camera"
    content = encoded(photograph(), "AVIF", exif=exif).replace(b"MM\0*", b"none")
    assert (row(content)["problem"], row(content)["orientation"]) == ("", UNREADABLE)


@pytest.mark.parametrize("content", [png_with(chunk(b"eXIf", ORIENTATION_3))])
def test_exif_of_a_png_turns_the_picture(row, content):
    assert row(content)["orientation"] == 3
    turned = photograph().transpose(Image.Transpose.ROTATE_180)
    assert (decode(content, 32) == decode(encoded(turned), 32)).all()


def test_exif_after_the_pixels_of_a_png_counts_too(row):
    content = encoded(photograph())
    assert row(content[:-12] + chunk(b"eXIf", ORIENTATION_3) + content[-12:])["orientation"] == 3


UNREADABLE_EXIF = {
    "JPEG": jpeg_with((0xE1, BAD_EXIF)),
    "PNG": png_with(chunk(b"eXIf", b"nonsense")),
    "PNG by its checksum": png_with(chunk(b"eXIf", ORIENTATION_3, 0)),
    "WebP": encoded(photograph(), "WEBP", exif=BAD_EXIF),
}


@pytest.mark.parametrize("name", UNREADABLE_EXIF)
def test_exif_that_cannot_be_read_is_known_as_such(row, name):
    assert row(UNREADABLE_EXIF[name])["orientation"] == UNREADABLE


@pytest.mark.parametrize("name", UNREADABLE_EXIF)
def test_exif_that_cannot_be_read_makes_no_warning(row, name):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        row(UNREADABLE_EXIF[name])
    assert caught == []


PIXELS_DAMAGED = {
    "PNG cut within its pixels": encoded(photograph())[:-60],
    "PNG with another palette's checksum": encoded(photograph().convert("P")).replace(
        b"PLTE", b"PLTF", 1
    ),
    "PNG with bad transparency": png_with(chunk(b"tRNS", b"\0\1\0\2\0\3", 0)),
    "PNG with pixels that do not unpack": encoded(photograph())[:80]
    + b"\0" * 30
    + encoded(photograph())[110:],
    "JPEG cut in half": encoded(photograph(), "JPEG")[:-300],
    "WebP cut in half": encoded(photograph(), "WEBP")[:-100],
    "TIFF cut in half": encoded(photograph(), "TIFF", compression="tiff_lzw")[:500],
}


@pytest.mark.parametrize("name", PIXELS_DAMAGED)
def test_damaged_pixels_are_found_by_the_check_and_by_decoding(row, name):
    problem = row(PIXELS_DAMAGED[name])["problem"]
    assert problem
    with pytest.raises(DataError) as caught:
        decode(PIXELS_DAMAGED[name], 8)
    assert str(caught.value) == f"an image given as bytes {problem}."


def scanned(**options):
    """A JPEG without its end mark."""
    return encoded(photograph(200, 150), "JPEG", quality=85, **options)[:-2]


SCANS = {
    "baseline": scanned(),
    "grey": encoded(photograph(200, 150).convert("L"), "JPEG")[:-2],
    "progressive": scanned(progressive=True),
    "with restarts": scanned(restart_marker_blocks=3),
    "of all colours": scanned(subsampling="4:4:4"),
}


@pytest.mark.parametrize("name", SCANS)
@pytest.mark.parametrize("more", [b"", b"\xff", bytes(4096)], ids=["cut", "half a mark", "padded"])
def test_a_jpeg_that_lacks_only_its_end_is_whole(row, name, more):
    assert row(SCANS[name] + more)["problem"] == ""
    whole = decode(SCANS[name] + b"\xff\xd9", 64)
    assert (decode(SCANS[name] + more, 64) == whole).all()


@pytest.mark.parametrize("name", SCANS)
@pytest.mark.parametrize("bytes_gone", [3, 10, 100, 1000])
def test_a_jpeg_that_lacks_pixels_too_is_not(row, name, bytes_gone):
    problem = "is truncated or damaged: image file is truncated"
    for more in (b"", b"\xff", bytes(4096)):
        content = SCANS[name][:-bytes_gone] + more
        assert row(content)["problem"].startswith(problem)
        with pytest.raises(DataError, match=problem):
            decode(content, 64)


def test_a_progressive_jpeg_without_its_last_scans_is_not_whole(row):
    content = scanned(progressive=True)
    starts = [place for place in range(len(content)) if content[place : place + 2] == b"\xff\xda"]
    tables = content.rfind(b"\xff\xc4", 0, starts[-1])
    assert row(content[: min(tables, starts[-1])])["problem"].startswith("is truncated or damaged")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_tiff_is_turned_once_and_measured_as_it_is_stored(row, orientation):
    content = tiff_of(np.arange(12, dtype=np.uint8).reshape(3, 4), tags={274: (orientation,)})
    found = row(content)
    assert (found["orientation"], found["width"], found["height"]) == (orientation, 4, 3)


def test_a_file_is_not_read_far_beyond_what_its_pixels_take(tmp_path):
    path = tmp_path / "huge.png"
    with open(path, "wb") as file:
        file.write(encoded(photograph()))
        file.truncate(2**40)  # bytes, nearly none of them on the disk
    found = inspect_files([str(path)], 10_000).iloc[0]
    assert found["bytes"] == 2**40
    assert found["problem"] == (
        f"has {2**40} bytes, more than an image of the 10000 pixels of --data.max-pixels takes"
    )


def test_more_than_a_still_picture_of_a_png_is_left_out(row):
    frames = [photograph(), photograph().rotate(90)]
    content = encoded(frames[0], save_all=True, append_images=frames[1:])
    assert (decode(content, 32) == decode(encoded(frames[0]), 32)).all()
    broken = content.replace(b"fdAT" + struct.pack(">I", 2), b"fdAT" + b"\xff" * 4)
    assert broken != content
    assert row(broken)["problem"] == ""
