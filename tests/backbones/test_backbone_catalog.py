"""The table of backbones against itself, and without the weight of a framework."""

from __future__ import annotations

import subprocess
import sys

import pytest

from transferkit.backbones.catalog import BACKBONES, find_backbone
from transferkit.backbones.spec import BackboneSpec
from transferkit.errors import ConfigError

NAMES = [row.name for row in BACKBONES]
rows = pytest.mark.parametrize("row", BACKBONES, ids=NAMES)


def test_every_name_is_there_once() -> None:
    assert len(set(NAMES)) == len(NAMES)


@rows
def test_a_row_is_found_by_its_name(row: BackboneSpec) -> None:
    assert find_backbone(row.name) is row


@pytest.mark.parametrize("name", ["lenet", "alexnet"])
def test_the_old_networks_start_from_scratch(name: str) -> None:
    assert not find_backbone(name).pretrained


@rows
def test_pretrained_rows_alone_have_a_licence(row: BackboneSpec) -> None:
    assert bool(row.licence) == row.pretrained


@rows
def test_weights_are_those_of_keras_or_embedded(row: BackboneSpec) -> None:
    """A network of Keras' has its weights; one of the project's own has embedded ones, or none."""
    assert bool(row.application) == bool(row.weights_path) == (row.pretrained and not row.embedded)


@rows
def test_embedded_weights_alone_say_how_they_were_made(row: BackboneSpec) -> None:
    assert bool(row.lesson) == bool(row.embedded)


def test_the_name_of_the_weights_is_the_end_of_their_address() -> None:
    assert find_backbone("mobilenet_025").weights_file == "mobilenet_2_5_224_tf_no_top.h5"


def test_a_misspelt_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        find_backbone("resnet-50")
    assert str(caught.value) == (
        "No backbone is called 'resnet-50': did you mean 'resnet50'? "
        "`transferkit backbones` lists them."
    )


def test_reading_the_table_loads_nothing_heavy() -> None:
    code = (
        "import sys, transferkit.backbones.catalog; "
        "print(*{'keras', 'tensorflow', 'numpy', 'h5py'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
