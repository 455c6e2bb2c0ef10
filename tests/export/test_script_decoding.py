"""predict.py of an export decodes as transferkit does: every kind of file that it says it reads."""

from __future__ import annotations

import runpy
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from transferkit.data.decoding.decode import decode_as
from transferkit.export.formats import find_format
from transferkit.export.handover import write_script

pytest.importorskip("onnxruntime")

SIZE = 32


def gradient(width, height, channels=3):
    ramp = np.linspace(0, 255, width * height * channels).reshape(height, width, channels)
    noise = np.random.default_rng(0).integers(-40, 40, ramp.shape)
    return (ramp + noise).clip(0, 255).astype(np.uint8)


def exif(orientation):
    facts = Image.Exif()
    facts[0x0112] = orientation
    return facts


def palette(path):
    image = Image.fromarray(gradient(61, 47, 4), "RGBA").convert("RGB").quantize(40)
    image.save(path, transparency=3)


FILES = {
    "rgb.png": lambda path: Image.fromarray(gradient(61, 47)).save(path),
    "grey.png": lambda path: Image.fromarray(gradient(61, 47)[..., 0]).save(path),
    "alpha.png": lambda path: Image.fromarray(gradient(61, 47, 4)).save(path),
    "grey-alpha.png": lambda path: Image.fromarray(gradient(61, 47, 4)).convert("LA").save(path),
    "palette.png": palette,
    "palette.gif": palette,
    "one-bit.png": lambda path: Image.fromarray(gradient(61, 47)[..., 0]).convert("1").save(path),
    "sixteen.png": lambda path: Image.fromarray(
        gradient(61, 47)[..., 0].astype(np.uint16) * 257 + 3
    ).save(path),
    "small.png": lambda path: Image.fromarray(gradient(9, 7)).save(path),
    "exact.png": lambda path: Image.fromarray(gradient(SIZE, SIZE)).save(path),
    "large.jpg": lambda path: Image.fromarray(gradient(1201, 803)).save(path),
    "grey.jpg": lambda path: Image.fromarray(gradient(301, 203)[..., 0]).save(path),
    "cmyk.jpg": lambda path: Image.fromarray(gradient(301, 203)).convert("CMYK").save(path),
    "lossy.webp": lambda path: Image.fromarray(gradient(61, 47)).save(path),
    "plain.bmp": lambda path: Image.fromarray(gradient(61, 47)).save(path),
    "plain.tif": lambda path: Image.fromarray(gradient(61, 47)).save(path),
    **{
        f"turned-{orientation}.jpg": lambda path, orientation=orientation: Image.fromarray(
            gradient(301, 203)
        ).save(path, exif=exif(orientation))
        for orientation in range(1, 9)
    },
}


def decoder(network, folder):
    """`decode` of the predict.py for `network`."""
    write_script(find_format("onnx"), folder, network)
    (folder / "export.json").write_text('{"classes": []}')
    return runpy.run_path(str(folder / "predict.py"), run_name="loaded")["decode"]


@pytest.mark.parametrize("resize", ["squash", "crop"])
@pytest.mark.parametrize("name", FILES)
def test_pixels_are_the_same(name, resize, network, tmp_path):
    FILES[name](tmp_path / name)
    data = replace(network.data, resize=resize)
    decode = decoder(replace(network, data=data), tmp_path)
    pixels = decode(str(tmp_path / name))
    assert (pixels.dtype, pixels.shape) == (np.float32, (SIZE, SIZE, 3))
    assert (pixels == decode_as(tmp_path / name, SIZE, data)).all()


@pytest.mark.parametrize(
    ("kind", "value_range"),
    [(np.uint16, (0.0, 4095.0)), (np.int32, (-100.0, 900.0)), (np.float32, (0.0, 1.0))],
)
def test_greys_of_a_range_are_the_same(kind, value_range, network, tmp_path):
    low, high = value_range
    values = np.linspace(low, high, 61 * 47).reshape(47, 61).astype(kind)
    Image.fromarray(values).save(tmp_path / "wide.tif")
    data = replace(network.data, value_range=value_range)
    decode = decoder(replace(network, data=data), tmp_path)
    expected = decode_as(tmp_path / "wide.tif", SIZE, data)
    assert (decode(str(tmp_path / "wide.tif")) == expected).all()


def test_greys_of_no_known_range_are_refused(network, tmp_path):
    Image.fromarray(np.ones((9, 9), np.float32)).save(tmp_path / "wide.tif")
    decode = decoder(network, tmp_path)
    with pytest.raises(ValueError, match="the range of its greys is unknown"):
        decode(str(tmp_path / "wide.tif"))


def test_the_program_is_short(network, tmp_path):
    decoder(network, tmp_path)
    lines = (tmp_path / "predict.py").read_text().splitlines()
    assert len(lines) < 70
    assert max(map(len, lines)) <= 120
