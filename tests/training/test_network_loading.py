"""A file of a network that was changed, or made by a stranger, is refused in one sentence."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from packaging.requirements import Requirement

from transferkit.config.settings import DataConfig
from transferkit.errors import RunError
from transferkit.models.loading import CONFIG, FACTS, WEIGHTS, load_model
from transferkit.models.network import Network

CLASSES = ("a", "b", "c")


def small_model(*layers: keras.layers.Layer) -> keras.Model:
    """RGB of 8 px in, three probabilities out, `layers` between."""
    images = keras.Input((8, 8, 3))
    values = images
    for layer in layers:
        values = layer(values)
    outputs = keras.layers.Dense(3, activation="softmax")(keras.layers.Flatten()(values))
    return keras.Model(images, outputs)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a small network."""
    folder = tmp_path_factory.mktemp("network")
    Network("small", small_model(), CLASSES, DataConfig(image_size=8)).save(folder)
    return folder / "model.keras"


def rewritten(source: Path, target: Path, changes: dict[str, bytes | None]) -> Path:
    """A copy of the archive `source` with the members `changes` replaced, or left out for None."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        members = {name: old.read(name) for name in old.namelist()} | changes
        for name, content in members.items():
            if content is not None:
                new.writestr(name, content)
    return target


@pytest.fixture
def refusal(saved: Path, tmp_path: Path) -> Callable[[dict[str, bytes | None]], str]:
    """Why the small network is not loaded, once members of its file are changed."""

    def why(changes: dict[str, bytes | None]) -> str:
        path = rewritten(saved, tmp_path / "model.keras", changes)
        with pytest.raises(RunError) as caught:
            Network.load(path)
        start = f"'{path}' is not a network that transferkit saved, or it is damaged: "
        assert str(caught.value).startswith(start)
        assert "\n" not in str(caught.value)
        return str(caught.value).removeprefix(start)

    return why


def changed_facts(saved: Path, **facts: Any) -> bytes:
    with zipfile.ZipFile(saved) as archive:
        known = json.loads(archive.read(FACTS)) | facts
    return json.dumps({name: value for name, value in known.items() if value != "gone"}).encode()


def test_it_is_loaded_as_it_was_saved(saved: Path) -> None:
    again = Network.load(saved)
    assert (again.name, again.classes, again.image_size) == ("small", CLASSES, 8)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"classes": ["a", "b"]}, "its model gives arrays (None, 3) for 2 classes."),
        ({"classes": ["a", "b", "b"]}, "'classes' in its transferkit.json names one of them twice"),
        ({"classes": ["a", "b", 3]}, "'classes' in its transferkit.json should be a list of names"),
        ({"classes": "abc"}, "'classes' in its transferkit.json should be a list of names."),
        ({"classes": "gone"}, "its transferkit.json has no 'classes'."),
        ({"name": 7}, "'name' in its transferkit.json should be text."),
        ({"data": []}, "'data' in its transferkit.json should be settings by name."),
        ({"data": {"image_size": 9}}, "its model takes images of 8 pixels, its settings say 9."),
        (
            {"data": {"image_size": "8"}},
            "The setting 'image_size' is '8': it should be a whole number or null",
        ),
        ({"data": {"size": 8}}, "DataConfig.__init__() got an unexpected keyword argument 'size'"),
        ({"fit_seconds": True}, "'fit_seconds' in its transferkit.json should be a number of"),
        ({"fit_seconds": float("nan")}, "'fit_seconds' in its transferkit.json should be 0 or"),
        (
            {"conformity": {"scores": [2], "groups": [0], "source": "folds"}},
            "its conformity scores should be between 0 and 1.",
        ),
        ({"conformity": {"scores": [1], "source": "folds"}}, "groups."),
        ({"summary": None}, "'summary' in its transferkit.json should be values by name."),
        ({"summary": {"temperature": {"value": "warm"}}}, "could not convert string to float"),
        ({"summary": {"sort": 1}}, "TrainingSummary.__init__() got an unexpected keyword"),
        ({"history": [{"loss": "low"}]}, "could not convert string to float: 'low'"),
        ({"history": [1]}, "'history' in its transferkit.json should be a list of epochs."),
    ],
)
def test_facts_that_cannot_be_are_refused(
    facts: dict[str, Any], reason: str, saved: Path, refusal: Callable[..., str]
) -> None:
    assert refusal({FACTS: changed_facts(saved, **facts)}).startswith(reason)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({FACTS: None}, "it has no transferkit.json."),
        ({FACTS: b"{"}, "Expecting property name enclosed in double quotes"),
        ({FACTS: b"\xff\xfe"}, "Expecting value"),
        ({FACTS: b"[]"}, "its transferkit.json is no object with names."),
        ({FACTS: b"[" * 100_000}, "its transferkit.json is nested too deeply."),
        ({CONFIG: None}, "it has no config.json."),
        ({CONFIG: b"{}"}, ""),
        ({WEIGHTS: None}, "There is no item named 'model.weights.h5' in the archive."),
        ({WEIGHTS: b"no weights"}, ""),
        ({"assets/words.txt": b"x"}, "it holds 'assets/words.txt', which no network has."),
        ({"../up.txt": b"x"}, "it holds '../up.txt', which no network has."),
    ],
)
def test_members_that_cannot_be_are_refused(
    changes: dict[str, bytes | None], reason: str, refusal: Callable[..., str]
) -> None:
    assert refusal(changes).startswith(reason)


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ((8, 9, 3), "its model takes arrays (None, 8, 9, 3), not square RGB images."),
        ((None, None, 3), "its model takes arrays (None, None, None, 3), not square RGB images."),
        ((8, 8, 1), "its model takes arrays (None, 8, 8, 1), not square RGB images."),
    ],
)
def test_a_model_of_other_images_is_refused(
    shape: tuple[int | None, ...], reason: str, tmp_path: Path
) -> None:
    images = keras.Input(shape)
    pooled = keras.layers.GlobalAveragePooling2D()(images)
    model = keras.Model(images, keras.layers.Dense(3)(pooled))
    Network("other", model, CLASSES, DataConfig()).save(tmp_path)
    with pytest.raises(RunError) as caught:
        Network.load(tmp_path)
    assert str(caught.value).endswith(reason)


def test_a_model_of_two_outputs_is_refused(
    tmp_path: Path, refusal: Callable[[dict[str, bytes | None]], str]
) -> None:
    model = small_model()
    keras.Model(model.inputs, model.outputs * 2).save(tmp_path / "two.keras")
    with zipfile.ZipFile(tmp_path / "two.keras") as archive:
        own = {name: archive.read(name) for name in (CONFIG, WEIGHTS)}
    assert refusal(own) == "its model has not one input and one output."


@pytest.fixture
def with_lambda(tmp_path: Path) -> Path:
    """A network whose file holds Python code."""
    layer = keras.layers.Lambda(lambda values: values * 2)
    Network("code", small_model(layer), CLASSES, DataConfig(image_size=8)).save(tmp_path)
    return tmp_path / "model.keras"


@pytest.mark.parametrize("permitted", [False, True])
def test_code_in_the_file_is_never_run(permitted: bool, with_lambda: Path) -> None:
    before = keras.src.saving.serialization_lib.in_safe_mode()
    if permitted:
        keras.config.enable_unsafe_deserialization()
    try:
        with pytest.raises(RunError, match="hold 'Lambda', which may run code or read files"):
            Network.load(with_lambda)
    finally:
        keras.src.backend.common.global_state.set_global_attribute("safe_mode_saving", before)


def test_keras_is_asked_to_run_no_code_either(with_lambda: Path) -> None:
    with pytest.raises(ValueError, match="safe_mode"):
        load_model(with_lambda)


@pytest.mark.parametrize(
    "described",
    [
        {"class_name": "function", "module": "builtins", "config": "eval"},
        {"class_name": "Popen", "module": "subprocess", "config": {"args": "id"}},
        {"class_name": "TFSMLayer", "module": "keras.layers", "config": {"filepath": "/tmp"}},
        {"class_name": "StringLookup", "module": "keras.layers", "config": {"vocabulary": "/a"}},
        {"class_name": "__lambda__", "config": {"value": "x"}},
        {"class_name": "get_file", "module": "keras.utils", "config": {}},
        {"class_name": "Dense", "module": None, "config": {}},
    ],
)
def test_parts_that_run_code_or_read_files_are_refused(
    described: dict[str, Any], saved: Path, refusal: Callable[..., str]
) -> None:
    with zipfile.ZipFile(saved) as archive:
        config = json.loads(archive.read(CONFIG))
    config["config"]["layers"][1]["config"]["extra"] = [{"deep": described}]
    reason = refusal({CONFIG: json.dumps(config).encode()})
    assert reason == (
        f"its layers hold {described['class_name']!r}, which may run code or read files, "
        "so it is not loaded."
    )


@keras.saving.register_keras_serializable("tests_of_loading")
class Doubled(keras.layers.Layer):
    """A layer of the caller's own."""

    def call(self, inputs: Any) -> Any:
        return inputs * 2


def test_a_layer_of_the_callers_own_is_loaded(tmp_path: Path) -> None:
    Network("own", small_model(Doubled()), CLASSES, DataConfig(image_size=8)).save(tmp_path)
    assert Network.load(tmp_path).classes == CLASSES


def external(file: h5py.File, name: str, shape: tuple[int, ...], secret: Path) -> None:
    file.create_dataset(name, shape, "f4", external=[(str(secret), 0, h5py.h5f.UNLIMITED)])


def virtual(file: h5py.File, name: str, shape: tuple[int, ...], secret: Path) -> None:
    with h5py.File(secret.with_suffix(".h5"), "w") as other:
        other["values"] = np.zeros(shape, "f4")
    layout = h5py.VirtualLayout(shape, "f4")
    layout[...] = h5py.VirtualSource(str(secret.with_suffix(".h5")), "values", shape)
    file.create_virtual_dataset(name, layout)


def link(file: h5py.File, name: str, shape: tuple[int, ...], secret: Path) -> None:
    with h5py.File(secret.with_suffix(".h5"), "w") as other:
        other["values"] = np.zeros(shape, "f4")
    file[name] = h5py.ExternalLink(str(secret.with_suffix(".h5")), "values")


def huge(file: h5py.File, name: str, shape: tuple[int, ...], secret: Path) -> None:
    file.create_dataset(name, (2**40,), "f4", chunks=(1024,))


FOREIGN = [
    (external, "in it is stored in another file"),
    (virtual, "in it is put together from other files"),
    (link, "to elsewhere"),
    (huge, "far more than the file can hold"),
]


@pytest.mark.parametrize(("plant", "reason"), FOREIGN)
def test_weights_in_another_file_are_refused(
    plant: Callable[..., None],
    reason: str,
    saved: Path,
    refusal: Callable[..., str],
    tmp_path: Path,
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"s" * 4096)
    with zipfile.ZipFile(saved) as archive:
        content = io.BytesIO(archive.read(WEIGHTS))
    with h5py.File(content, "a") as file:
        name = next(name for name in names_of(file) if file[name].ndim == 2)
        shape = file[name].shape
        del file[name]
        plant(file, name, shape, secret)
    assert reason in refusal({WEIGHTS: content.getvalue()})


def names_of(file: h5py.File) -> list[str]:
    names: list[str] = []
    file.visititems(
        lambda name, member: names.append(name) if isinstance(member, h5py.Dataset) else None
    )
    return names


@pytest.mark.parametrize("version", ["3.12.0", "3.13.0", "3.13.1"])
def test_no_keras_that_reads_other_files_as_weights_is_installed_with_it(version: str) -> None:
    parser = ConfigParser()
    parser.read(Path(__file__).parents[2] / "setup.cfg")
    lines = parser["options"]["install_requires"].splitlines()
    bound = next(Requirement(line) for line in lines if line.startswith("keras"))
    assert not bound.specifier.contains(version)
    assert all(bound.specifier.contains(known) for known in ("3.12.1", "3.13.2", "3.15.1"))
