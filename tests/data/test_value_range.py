"""Grey values of more than 8 bits: one range for a folder, kept with what learns from it."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from damage import encoded, tiff_of
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from transferkit.baselines.baseline import load_baseline
from transferkit.baselines.fit import fit_baseline
from transferkit.config.settings import Config, DataConfig
from transferkit.data.decoding.decode import decode, read_images
from transferkit.data.decoding.value_range import folder_range, scaled
from transferkit.data.manifest import Manifest
from transferkit.data.quality.file_info import inspect_files
from transferkit.errors import ConfigError, DataError

RAMP = np.linspace(0, 1, 64 * 64).reshape(64, 64)


def files(*rows):
    """Of images with these values, least and greatest."""
    table = [{"path": f"/x/{number}.tif", "problem": ""} for number in range(len(rows))]
    for row, (values, low, high) in zip(table, rows, strict=True):
        row |= {"values": values, "low": float(low), "high": float(high)}
    return pd.DataFrame(table, columns=["path", "problem", "values", "low", "high"])


RANGES = (
    ((), ()),
    ((("uint8", 0, 255),), ()),
    ((("uint16", 0, 65535),), (0, 65535)),
    ((("uint16", 3, 4000), ("uint16", 9, 90), ("uint8", 0, 255)), (0, 4095)),
    ((("uint16", 3, 1000),), (0, 1023)),
    ((("uint16", 3, 16000),), (0, 16383)),
    ((("uint16", 3, 200),), (0, 255)),
    ((("uint32", 0, 4e9),), (0, 2**32 - 1)),
    ((("int16", -1024, 3071), ("int16", -1000, 900)), (-1024, 3071)),
    ((("int32", 0, 4000),), (0, 4095)),
    ((("float32", 0, 0.99),), (0, 1)),
    ((("float32", 0, 0.99), ("float32", 0, 1.02)), (0, 1.02)),
    ((("float32", 3, 254.5),), (0, 255)),
    ((("float32", -30, 0),), (-30, 0)),
    ((("float32", 100, 2000),), (0, 2000)),
    ((("float32", 5, 5),), (0, 5)),
    ((("float32", 0, 0),), (0, 1)),
)


@pytest.mark.parametrize(("rows", "expected"), RANGES)
def test_the_range_of_a_folder(rows, expected):
    assert folder_range(files(*rows), "x") == expected


def test_a_file_that_cannot_be_used_does_not_decide():
    frame = files(("uint16", 0, 4000), ("uint16", 0, 60000))
    frame.loc[1, "problem"] = "is truncated"
    assert folder_range(frame, "x") == (0, 4095)


def test_floats_in_no_one_range_are_refused_by_their_ranges():
    with pytest.raises(DataError) as caught:
        folder_range(files(("float32", 0, 0.99), ("float32", 0, 65535)), "photos")
    assert str(caught.value) == (
        "The values of 'photos' are in no one range: '0.tif' from 0 to 0.99, '1.tif' from "
        "0 to 65535; save them in one, or say which is black and which is white: "
        "--data.value-range LOW HIGH."
    )


@given(low=st.floats(-1e6, 1e6), width=st.floats(1e-3, 1e6), share=st.floats(-0.5, 1.5))
def test_what_is_scaled_rises_from_black_to_white(low, width, share):
    found = scaled(np.array([[low + share * width]]), (low, low + width), inverted=False)
    assert abs(int(found[0, 0]) - 255 * min(max(share, 0), 1)) < 1


def test_nan_is_black_and_beyond_the_range_is_cut_off():
    values = np.array([[np.nan, -np.inf, np.inf, 2.0, -1.0]])
    assert scaled(values, (0, 1), inverted=False).tolist() == [[0, 0, 255, 255, 0]]


def test_a_signalling_nan_is_black_without_a_warning():
    values = np.array([[0x7F800001, 0x3F800000]], np.uint32).view(np.float32)
    assert scaled(values, (0, 1), inverted=False).tolist() == [[0, 255]]


STORED = {
    "16 bits": tiff_of((RAMP * 65535).astype(np.uint16)),
    "16 bits, big-endian": tiff_of((RAMP * 65535).astype(np.uint16), order=">"),
    "16 bits in a PNG": encoded(Image.fromarray((RAMP * 65535).astype(np.uint16))),
    "16 bits in a PGM": encoded(Image.fromarray((RAMP * 65535).astype(np.uint16)), "PPM"),
    "12 bits": tiff_of((RAMP * 4095).astype(np.uint16)),
    "with a sign": tiff_of((RAMP * 4095 - 1024).astype(np.int16)),
    "with a sign, big-endian": tiff_of((RAMP * 4095 - 1024).astype(np.int16), order=">"),
    "8 bits with a sign": tiff_of((RAMP * 255 - 128).astype(np.int8)),
    "32 bits": tiff_of((RAMP * (2**32 - 1)).astype(np.uint32)),
    "32 bits, big-endian": tiff_of((RAMP * (2**32 - 1)).astype(np.uint32), order=">"),
    "32 bits with a sign": tiff_of((RAMP * 4e9 - 2e9).astype(np.int32)),
    "floats": tiff_of(RAMP.astype(np.float32)),
    "floats, big-endian": tiff_of((RAMP * 30 - 30).astype(np.float32), order=">"),
    "white is 0": tiff_of(((1 - RAMP) * 65535).astype(np.uint16), tags={262: (0,)}),
    "white is 0, big-endian": tiff_of(
        ((1 - RAMP) * 65535).astype(np.uint16), order=">", tags={262: (0,)}
    ),
}


@pytest.mark.parametrize("name", STORED)
def test_a_ramp_is_a_ramp_however_it_is_stored(name, tmp_path):
    (tmp_path / "image").write_bytes(STORED[name])
    found = inspect_files([str(tmp_path / "image")], 10_000, value_range=None)
    assert found["problem"].tolist() == [""]
    pixels = decode(STORED[name], 64, value_range=folder_range(found, "x"))[:, :, 0]
    assert np.abs(pixels - RAMP * 255).max() <= 1.01


def test_what_has_no_range_of_its_own_is_refused_by_the_check_and_by_decoding(tmp_path):
    (tmp_path / "image").write_bytes(STORED["floats"])
    sentence = (
        "has grey values of the type float32 from 0 to 1, and nothing says which is black and "
        "which is white: learn from images like it, or give --data.value-range LOW HIGH there"
    )
    assert inspect_files([str(tmp_path / "image")], 10_000)["problem"].tolist() == [sentence]
    with pytest.raises(DataError, match="has grey values of the type float32 from 0 to 1"):
        decode(tmp_path / "image", 8)


@pytest.fixture
def scans(tmp_path):
    """12 bits in 16: dark circles of one class, bright ones of the other."""
    generator = np.random.default_rng(0)
    for name, grey in (("dark", 600), ("bright", 3500)):
        (tmp_path / "scans" / name).mkdir(parents=True)
        for number in range(12):
            values = generator.integers(grey - 500, grey + 500, (48, 48)).astype(np.uint16)
            Image.fromarray(values).save(tmp_path / "scans" / name / f"{number:02}.png")
    return tmp_path / "scans"


def test_a_manifest_says_how_its_grey_values_are_scaled(scans):
    Image.new("L", (48, 48), 90).save(scans / "dark" / "eight.png")
    manifest = Manifest.read(scans)
    assert manifest.settled(Config()).data.value_range == (0, 4095)
    (note,) = [note for note in manifest.notes if "--data.value-range" in note]
    assert note.startswith("24 images have values of more than 8 bits, 1")
    assert (
        ": 0 to 4095 becomes black to white; the other 1 have 8 bits and stay as they are" in note
    )


def test_a_manifest_of_eight_bits_says_nothing_of_it(shapes):
    manifest = Manifest.read(shapes)
    assert manifest.settled(Config()) == Config()
    assert not [note for note in manifest.notes if "grey" in note]


def test_files_that_stayed_as_they_were_give_the_same_range(scans):
    for _ in range(2):
        assert Manifest.read(scans).settled(Config()).data.value_range == (0, 4095)


def test_a_manifest_made_by_hand_finds_the_range_of_its_files(scans):
    frame = Manifest.read(scans).frame
    assert Manifest(frame).settled(Config()).data.value_range == (0, 4095)


def test_a_range_that_is_given_stays(scans):
    data = DataConfig(value_range=(0.0, 65535.0))
    config = Config(data=data)
    assert Manifest.read(scans, data).settled(config) == config


@pytest.mark.parametrize("pair", [(1.0,), (2.0, 1.0), (0.0, 1.0, 2.0)])
def test_a_range_that_is_none_is_a_sentence(pair):
    with pytest.raises(ConfigError) as caught:
        DataConfig(value_range=pair)
    assert str(caught.value) == (
        f"The setting 'value_range' is {pair}: it should be two numbers, the lower one first."
    )


def test_a_baseline_reads_later_images_in_the_range_that_it_learnt_in(scans, tmp_path):
    manifest = Manifest.read(scans)
    baseline = fit_baseline("perceptron_colour", manifest)
    assert baseline.data.value_range == (0, 4095)
    baseline.save(tmp_path)
    again = load_baseline(tmp_path / "baselines" / "perceptron_colour.skops")
    assert again.data.value_range == (0, 4095)
    path = manifest.part("test")["path"].iloc[0]
    alone = read_images([path], 32, dataclasses.replace(again.data))
    assert alone.max() > 100 or "dark" in path
    np.testing.assert_array_equal(again.probabilities([path]), baseline.probabilities([path]))
