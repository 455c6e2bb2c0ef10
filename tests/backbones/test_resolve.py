"""The settings of a model resolved: which weights and pooling are meant."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from transferkit.backbones.build import build_backbone
from transferkit.backbones.resolve import (
    is_pretrained,
    require_resolved,
    resolve_model,
    starting_weights,
)
from transferkit.config.settings import ModelConfig
from transferkit.errors import ConfigError


@pytest.mark.parametrize(
    ("backbone", "weights", "start"),
    [
        ("efficientnet_lite0", "imagenet", "imagenet"),
        ("efficientnet_lite0", "none", "none"),
        ("pocket", "imagenet", "embedded"),
        ("pocket", "embedded", "embedded"),
        ("pocket", "none", "none"),
        ("pocket", "mine.h5", "mine.h5"),
        ("lenet", "imagenet", "none"),
        ("resnet50", "imagenet", "imagenet"),
    ],
)
def test_the_default_of_imagenet_means_what_the_backbone_has(
    backbone: str, weights: str, start: str
) -> None:
    model = ModelConfig(backbone=backbone, weights=weights)
    assert starting_weights(model) == start
    assert is_pretrained(model) == (start != "none")


def test_the_default_is_named_and_has_its_own_pooling() -> None:
    model = resolve_model(ModelConfig(dropout=0.4))
    assert (model.backbone, model.weights, model.dropout) == (
        "efficientnet_lite0",
        "imagenet",
        0.4,
    )
    assert model.pooling != "auto"
    assert resolve_model(model) == model


def test_a_file_is_resolved_to_its_absolute_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model = resolve_model(ModelConfig(backbone="resnet50", weights="mine.weights.h5"))
    assert model.weights == str(tmp_path / "mine.weights.h5")


def test_what_is_not_resolved_is_an_assertion() -> None:
    with pytest.raises(AssertionError, match="resolve_model"):
        require_resolved(ModelConfig())
    require_resolved(resolve_model(ModelConfig()))


def test_a_misspelt_backbone_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        resolve_model(ModelConfig(backbone="pockett"))
    assert str(caught.value) == (
        "No backbone is called 'pockett': did you mean 'pocket'? `transferkit backbones` lists "
        "them."
    )


def test_resolving_loads_no_framework() -> None:
    code = (
        "import sys\n"
        "from transferkit.backbones.resolve import ModelConfig, resolve_model\n"
        "print(resolve_model(ModelConfig()).backbone)\n"
        "print([name for name in ('keras', 'tensorflow') if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.stdout == "efficientnet_lite0\n[]\n"


def test_pocket_is_built_with_the_weights_that_come_with_it() -> None:
    embedded, again = (
        build_backbone("pocket", weights, 32) for weights in ("imagenet", "embedded")
    )
    random = build_backbone("pocket", "none", 32)
    first = [network.get_weights()[0] for network in (embedded, again, random)]
    assert (first[0] == first[1]).all()
    assert (first[0] != first[2]).any()
