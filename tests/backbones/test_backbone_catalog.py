"""The table of backbones against itself, and without the weight of a framework."""

from __future__ import annotations

import subprocess
import sys

import pytest

from transferkit.backbones.catalog import BACKBONES, find_backbone
from transferkit.backbones.specs_scratch import SCRATCH
from transferkit.errors import ConfigError


def test_a_row_is_found_by_its_name() -> None:
    assert [row for row in BACKBONES if find_backbone(row.name) is not row] == []


def test_the_old_networks_start_from_scratch() -> None:
    assert [row.name for row in SCRATCH if row.pretrained] == []


def test_pretrained_rows_alone_have_a_licence() -> None:
    assert [row.name for row in BACKBONES if bool(row.licence) != row.pretrained] == []


def test_weights_come_from_one_place() -> None:
    """Keras' address for its networks; a package, a file of our own or nothing for the others."""
    for row in BACKBONES:
        places = [row.weights_path, row.package_file, row.embedded]
        assert sum(map(bool, places)) == int(row.pretrained), row.name
        assert bool(row.weights_path) == bool(row.application), row.name


def test_embedded_weights_alone_say_how_they_were_made() -> None:
    assert [row.name for row in BACKBONES if bool(row.lesson) != bool(row.embedded)] == []


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
