"""A classic read back from its file, which may hold nothing but what a classic is made of."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from transferkit.baselines.classic import FACTS, Classic
from transferkit.errors import RunError

# What a classic is made of beyond what skops trusts by itself; all of it is data, none runs code.
TRUSTED = (
    "transferkit.baselines.features.BackboneFeatures",
    "transferkit.baselines.features.ImageFeatures",
    "transferkit.baselines.gaussian.GaussianSVM",
    "transferkit.baselines.tempered.TemperedClassifier",
    "transferkit.training.scaling.EvenScaler",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
)


def load_baseline(path: str | Path) -> Classic:
    """The classic in the file `path`, which `Classic.save` wrote.

    Raises:
        RunError: there is no such file, it is no classic, or it holds a type that a classic does
            not have: such a file is not loaded.
    """
    import skops.io  # half a second, for those who load

    try:
        foreign = sorted(set(skops.io.get_untrusted_types(file=path)) - set(TRUSTED))
        if foreign:
            raise RunError(
                f"{str(path)!r} holds types that no baseline has, so it is not loaded: "
                f"{', '.join(foreign)}."
            )
        kept = skops.io.load(path, trusted=list(TRUSTED))
        check_trees(kept["pipeline"])
        return Classic(pipeline=kept["pipeline"], **{name: kept[name] for name in FACTS})
    except FileNotFoundError as error:
        raise RunError(
            f"There is no baseline in {str(path)!r}: "
            "`transferkit compare DIR --out RUN` makes them."
        ) from error
    except (
        OSError,
        LookupError,
        AttributeError,
        TypeError,
        ValueError,
        zipfile.BadZipFile,
    ) as error:
        raise RunError(
            f"{str(path)!r} is not a baseline that transferkit saved, or it is damaged: {error}."
        ) from error


def check_trees(pipeline: Pipeline) -> None:
    """Hold the trees of `pipeline` to their own bounds, which scikit-learn does not look at.

    A tree that points outside itself would end the process when it is asked, not raise.

    Raises:
        ValueError: one of them does.
    """
    classifier = pipeline[-1]
    for feature, left, right in _inner_nodes(classifier):
        nodes = np.arange(len(left))
        leaf = left < 0
        bounded = (nodes < left) & (left < len(nodes)) & (nodes < right) & (right < len(nodes))
        known = (feature >= 0) & (feature < classifier.n_features_in_)
        if not (leaf | (bounded & known)).all():
            raise ValueError("a tree in it points outside itself")


def _inner_nodes(classifier: Any) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Feature, left and right child of each node, a triple a tree; a leaf's left child is -1."""
    if hasattr(classifier, "_predictors"):  # gradient boosting: a tree a class and round
        boosted = [each.nodes for trees in classifier._predictors for each in trees]
        return [
            (
                each["feature_idx"],
                np.where(each["is_leaf"], -1, each["left"].astype(np.int64)),
                each["right"].astype(np.int64),
            )
            for each in boosted
        ]
    grown = getattr(classifier, "estimators_", [classifier])
    trees = [each.tree_ for each in grown if hasattr(each, "tree_")]
    return [(each.feature, each.children_left, each.children_right) for each in trees]
