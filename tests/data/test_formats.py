"""Formats by how files start; what is not read says what it is and how to convert it."""

import sys
from io import BytesIO

import numpy as np
import pytest
from damage import encoded, photograph, tiff_of
from PIL import features

from transferkit.data.decoding import formats
from transferkit.data.decoding.decode import decode
from transferkit.data.decoding.formats import EXTENSIONS, FORMATS, FormatError, format_of
from transferkit.data.quality.file_info import inspect_files
from transferkit.errors import DataError

LAYOUTS = {
    "a TIFF of RGB in 32-bit floats": tiff_of(
        np.zeros((3, 4, 4), np.float32), tags={262: (2,), 284: (1,)}
    ),
    "a TIFF of grey in 64-bit floats": tiff_of(np.zeros((4, 4), np.float64)),
    "a TIFF of grey in 16-bit floats": tiff_of(np.zeros((4, 4), np.float16)),
    "a TIFF of 13 bands in 16-bit unsigned integers, each band by itself": tiff_of(
        np.zeros((13, 4, 4), np.uint16)
    ),
    "a TIFF of RGB in 16-bit unsigned integers, each band by itself": tiff_of(
        np.zeros((3, 4, 4), np.uint16), tags={262: (2,)}
    ),
    "a TIFF of grey in 64-bit complex or other numbers": tiff_of(np.zeros((4, 4), np.complex64)),
}
STARTS = (
    (b"\xff\x0a", "is JPEG XL, which is not read: save it as PNG"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "is JPEG XL, which is not read: save it as PNG"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "is JPEG 2000, which is not read: save it as PNG"),
    (b"\xff\x4f\xff\x51", "is JPEG 2000, which is not read: save it as PNG"),
    (bytes(128) + b"DICM", "is DICOM (a medical image), which is not read: save its window as PNG"),
    (bytes(344) + b"n+1\0", "is NIfTI (a medical volume), which is not read"),
    (b"8BPS\0\1", "is a Photoshop document, which is not read: export it as PNG"),
    (b"%PDF-1.7", "is a PDF, which is not read: save its pages as PNG"),
    (b"II*\0\x10\0\0\0CR\2\0", "is a raw photograph (Canon), which is not read: develop it"),
    (b"\0\0\0\x18ftypcrx \0\0\0\1", "is a raw photograph (Canon), which is not read: develop it"),
    (b"\x93NUMPY\1\0", "is a NumPy array, which is not read: save its images as PNG"),
    (
        b"version https://git-lfs.github.com/spec/v1\n",
        "is a Git LFS pointer in place of the image, which is not read: "
        "fetch the image with: git lfs pull",
    ),
    (b"\0\0\0\x20ftypisom", "is a film or another file in MPEG-4's format (its brand is 'isom')"),
)


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_is_known_by_how_it_starts(kind):
    assert format_of(encoded(photograph(), kind)) == kind


def test_every_format_has_its_extensions():
    assert EXTENSIONS.keys() == {*FORMATS, "AVIF", "HEIF"}


@pytest.mark.parametrize(("start", "sentence"), STARTS)
def test_a_known_format_that_is_not_read_says_how_to_convert_it(start, sentence):
    with pytest.raises(FormatError) as caught:
        format_of(start + bytes(600))
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_of_a_tiff_that_is_not_read_is_named(layout, tmp_path):
    with pytest.raises(DataError) as caught:
        decode(LAYOUTS[layout], 8)
    sentence = (
        f"is {layout}, which is not read: save it as grey or RGB of 8 bits, or as grey of 16-bit "
        "integers or 32-bit floats"
    )
    assert str(caught.value) == f"an image given as bytes {sentence}."
    (tmp_path / "a.tif").write_bytes(LAYOUTS[layout])
    assert inspect_files([str(tmp_path / "a.tif")], 10_000)["problem"].tolist() == [sentence]


def test_a_damaged_header_is_of_the_format_that_it_is_of():
    with pytest.raises(DataError) as caught:
        decode(encoded(photograph())[:20], 8)
    assert str(caught.value).startswith(
        "an image given as bytes is PNG with a damaged or unusual header ("
    )


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow was built without AVIF")
def test_avif_is_read():
    difference = decode(encoded(photograph(), "AVIF", quality=95), 48).astype(int)
    assert np.abs(difference - decode(encoded(photograph()), 48)).mean() < 15


def test_avif_says_what_is_missing_where_pillow_is_without_it(monkeypatch):
    monkeypatch.setattr(features, "check", lambda name: False)
    with pytest.raises(FormatError) as caught:
        format_of(b"\0\0\0\x18ftypavif\0\0\0\0avifmif1")
    assert str(caught.value) == (
        "is AVIF, which this Pillow was built without: update Pillow, or save it as PNG"
    )


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"


def heic(width=64, **options):
    from pillow_heif import from_pillow

    content = BytesIO()
    from_pillow(photograph(width, 3 * width // 4)).save(content, quality=95, **options)
    return content.getvalue()


def test_heic_is_read_with_its_extra():
    pytest.importorskip("pillow_heif")
    difference = decode(heic(), 48).astype(int) - decode(encoded(photograph()), 48)
    assert np.abs(difference).mean() < 15


def test_a_heic_is_read_whole_and_not_its_thumbnail():
    pytest.importorskip("pillow_heif")
    assert (decode(heic(512, thumbnails=[64]), 32) == decode(heic(512), 32)).all()


def test_heic_names_its_extra_where_that_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    formats.heif_opener.cache_clear()
    try:
        with pytest.raises(FormatError) as caught:
            format_of(HEIC)
    finally:
        formats.heif_opener.cache_clear()
    assert str(caught.value) == (
        "is HEIC (a phone's photograph), for which pillow-heif is needed: "
        "pip install 'transferkit[heif]', or save it as JPEG"
    )
