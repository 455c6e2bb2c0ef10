"""What the settings `backbone` and `weights` mean together, and where auto leads."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import pytest

from transferkit.backbones import download
from transferkit.backbones.build import build_backbone
from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.resolve import is_pretrained, resolve_backbone, starting_weights
from transferkit.config.settings import ModelConfig
from transferkit.errors import ConfigError

PREFERRED = find_backbone("mobilenet_v2")


@pytest.fixture(autouse=True)
def closed(own_cache: Path) -> str:
    """The mirror of no server, which no other test asks."""
    return os.environ["TRANSFERKIT_MIRROR"]


@pytest.fixture
def weights_in() -> Callable[[Path], None]:
    """`weights_in(folder)`: a file there under the name that Keras gives MobileNetV2's weights."""

    def write(folder: Path) -> None:
        folder.mkdir(parents=True)
        with h5py.File(folder / PREFERRED.weights_file, "w") as file:
            file["values"] = [1.0]

    return write


@pytest.fixture
def shelved(served: Any, tmp_path: Path, weights_in: Callable[[Path], None]) -> Any:
    """The server, with MobileNetV2's weights."""
    weights_in(tmp_path / "shelf" / "mobilenet_v2")
    return served


def chosen(**settings: str) -> str:
    return resolve_backbone(ModelConfig(**settings)).backbone  # type: ignore[arg-type]


def sentence(mirror: str, reason: str, cache: Path) -> str:
    return (
        "No ImageNet weights in the cache and none from the network: using pocket (96 px). For "
        f"mobilenet_v2, {mirror}/{PREFERRED.weights_path} cannot be downloaded ({reason}): put "
        f"that file at {str(cache / PREFERRED.weights_file)!r}, name a mirror in "
        "TRANSFERKIT_MIRROR, or pass --weights FILE.\n"
    )


def test_a_named_backbone_is_that_one_and_nothing_is_asked(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = ModelConfig(backbone="resnet50")
    assert resolve_backbone(model) is model
    assert capsys.readouterr().err == ""


def test_without_a_network_auto_is_pocket_and_says_so(
    cache: Path, closed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = time.monotonic()
    assert chosen() == "pocket"
    assert time.monotonic() - begun < 2
    assert capsys.readouterr().err == sentence(closed, "[Errno 111] Connection refused", cache)


def test_it_is_said_once(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [chosen(), chosen(), chosen()] == ["pocket"] * 3
    assert capsys.readouterr().err.count("using pocket") == 1


def test_the_other_settings_stay(cache: Path) -> None:
    model = resolve_backbone(ModelConfig(dropout=0.4))
    assert model == ModelConfig(backbone="pocket", dropout=0.4)


def test_weights_in_the_cache_make_auto_mobilenet_v2(
    cache: Path, weights_in: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    weights_in(cache)
    assert chosen() == "mobilenet_v2"
    assert capsys.readouterr().err == ""


def test_weights_that_appear_in_the_cache_later_are_taken(
    cache: Path, weights_in: Callable[[Path], None]
) -> None:
    assert chosen() == "pocket"
    weights_in(cache)
    assert chosen() == "mobilenet_v2"


def test_weights_are_downloaded_once(
    shelved: Any, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [chosen(), chosen()] == ["mobilenet_v2"] * 2
    assert shelved.asked == [f"/{PREFERRED.weights_path}"]
    assert (cache / PREFERRED.weights_file).is_file()
    assert capsys.readouterr().err == ""


def test_a_server_that_refuses_is_asked_once(
    shelved: Any, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shelved.failures = 9
    assert [chosen(), chosen()] == ["pocket"] * 2
    assert shelved.asked == [f"/{PREFERRED.weights_path}"]
    mirror = os.environ["TRANSFERKIT_MIRROR"].rstrip("/")
    assert capsys.readouterr().err == sentence(mirror, "Service Unavailable", cache)


def test_a_silent_server_is_given_up_after_its_time(
    shelved: Any, cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shelved.pause = 1.0
    monkeypatch.setattr(download, "CONNECT_TIMEOUT", 0.2)
    assert chosen() == "pocket"
    assert "cannot be downloaded (no answer in 0.2 seconds)" in capsys.readouterr().err
    assert shelved.asked == []


def test_another_mirror_is_tried_as_well(
    cache: Path, closed: str, shelved: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = os.environ["TRANSFERKIT_MIRROR"]
    monkeypatch.setenv("TRANSFERKIT_MIRROR", closed)
    assert chosen() == "pocket"
    monkeypatch.setenv("TRANSFERKIT_MIRROR", mirror)
    assert chosen() == "mobilenet_v2"


def test_only_an_answer_is_prepared_for(
    closed: str, shelved: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[str] = []
    mirror = os.environ["TRANSFERKIT_MIRROR"]
    for address in (closed, mirror):
        monkeypatch.setenv("TRANSFERKIT_MIRROR", address)
        resolve_backbone(ModelConfig(), on_answer=lambda: answers.append(address))  # noqa: B023
    assert answers == [mirror]


@pytest.mark.parametrize(
    ("weights", "name"),
    [("none", "mobilenet_v2"), ("mine.weights.h5", "mobilenet_v2"), ("embedded", "pocket")],
)
def test_other_weights_than_imagenet_decide_without_a_look(
    weights: str, name: str, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert chosen(weights=weights) == name
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("backbone", "weights", "start"),
    [
        ("pocket", "imagenet", "embedded"),
        ("pocket", "embedded", "embedded"),
        ("pocket", "none", "none"),
        ("pocket", "mine.h5", "mine.h5"),
        ("lenet", "imagenet", "none"),
        ("resnet50", "imagenet", "imagenet"),
        ("auto", "imagenet", "imagenet"),
        ("auto", "none", "none"),
        ("auto", "embedded", "embedded"),
    ],
)
def test_the_default_of_imagenet_means_what_the_backbone_has(
    backbone: str, weights: str, start: str
) -> None:
    model = ModelConfig(backbone=backbone, weights=weights)
    assert starting_weights(model) == start
    assert is_pretrained(model) == (start != "none")


def test_a_misspelt_backbone_is_no_choice() -> None:
    with pytest.raises(ConfigError) as caught:
        chosen(backbone="pockett")
    assert str(caught.value) == (
        "No backbone is called 'pockett': did you mean 'pocket'? `transferkit backbones` lists "
        "them."
    )


def test_the_choice_loads_no_framework_where_there_is_no_network(cache: Path) -> None:
    code = (
        "import sys\n"
        "from transferkit.backbones.resolve import ModelConfig, resolve_backbone\n"
        "print(resolve_backbone(ModelConfig()).backbone)\n"
        "print([name for name in ('keras', 'tensorflow') if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.stdout == "pocket\n[]\n"


def test_pocket_is_built_with_the_weights_that_come_with_it(cache: Path) -> None:
    embedded, again = (
        build_backbone("pocket", weights, 32) for weights in ("imagenet", "embedded")
    )
    random = build_backbone("pocket", "none", 32)
    first = [network.get_weights()[0] for network in (embedded, again, random)]
    assert (first[0] == first[1]).all()
    assert (first[0] != first[2]).any()
