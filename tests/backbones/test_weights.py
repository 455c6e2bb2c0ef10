"""Weights from nowhere, from a file, and what is said of those that is not available."""

from __future__ import annotations

from pathlib import Path

import pytest

from transferkit.backbones import weights as weights_module
from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.spec import BackboneSpec
from transferkit.backbones.weights import weights_path
from transferkit.errors import WeightsError


def refusal(row: BackboneSpec, weights: str = "imagenet") -> str:
    with pytest.raises(WeightsError) as caught:
        weights_path(row, weights)
    return str(caught.value)


def test_none_is_no_file() -> None:
    assert weights_path(find_backbone("vgg16"), "none") is None


def test_a_path_is_that_file_with_the_home_folder_filled_in(
    row: BackboneSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "shelf"))
    found = weights_path(row, "~/small/small_notop.h5")
    assert found == tmp_path / "shelf" / "small" / "small_notop.h5"


def test_a_missing_file_is_named(row: BackboneSpec) -> None:
    assert refusal(row, "imagnet") == (
        "The weights file 'imagnet' does not exist: --weights takes imagenet, embedded, "
        "none, or the path of a file with the weights of the backbone without its top."
    )


def test_a_folder_is_no_file(row: BackboneSpec, tmp_path: Path) -> None:
    assert refusal(row, str(tmp_path)) == (
        f"The weights file {str(tmp_path)!r} is a folder: --weights takes imagenet, embedded, "
        "none, or the path of a file with the weights of the backbone without its top."
    )


@pytest.mark.parametrize("name", ["text.weights.h5", "small_notop.txt"])
def test_a_file_that_keras_cannot_read_is_refused(
    row: BackboneSpec, tmp_path: Path, name: str
) -> None:
    (tmp_path / "text.weights.h5").write_text("no weights")
    (tmp_path / "small_notop.txt").hardlink_to(tmp_path / "shelf" / "small" / "small_notop.h5")
    assert refusal(row, str(tmp_path / name)) == (
        f"The weights file {str(tmp_path / name)!r} is not a readable HDF5 file: it should end "
        "in .weights.h5 or .h5 and be whole, as `model.save_weights` leaves it."
    )


@pytest.mark.parametrize("weights", ["imagenet", "embedded"])
def test_the_embedded_weights_are_a_file_of_the_package(weights: str) -> None:
    found = weights_path(find_backbone("pocket"), weights)
    assert found == Path(weights_module.__file__).parent / "pocket" / "pocket.weights.h5"
    assert found.is_file()


@pytest.mark.parametrize(("name", "own"), [("resnet50", "imagenet"), ("lenet", "none")])
def test_other_networks_have_no_embedded_weights(name: str, own: str) -> None:
    assert refusal(find_backbone(name), "embedded") == (
        f"The backbone {name!r} has no embedded weights: pass --weights {own}, or "
        "--backbone pocket, whose weights come with the package."
    )


def test_a_network_from_scratch_has_no_pretrained_weights() -> None:
    assert refusal(find_backbone("lenet")) == (
        "The backbone 'lenet' has no pretrained weights: "
        "pass --weights none to train it from random ones."
    )
