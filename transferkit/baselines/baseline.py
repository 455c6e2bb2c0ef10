"""A fitted baseline: a scikit-learn pipeline with its class names, saved without pickle."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import numpy as np
from sklearn.pipeline import Pipeline

from transferkit.baselines.image_transformer import ImageTransformer
from transferkit.baselines.validation.requirements import StructureError, require
from transferkit.baselines.validation.structure import require_facts, require_structure
from transferkit.config.settings import DataConfig
from transferkit.data.decoding.in_memory import ImageSource, as_paths
from transferkit.errors import RunError, brief
from transferkit.evaluation.results import Prediction
from transferkit.evaluation.summary import BaselineSummary, EpochRecord
from transferkit.storage.files import written_atomically

# Types in a baseline beside those that skops trusts by itself; all of them are data, not code.
TRUSTED = (
    "transferkit.baselines.backbone_features.BackboneFeatures",
    "transferkit.baselines.image_features.ImageFeatures",
    "transferkit.baselines.rbf_svm.RBFSVM",
    "transferkit.baselines.temperature_scaling.TemperedClassifier",
    "transferkit.features.linear_probe.FlooredScaler",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
)
TREE = "TreeNode"
LOADERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("DictNode", "JsonNode", "ListNode", "TupleNode"), ("builtins.",)),
    "TypeNode": ("builtins.",),
    "NdArrayNode": ("numpy.",),
    "RandomGeneratorNode": ("numpy.random.",),
    "LossNode": ("sklearn._loss._loss.", "sklearn.linear_model._sgd_fast."),
    "ObjectNode": (
        *("sklearn._loss.", "sklearn.dummy.", "sklearn.ensemble.", "sklearn.pipeline."),
        *("sklearn.linear_model._logistic.", "sklearn.linear_model._perceptron."),
        *("sklearn.neighbors._classification.", "sklearn.preprocessing._data."),
        *("sklearn.preprocessing._label.", "sklearn.svm._classes.", "sklearn.tree._classes."),
        *("transferkit.baselines.", "transferkit.features.linear_probe.FlooredScaler"),
    ),
    TREE: ("sklearn.tree._tree.Tree",),
}
"""The loaders of skops that a baseline needs, and the prefixes of the types that each may make."""
MAX_SCHEMA = 2**28  # bytes; that of a forest of 300 trees has 5 MB

FOLDER = "baselines"  # in a run folder
FACTS = ("name", "classes", "fit_seconds", "summary")  # kept in the file beside the pipeline


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Baseline:
    """A classifier that is a scikit-learn pipeline; `pipeline` can be used without the rest.

    Attributes:
        pipeline: takes images; its own classes are indices of `classes`.
        classes: names, in the order of the probabilities.
        fit_seconds: wall time of the search and the fit, reading the images included.
        summary: the title, what was chosen, how many images and features there were.
    """

    name: str
    pipeline: Pipeline
    classes: tuple[str, ...]
    fit_seconds: float = 0.0
    summary: BaselineSummary = BaselineSummary()
    history: tuple[EpochRecord, ...] = ()
    kind: Literal["network", "baseline"] = "baseline"

    def probabilities(self, images: Sequence[ImageSource]) -> np.ndarray:
        """Return `(images, classes)` float32, in order.

        Each of `images` is the path of a file, the bytes of one, a PIL image or an array
        `(height, width, 3)` uint8 RGB. A class that had no training image has the probability 0.

        Raises:
            DataError: one of them cannot be read.
            RunError: the classifier was fitted on other features than its pipeline reads.
        """
        return self.predict_with_cost(images).probabilities

    def predict_with_cost(self, images: Sequence[ImageSource]) -> Prediction:
        """Return the probabilities, and what computing those features took that were cached.

        Raises:
            DataError, RunError: as `probabilities`.
        """
        values: Any = as_paths(images) or list(images)
        probabilities = np.zeros((len(images), len(self.classes)), np.float32)
        if not values:
            return Prediction(probabilities)
        features, steps, cached_seconds = self.pipeline[0], self.pipeline, 0.0
        if isinstance(features, ImageTransformer):
            batch = features.load(values)
            values, cached_seconds, steps = batch.values, batch.cached_seconds, steps[1:]
        try:
            probabilities[:, self.pipeline.classes_] = steps.predict_proba(values)
        except ValueError as error:
            raise RunError(
                f"The baseline {self.name!r} does not fit the features that it reads "
                f"({brief(error)}): fit it anew."
            ) from error
        return Prediction(probabilities, cached_seconds)

    @property
    def data(self) -> DataConfig:
        """The settings that it decodes images by."""
        first = self.pipeline[0]
        return first.data if isinstance(first, ImageTransformer) else DataConfig()

    @cached_property
    def content(self) -> bytes:
        """The content of the file that `save` writes: no pickle, so that loading runs no code."""
        import skops.io  # half a second, for those who save

        facts = {name: getattr(self, name) for name in FACTS} | {"summary": self.summary.to_json()}
        return skops.io.dumps(
            {"pipeline": self.pipeline, **facts}, compression=zipfile.ZIP_DEFLATED, compresslevel=1
        )

    @property
    def megabytes(self) -> float:
        """Megabytes on disk, with the weights of the backbone that it reads with."""
        beside = getattr(self.pipeline[0], "megabytes_beside", 0.0)
        return len(self.content) / 1e6 + beside

    def save(self, folder: str | Path) -> None:
        """Write `folder/baselines/NAME.skops`, whole or not at all."""
        with written_atomically(Path(folder) / FOLDER / f"{self.name}.skops") as temporary:
            temporary.write_bytes(self.content)

    def __repr__(self) -> str:
        return (
            f"<Baseline {self.name}: {len(self.classes)} classes, {self.summary.features_width:,} "
            f"features, fitted in {self.fit_seconds:.0f} s>"
        )

    def _repr_html_(self) -> str:
        return self.summary.to_html(repr(self))


def load_baseline(path: str | Path) -> Baseline:
    """Load the baseline in the file `path`, which `Baseline.save` wrote.

    Raises:
        RunError: there is no such file, it is no baseline, or it holds types that baselines do
            not have: such a file is not loaded.
    """
    import skops.io  # half a second, for those who load

    try:
        content = Path(path).read_bytes()
        zipfile.ZipFile(BytesIO(content)).close()  # raises an error where it is none
        foreign = sorted(set(skops.io.get_untrusted_types(data=content)) - set(TRUSTED))
        if foreign:
            raise RunError(
                f"{str(path)!r} holds types that no baseline has, so it is not loaded: "
                f"{', '.join(foreign)}."
            )
        _require_known_nodes(content)
        parts = skops.io.loads(content, trusted=list(TRUSTED))
        facts = {name: parts[name] for name in FACTS}
        require_facts(facts)
        require_structure(facts["name"], parts["pipeline"], len(facts["classes"]))
        facts["summary"] = BaselineSummary.from_json(facts["summary"])
        return Baseline(pipeline=parts["pipeline"], **facts)
    except FileNotFoundError as error:
        raise RunError(
            f"There is no baseline in {str(path)!r}: "
            "`transferkit compare DIR --out RUN` makes them."
        ) from error
    except RunError:
        raise
    except Exception as error:  # skops and scikit-learn raise nearly anything of a changed file
        raise RunError(
            f"{str(path)!r} is not a baseline that transferkit saved, or it is damaged: "
            f"{brief(error)}."
        ) from error


def _require_known_nodes(content: bytes) -> None:
    """Raise `StructureError` where skops would make an object that no baseline has.

    skops trusts far more types than are needed here, and makes some of them in compiled code that
    checks nothing: a tree that claims to have many outputs reads beyond its arrays.
    """
    with zipfile.ZipFile(BytesIO(content)) as archive:
        size = archive.getinfo("schema.json").file_size
        require(size <= MAX_SCHEMA, f"its schema.json has {size:,} bytes")
        schema = json.loads(archive.read("schema.json"))
    by_identity: dict[Any, list[Any]] = defaultdict(list)
    outputs = []
    for node in _nodes(schema):
        loader, kind = node["__loader__"], f"{node.get('__module__')}.{node.get('__class__')}"
        known = isinstance(loader, str) and loader in LOADERS
        if not known or not kind.startswith(LOADERS[loader]):
            raise StructureError(f"it holds a {kind!s:.80} made by {loader!s:.40}")
        by_identity[str(node.get("__id__"))].append(node)
        if loader == TREE:
            outputs.append(node["__reduce__"]["args"]["content"][2])
    for node in outputs:
        # skops takes the first node of an identity for all of them.
        same = by_identity[str(node.get("__id__"))]
        right = all(twin["__loader__"] == "JsonNode" and twin["content"] == "1" for twin in same)
        require(right and same, "a tree in it has several outputs")


def _nodes(value: Any) -> Iterator[Mapping[str, Any]]:
    pending = [value]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if "__loader__" in value:
                yield value
            pending += value.values()
        elif isinstance(value, list):
            pending += value
