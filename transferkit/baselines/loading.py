"""A baseline read back from its file, which may hold nothing but what a baseline is made of."""

from __future__ import annotations

import json
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from transferkit.baselines.baseline import FACTS, Baseline
from transferkit.baselines.validation.requirements import StructureError, require
from transferkit.baselines.validation.structure import require_facts, require_structure
from transferkit.errors import RunError, brief

# What a baseline is made of beyond what skops trusts by itself; all of it is data, none runs code.
TRUSTED = (
    "transferkit.baselines.image_features.BackboneFeatures",
    "transferkit.baselines.image_features.ImageFeatures",
    "transferkit.baselines.rbf_svm.RBFSVM",
    "transferkit.baselines.temperature_scaling.TemperedClassifier",
    "transferkit.features.scaling.EvenScaler",
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
        *("transferkit.baselines.", "transferkit.features.scaling."),
    ),
    TREE: ("sklearn.tree._tree.Tree",),
}
"""How skops makes each part of a baseline, and how the names of the types so made start."""

LARGEST_SCHEMA = 2**28  # bytes; that of a forest of 300 trees has 5 MB


def load_baseline(path: str | Path) -> Baseline:
    """The baseline in the file `path`, which `Baseline.save` wrote.

    Raises:
        RunError: there is no such file, it is no baseline, or it holds what baselines do not:
            such a file is not loaded.
    """
    import skops.io  # half a second, for those who load

    try:
        content = Path(path).read_bytes()
        zipfile.ZipFile(BytesIO(content)).close()  # says so where it is none
        foreign = sorted(set(skops.io.get_untrusted_types(data=content)) - set(TRUSTED))
        if foreign:
            raise RunError(
                f"{str(path)!r} holds types that no baseline has, so it is not loaded: "
                f"{', '.join(foreign)}."
            )
        _require_known_nodes(content)
        kept = skops.io.loads(content, trusted=list(TRUSTED))
        facts = {name: kept[name] for name in FACTS}
        require_facts(facts)
        require_structure(facts["name"], kept["pipeline"], len(facts["classes"]))
        return Baseline(pipeline=kept["pipeline"], **facts)
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
    """Raise `StructureError` where skops would make something that no baseline has.

    skops trusts far more types than are needed here, and makes some of them in compiled code that
    believes what it is given: a tree that is said to have many outputs reads beyond its arrays.
    """
    with zipfile.ZipFile(BytesIO(content)) as archive:
        size = archive.getinfo("schema.json").file_size
        require(size <= LARGEST_SCHEMA, f"its schema.json has {size:,} bytes")
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
        right = all(each["__loader__"] == "JsonNode" and each["content"] == "1" for each in same)
        require(right and same, "a tree in it has several outputs")


def _nodes(value: Any) -> Iterator[Mapping[str, Any]]:
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "__loader__" in value:
                yield value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
