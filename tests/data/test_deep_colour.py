"""Colours of 16 bits: as they are stored, in the one range of a folder."""

import struct
import zlib

import numpy as np
import pytest
from damage import chunk, encoded
from PIL import Image

from transferkit.baselines.fit import fit_baseline
from transferkit.config.settings import Config, DataConfig
from transferkit.data.decoding.decode import decode, decode_as
from transferkit.data.decoding.deep_colour import deep_colours, is_deep
from transferkit.data.decoding.pixels import open_image, unpack
from transferkit.data.manifest import Manifest
from transferkit.data.quality.file_info import inspect_files

SIDE = 21  # pixels: of each of the seven passes of an interlaced PNG some, and odd rows
PASSES = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2))
PASSES += ((1, 0, 2, 1),)  # first row, first column, steps


def drawn(bands=3, most=65535):
    """`(SIDE, SIDE, bands)` uint16: smooth with noise, so that PNG's filters all do something."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    smooth = np.stack([x, y, x * y, 1 - x][:bands], axis=-1)
    noise = np.random.default_rng(0).uniform(0, 0.2, smooth.shape)
    return (most * (0.8 * smooth + noise)).astype(np.uint16)


def filtered(values, kinds):
    """The rows of `values` as PNG has them before they are packed, filtered by `kinds` in turn."""
    step = 2 * values.shape[2]
    rows = values.astype(">u2").tobytes()
    width = values.shape[1] * step
    before, lines = bytes(width), b""
    for number in range(values.shape[0]):
        row, kind = rows[number * width :][:width], kinds[number % len(kinds)]
        line = bytearray(row)
        for place in range(width):
            left = row[place - step] if place >= step else 0
            up, corner = before[place], before[place - step] if place >= step else 0
            nearest = min((left, up, corner), key=lambda each: abs(left + up - corner - each))
            line[place] = (row[place] - (0, left, up, (left + up) // 2, nearest)[kind]) % 256
        lines += bytes([kind]) + bytes(line)
        before = row
    return lines


def png(values, *, kinds=(0,), interlaced=False, extra=b""):
    """`(height, width, bands)` uint16 as a PNG: LA, RGB or RGBA."""
    colour = {2: 4, 3: 2, 4: 6}[values.shape[2]]
    head = struct.pack(">IIBBBBB", *values.shape[1::-1], 16, colour, 0, 0, interlaced)
    parts = [values[a::c, b::d] for a, b, c, d in PASSES] if interlaced else [values]
    lines = b"".join(filtered(part, kinds) for part in parts)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + extra
        + chunk(b"IDAT", zlib.compress(lines))
        + chunk(b"IEND", b"")
    )


def tiff(values, *, order="<", packed=False, predictor=False, strips=1, more=None):
    """`(height, width, bands)` uint16 as a TIFF, its bands pixel by pixel."""
    height, width, bands = values.shape
    stored = values.copy()
    if predictor:
        stored[:, 1:] -= values[:, :-1]
    rows = -(-height // strips)
    parts = [stored[at : at + rows].astype(order + "u2").tobytes() for at in range(0, height, rows)]
    parts = [zlib.compress(part) for part in parts] if packed else parts
    starts = np.cumsum([8, *map(len, parts)]).tolist()
    tags = {256: [width], 257: [height], 258: [16] * bands, 259: [8 if packed else 1], 262: [2]}
    tags |= {273: starts[:-1], 277: [bands], 278: [rows], 279: [len(part) for part in parts]}
    tags |= {284: [1], 317: [2 if predictor else 1]} | (more or {})
    entries, extra, base = [], b"", starts[-1]
    for tag, numbers in sorted(tags.items()):
        data = struct.pack(f"{order}{len(numbers)}I", *numbers)
        if tag in (258, 338):
            data = struct.pack(f"{order}{len(numbers)}H", *numbers)
        if len(data) > 4:
            place, extra = base + len(extra), extra + data
            data = struct.pack(order + "I", place)
        kind = 3 if tag in (258, 338) else 4
        entries.append(struct.pack(order + "HHI", tag, kind, len(numbers)) + data.ljust(4, b"\0"))
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", base + len(extra))
    directory = struct.pack(order + "H", len(entries)) + b"".join(entries) + b"\0" * 4
    return head + b"".join(parts) + extra + directory


def ppm(values, greatest=65535):
    return (
        b"P6\n# camera\n%d %d\n%d\n" % (*values.shape[1::-1], greatest)
        + values.astype(">u2").tobytes()
    )


def plain_ppm(values, greatest=65535):
    numbers = b" ".join(b"%d" % value for value in values.ravel().tolist())
    return b"P3\n%d %d\n%d\n%s\n" % (*values.shape[1::-1], greatest, numbers)


RGBA = drawn(4)
RGB = RGBA[..., :3]
STORED = {
    "png": png(RGB),
    **{f"png, filter {kind}": png(RGB, kinds=(kind,)) for kind in range(1, 5)},
    "png, interlaced": png(RGB, kinds=(4, 3, 2, 1, 0), interlaced=True),
    "png, alpha": png(RGBA, kinds=(4, 1)),
    "png, alpha, interlaced": png(RGBA, kinds=(4, 1), interlaced=True),
    "tiff": tiff(RGB),
    "tiff, big-endian": tiff(RGB, order=">"),
    "tiff, strips": tiff(RGB, strips=4),
    "tiff, deflate": tiff(RGB, packed=True),
    "tiff, deflate, big-endian": tiff(RGB, packed=True, order=">"),
    "tiff, deflate, predictor": tiff(RGB, packed=True, predictor=True, strips=4),
    "tiff, predictor, big-endian": tiff(RGB, packed=True, predictor=True, order=">"),
    "tiff, alpha": tiff(RGBA, more={338: [2]}),
    "tiff, alpha, deflate": tiff(RGBA, packed=True, more={338: [2]}),
    "tiff, a band without a meaning": tiff(RGBA, more={338: [0]}),
    "ppm": ppm(RGB),
    "ppm, in decimals": plain_ppm(RGB),
}


def read(content):
    picture = open_image(content, 10_000)
    assert is_deep(picture.image)
    return deep_colours(
        picture.image, picture.file.content, lambda data: open_image(data, 10_000).image
    )


@pytest.mark.parametrize("name", STORED)
def test_colours_are_read_as_they_are_stored(name):
    colours, alpha = read(STORED[name])
    np.testing.assert_array_equal(colours, RGB)
    if alpha is not None:
        np.testing.assert_array_equal(alpha, RGBA[..., 3] >> 8)
    assert (alpha is not None) == ("alpha" in name)


def test_grey_with_alpha_is_three_colours_alike():
    values = drawn(2)
    colours, alpha = read(png(values, kinds=(4, 3, 2, 1, 0), interlaced=True))
    np.testing.assert_array_equal(colours, np.repeat(values[..., :1], 3, axis=2))
    np.testing.assert_array_equal(alpha, values[..., 1] >> 8)


def test_colours_that_alpha_has_multiplied_are_divided_by_it():
    alpha = np.full((SIDE, SIDE, 1), 32768, np.uint16)
    stored = np.concatenate([RGB // 2, alpha], axis=2)
    colours, _ = read(tiff(stored, more={338: [1]}))
    assert np.abs(colours.astype(int) - RGB).max() <= 2


def test_a_ppm_is_scaled_from_the_greatest_value_that_it_declares():
    for made in (ppm, plain_ppm):
        colours, _ = read(made(drawn(most=4095), 4095))
        assert np.abs(colours - drawn(most=4095) / 4095 * 65535).max() <= 0.5


@pytest.mark.parametrize(
    "content",
    [encoded(Image.new("RGB", (4, 4)), kind) for kind in ("PNG", "TIFF", "PPM", "JPEG", "GIF")],
)
def test_eight_bits_are_not_deep(content):
    assert not is_deep(open_image(content, 10_000).image)


@pytest.mark.parametrize("name", STORED)
@pytest.mark.parametrize("given", [(), (0.0, 65535.0)])
def test_the_whole_of_16_bits_is_what_pillow_makes_of_it(name, given):
    picture = open_image(STORED[name], 10_000)
    picture.image.load()
    as_pillow = np.asarray(picture.image)[..., :3]
    picture = open_image(STORED[name], 10_000)
    if "alpha" not in name:
        np.testing.assert_array_equal(unpack(picture, SIDE, given), as_pillow)


@pytest.mark.parametrize("made", [png, tiff, ppm, plain_ppm])
def test_12_bits_in_16_are_the_same_values_in_8(made):
    found = decode(made(drawn(most=4095)), SIDE, value_range=(0, 4095))
    np.testing.assert_array_equal(found, np.rint(drawn(most=4095) / 4095 * 255))


def test_alpha_is_laid_on_white_in_a_range_too():
    values = np.zeros((4, 4, 4), np.uint16)
    values[:2, :, 3] = 65535
    values[..., 0] = 4095
    found = decode(png(values), 4, value_range=(0, 4095))
    assert found[0, 0].tolist() == [255, 0, 0]
    assert found[3, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize("given", [(), (0, 4095), None])
def test_the_colour_that_is_transparent_is_that_of_16_bits(given):
    """Pillow compares its low byte with the high bytes of the pixels."""
    values = np.zeros((4, 4, 3), np.uint16)
    values[:2] = (0, 0, 7)
    found = decode(
        png(values, extra=chunk(b"tRNS", struct.pack(">HHH", 0, 0, 7))), 4, value_range=given
    )
    assert found[0, 0].tolist() == [255, 255, 255]
    assert found[3, 0].tolist() == [0, 0, 0]


def test_what_is_turned_is_upright(tmp_path):
    upright = decode(png(drawn(most=4095)), SIDE, value_range=(0, 4095))
    exif = Image.Exif()
    exif[0x0112] = 3
    turned = png(drawn(most=4095)[::-1, ::-1], extra=chunk(b"eXIf", exif.tobytes()[6:]))
    np.testing.assert_array_equal(decode(turned, SIDE, value_range=(0, 4095)), upright)


def test_the_check_finds_the_values_and_damage(tmp_path):
    contents = {"whole": png(drawn(most=4095)), "cut": png(drawn(most=4095))[:900]}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    found = inspect_files([str(tmp_path / name) for name in contents], 10_000, value_range=None)
    assert found["values"].tolist() == ["uint16", "uint8"]
    assert found["high"][0] == drawn(most=4095).max()
    assert found["problem"][0] == ""
    assert found["problem"][1].startswith("is truncated or damaged")


@pytest.fixture
def slides(tmp_path):
    """12 bits of colour in 16: reddish ones of one class, bluish of the other."""
    generator = np.random.default_rng(0)
    for name, kept in (("red", (1, 0.2, 0.2)), ("blue", (0.2, 0.2, 1))):
        (tmp_path / "slides" / name).mkdir(parents=True)
        for number in range(12):
            values = (generator.integers(0, 4096, (48, 48, 3)) * kept).astype(np.uint16)
            content = tiff(values) if number % 2 else png(values)
            (tmp_path / "slides" / name / f"{number:02}").write_bytes(content)
    return tmp_path / "slides"


def test_a_folder_has_one_range_for_grey_and_colours(slides):
    values = np.random.default_rng(1).integers(0, 16000, (48, 48)).astype(np.uint16)
    Image.fromarray(values).save(slides / "red" / "grey.png")
    manifest = Manifest.read(slides)
    assert manifest.settled(Config()).data.value_range == (0, 16383)
    (note,) = [note for note in manifest.notes if "--data.value-range" in note]
    assert note.startswith("25 images have values of more than 8 bits, 0 to 1599")


def test_a_folder_of_12_bits_is_no_darker_than_one_of_8(slides):
    manifest = Manifest.read(slides)
    data = manifest.settled_data(DataConfig())
    assert data.value_range == (0, 4095)
    assert decode_as(slides / "red" / "00", 48, data).max() >= 254
    assert decode(slides / "red" / "00", 48).max() < 16  # without the folder, as 16 bits


def test_a_baseline_reads_later_colours_in_the_range_that_it_learnt_in(slides, tmp_path):
    baseline = fit_baseline("perceptron_colour", Manifest.read(slides))
    assert baseline.data.value_range == (0, 4095)
    dark = np.full((48, 48, 3), 200, np.uint16)  # by itself of 8 bits
    (tmp_path / "dark.png").write_bytes(png(dark))
    assert decode_as(tmp_path / "dark.png", 48, baseline.data).max() == 12
