"""The table of export formats: everything that a row needs is there, or named."""

from __future__ import annotations

import dataclasses
from typing import get_args

import pytest

from transferkit.cli.export import FormatName
from transferkit.errors import ConfigError, DeviceError
from transferkit.export.formats import FORMATS, find_format, require_installed, require_runtime
from transferkit.export.runtimes import LOADERS
from transferkit.export.writers import WRITERS

NAMES = [row.name for row in FORMATS]


def test_every_format_is_written_loaded_and_an_option():
    assert list(WRITERS) == list(LOADERS) == list(get_args(FormatName)) == NAMES


def test_a_misspelt_format_is_one_sentence():
    with pytest.raises(ConfigError) as error:
        find_format("onxx")
    assert str(error.value) == "No export format is called 'onxx': did you mean 'onnx'?"


def test_what_is_not_installed_names_its_extra():
    row = dataclasses.replace(find_format("onnx"), modules=("no_such_a", "no_such_b"))
    with pytest.raises(DeviceError) as error:
        require_installed(row)
    assert str(error.value) == (
        "An export to ONNX was asked for, and no_such_a and no_such_b are not installed: "
        "`pip install 'transferkit[onnx]'`."
    )


def test_what_is_needed_to_write_is_not_needed_to_run():
    row = dataclasses.replace(find_format("onnx"), modules=("no_such_a", "json"))
    assert require_runtime(row) is None


@pytest.mark.parametrize(("version", "is_enough"), [("3.12.1", False), ("3.13.2", True)])
def test_a_keras_that_cannot_write_a_format_is_named(version, is_enough):
    row = dataclasses.replace(find_format("litert"), modules=())
    if is_enough:
        assert require_installed(row, version) is None
        return
    with pytest.raises(DeviceError) as error:
        require_installed(row, version)
    assert str(error.value) == (
        "Keras 3.12.1 cannot export to LiteRT: 3.13 and later can; `pip install --upgrade keras`."
    )
