"""Files of baselines with something changed in them; run as a script, since one may end a process.

    python changed_files.py CLASSES CHANGES

Prints for each classifier how many of so many changed files were refused. One that is loaded has
to answer with probabilities; anything else is a traceback.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from transferkit.baselines.baseline import Baseline, load_baseline
from transferkit.baselines.classifiers import MAKERS
from transferkit.baselines.image_features import ImageFeatures
from transferkit.baselines.temperature_scaling import TemperedClassifier
from transferkit.errors import RunError

IMAGES, WIDTH = 40, 5
VALUES = np.random.default_rng(0).normal(size=(IMAGES, WIDTH)).astype(np.float32)
SMALL = {"n_estimators": 2, "max_iter": 2}  # of forests and of boosting, to be quick
ODD = (-1, -2, 0, 1, 2, 7, 10**6, 2**31 - 1, -(2**31), float("nan"), float("inf"), 1e300)
CONTENTS = ("0", "1", "-1", "2", "1000000000", "NaN", "null", "true", '"text"', "[]", "1e300", "{}")


def fitted(name: str, classes: int = 3) -> Baseline:
    """The baseline of the classifier `name`, small, of so many classes."""
    truth = np.arange(IMAGES) % classes
    estimator = MAKERS[name](0).estimator
    if name in ("random_forest", "extra_trees", "gradient_boosting"):
        known = estimator.get_params()
        estimator.set_params(**{key: value for key, value in SMALL.items() if key in known})
    if name != "majority":
        estimator = TemperedClassifier(estimator, temperature=2.0)
    estimator.fit(VALUES, truth)
    steps = [] if name == "majority" else [("features", ImageFeatures("hog"))]
    return Baseline(
        name if name == "majority" else f"{name}_hog",
        Pipeline([*steps, ("classifier", estimator)]),
        ("a", "b", "c", "d")[:classes],
    )


def members_of(content: bytes) -> dict[str, bytes]:
    """The members of an archive, by name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archive_of(members: dict[str, bytes]) -> bytes:
    """An archive with these members."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return content.getvalue()


def changed(members: dict[str, bytes], generator: np.random.Generator) -> dict[str, bytes]:
    """`members` with one array or one value of the schema changed."""
    arrays = [name for name in members if name.endswith(".npy")]
    if arrays and generator.random() < 0.5:
        name = arrays[generator.integers(len(arrays))]
        return members | {name: _changed_array(members[name], generator)}
    schema = json.loads(members["schema.json"])
    _change_schema(schema, generator)
    return members | {"schema.json": json.dumps(schema).encode()}


def _changed_array(content: bytes, generator: np.random.Generator) -> bytes:
    values = np.load(io.BytesIO(content)).copy()
    kind = generator.integers(5)
    if kind == 0 and values.ndim:
        values = values[:-1] if generator.random() < 0.5 else np.concatenate([values, values])
    elif kind == 1:
        values = (
            values.astype("f4" if values.dtype.kind in "iu" else "i8", casting="unsafe")
            if (values.dtype.names is None)
            else values[:0]
        )
    elif kind == 2:
        values = np.expand_dims(values, 0)
    elif values.size:
        position = generator.integers(values.size)
        odd = ODD[generator.integers(len(ODD))]
        flat = values.reshape(-1)
        field = flat
        if values.dtype.names is not None:
            field = flat[values.dtype.names[generator.integers(len(values.dtype.names))]]
        if field.dtype.kind in "iu":
            low, high = _bounds(field.dtype)
            odd = max(low, min(high, int(np.nan_to_num(odd))))
        field[position] = odd
        values = flat.reshape(values.shape)
    target = io.BytesIO()
    np.save(target, values, allow_pickle=False)
    return target.getvalue()


def _bounds(kind: np.dtype) -> tuple[int, int]:
    return int(np.iinfo(kind).min), int(np.iinfo(kind).max)


def nodes_of(value: Any) -> Iterator[dict[str, Any]]:
    """Every node of skops' schema."""
    if isinstance(value, dict):
        if "__loader__" in value:
            yield value
        for inner in value.values():
            yield from nodes_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from nodes_of(inner)


def _change_schema(schema: Any, generator: np.random.Generator) -> None:
    every = list(nodes_of(schema))
    single = [node for node in every if node["__loader__"] == "JsonNode"]
    files = [node for node in every if "file" in node]
    kind = generator.integers(4)
    if kind == 0 and len(files) > 1:
        one, other = generator.choice(len(files), 2, replace=False)
        files[one]["file"], files[one]["__id__"] = files[other]["file"], 1
    elif kind == 1:
        groups = [node for node in every if isinstance(node.get("content"), (dict, list))]
        content = groups[generator.integers(len(groups))]["content"]
        if content and isinstance(content, list):
            content.pop(generator.integers(len(content)))
        elif content:
            del content[list(content)[generator.integers(len(content))]]
    elif kind == 2:
        one, other = generator.choice(len(every), 2, replace=False)
        every[one]["__class__"] = every[other]["__class__"]
        every[one]["__module__"] = every[other]["__module__"]
        every[one]["__loader__"] = every[other]["__loader__"]
    else:
        node = single[generator.integers(len(single))]
        node["content"] = CONTENTS[generator.integers(len(CONTENTS))]
        node["__id__"] = 2


def count_refused(name: str, classes: int, changes: int) -> int:
    """Change the file of a baseline `changes` times, load each, and count those refused."""
    members, refused = members_of(fitted(name, classes).content), 0
    generator = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "changed.skops"
        for _ in range(changes):
            path.write_bytes(archive_of(changed(members, generator)))
            try:
                classifier = load_baseline(path).pipeline[-1]
            except RunError as error:  # one line
                refused += "\n" not in str(error)
                continue
            width = 0 if name == "majority" else WIDTH
            for values in (VALUES[:, :width], 100 * VALUES[:, :width]):
                answers = classifier.predict_proba(values)
                assert answers.shape == (IMAGES, classes), answers.shape
                assert np.isfinite(answers).all()
    return refused


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for classifier_name in MAKERS:
        print(classifier_name, count_refused(classifier_name, *map(int, sys.argv[1:])))
