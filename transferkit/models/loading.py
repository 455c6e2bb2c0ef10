"""A saved network read back without trusting its file, which anybody may have made."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import keras

from transferkit.backbones.hdf5 import require_self_contained
from transferkit.config.settings import DataConfig
from transferkit.evaluation.conformal import ConformityScores
from transferkit.evaluation.summary import EpochRecord, TrainingSummary

FACTS = "transferkit.json"  # beside Keras' own files in the archive, which Keras passes over
CONFIG, WEIGHTS = "config.json", "model.weights.h5"  # Keras' own
MEMBERS = {FACTS, CONFIG, WEIGHTS, "metadata.json"}
MAX_CONFIG_BYTES = 2**28  # bytes of JSON; the largest network of the table has 0.4 MB
MODULES = (
    "keras",
    "keras.layers",
    "keras.models",
    "keras.initializers",
    "keras.regularizers",
    "keras.constraints",
    "keras.activations",
    # Of a head that was learnt step by step: it is compiled, and so saved as that.
    "keras.losses",
    "keras.metrics",
    "keras.optimizers",
    "keras.optimizers.schedules",
    "keras.dtype_policies",
)
INNER_MODULES = ("keras.src.ops.", "keras.src.models.", "keras.src.applications.")
RUNS_OR_READS = (
    *("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"),
    *("StringLookup", "IntegerLookup", "TextVectorization", "IndexLookup"),
)
"""Layers that run code from the file, or read other files by names that it holds."""

KINDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "name": (str, "text"),
    "classes": (list, "a list of names"),
    "data": (dict, "settings by name"),
    "fit_seconds": ((int, float), "a number of seconds"),
    "history": (list, "a list of epochs"),
    "summary": (dict, "values by name"),
}
"""The facts of a network: their types, and those in words."""


def read_network(path: Path) -> tuple[dict[str, Any], keras.Model]:
    """Return the facts and the model of the file `path`; settings, history and summary are typed.

    Raises:
        OSError, AttributeError, LookupError, TypeError, ValueError, ConfigError, BadZipFile: it is
            no whole file of a network; a layer of it would run code or read files, or facts and
            model do not fit.
    """
    with zipfile.ZipFile(path) as archive:
        foreign = sorted(set(archive.namelist()) - MEMBERS)
        if foreign:
            raise ValueError(f"it holds {foreign[0]!r}, which no network has")
        facts = _checked_facts(_read_json(archive, FACTS))
        for described in _objects(_read_json(archive, CONFIG)):
            _require_harmless(described)
        require_self_contained(BytesIO(archive.read(WEIGHTS)))
    model = load_model(path)
    _require_fit(facts, model)
    return facts, model


def load_model(path: Path) -> keras.Model:
    """The Keras model in `path`, no Python code of the file's run, whatever the process allows."""
    return keras.saving.load_model(path, compile=False, safe_mode=True)


def _read_json(archive: zipfile.ZipFile, name: str) -> Any:
    if name not in archive.namelist():
        raise ValueError(f"it has no {name}")
    size = archive.getinfo(name).file_size
    if size > MAX_CONFIG_BYTES:
        raise ValueError(f"its {name} has {size:,} bytes")
    try:
        return json.loads(archive.read(name))
    except RecursionError as error:
        raise ValueError(f"its {name} is nested too deeply") from error


def _checked_facts(facts: Any) -> dict[str, Any]:
    if not isinstance(facts, dict):
        raise ValueError(f"its {FACTS} is no object with names")
    for name, (kind, words) in KINDS.items():
        if name not in facts:
            raise ValueError(f"its {FACTS} has no {name!r}")
        if not isinstance(facts[name], kind) or isinstance(facts[name], bool):
            raise ValueError(f"{name!r} in its {FACTS} should be {words}")
    classes = facts["classes"]
    if not all(isinstance(name, str) and name for name in classes):
        raise ValueError(f"'classes' in its {FACTS} should be a list of names")
    if len(set(classes)) < len(classes):
        raise ValueError(f"'classes' in its {FACTS} names one of them twice")
    if not math.isfinite(facts["fit_seconds"]) or facts["fit_seconds"] < 0:
        raise ValueError(f"'fit_seconds' in its {FACTS} should be 0 or more")
    if not all(isinstance(epoch, dict) for epoch in facts["history"]):
        raise ValueError(f"'history' in its {FACTS} should be a list of epochs")
    conformity = facts.get("conformity")
    return facts | {
        "data": DataConfig(**facts["data"]),
        "history": list(map(EpochRecord.from_json, facts["history"])),
        "summary": TrainingSummary.from_json(facts["summary"]),
        "conformity": ConformityScores.from_json(conformity) if conformity else None,
    }


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every object that Keras would make of the configuration `value`, however deep it is."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "class_name" in value:
                yield value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _require_harmless(described: Mapping[str, Any]) -> None:
    """Raise `ValueError` unless `described` is of Keras' own parts, or of a class registered here.

    A registered class is the code of whoever loads the file, not of the file.
    """
    name, module = str(described["class_name"]), described.get("module")
    registered = described.get("registered_name")
    if name == "__keras_tensor__":
        return
    if isinstance(registered, str) and registered in keras.saving.get_custom_objects():
        return
    inner = isinstance(module, str) and module.startswith(INNER_MODULES)
    if name in RUNS_OR_READS or not (module in MODULES or inner):
        raise ValueError(
            f"its layers hold {name!r}, which may run code or read files, so it is not loaded"
        )


def _require_fit(facts: Mapping[str, Any], model: keras.Model) -> None:
    """Raise `ValueError` unless `model` is a classifier of images as the `facts` have it."""
    if not isinstance(model, keras.Model) or len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ValueError("its model has not one input and one output")
    shape, outputs, classes = model.input_shape, model.output_shape, len(facts["classes"])
    if len(shape) != 4 or shape[1] is None or shape[1] != shape[2] or shape[3] != 3:
        raise ValueError(f"its model takes arrays {shape}, not square RGB images")
    if len(outputs) != 2 or outputs[1] != classes:
        raise ValueError(f"its model gives arrays {outputs} for {classes} classes")
    image_size = facts["data"].image_size
    if image_size not in (None, shape[1]):
        raise ValueError(
            f"its model takes images of {shape[1]} pixels, its settings say {image_size}"
        )
