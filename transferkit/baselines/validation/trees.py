"""Checks of trees, forests and boosted trees: their nodes must point to nodes that exist."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier
from sklearn.tree._tree import TREE_LEAF, Tree

from transferkit.baselines.validation.requirements import (
    MAX_VALUE,
    ROUNDING,
    require,
    require_array,
    require_number,
    require_values,
)


def require_tree(estimator: Any, width: int, classes: np.ndarray) -> None:
    require_number(estimator, "n_outputs_", low=1, high=1, whole=True)
    require_number(estimator, "n_classes_", low=len(classes), high=len(classes), whole=True)
    tree = vars(estimator).get("tree_")
    require(type(tree) is Tree, "a tree in it is none")
    assert isinstance(tree, Tree)
    # First of all: its arrays are as long as its claimed number of nodes.
    require(1 <= tree.node_count <= tree.capacity, "a tree in it has fewer nodes than it says")
    require(tree.n_outputs == 1, "a tree in it has several outputs")
    require(tree.n_features == width, "a tree in it is of other features")
    require(tree.max_n_classes == len(classes), "a tree in it is of other classes")
    require(tree.n_classes.tolist() == [len(classes)], "a tree in it is of other classes")
    _require_inside(
        tree.feature,
        tree.children_left.astype(np.int64),
        tree.children_right.astype(np.int64),
        tree.children_left == TREE_LEAF,
        width=width,
    )
    shares = tree.value
    right = (shares >= 0).all() and (abs(shares.sum(axis=2) - 1) < ROUNDING).all()
    require(right, "a tree in it has shares of classes that do not add up to 1")


def require_forest(estimator: Any, width: int, classes: np.ndarray) -> None:
    require_number(estimator, "n_outputs_", low=1, high=1, whole=True)
    require_number(estimator, "n_classes_", low=len(classes), high=len(classes), whole=True)
    kind = {"RandomForestClassifier": DecisionTreeClassifier}.get(
        type(estimator).__name__, ExtraTreeClassifier
    )
    trees = vars(estimator).get("estimators_")
    require(isinstance(trees, list) and trees, "its forest has no trees")
    assert isinstance(trees, list)
    for tree in trees:
        require(type(tree) is kind, "its forest holds something that is no tree of it")
        require_number(tree, "n_features_in_", low=width, high=width, whole=True)
        require_array(tree, "classes_", (len(classes),), kinds="iuf")
        require_tree(tree, width, classes)


def require_boosting(estimator: Any, width: int, classes: np.ndarray) -> None:
    trees = len(classes) if len(classes) > 2 else 1
    require_values(estimator, is_categorical_=None, _preprocessor=None)
    require_number(estimator, "_n_features", low=width, high=width, whole=True)
    require_number(estimator, "n_trees_per_iteration_", low=trees, high=trees, whole=True)
    require_array(estimator, "_baseline_prediction", (1, trees))
    loss = {1: "HalfBinomialLoss"}.get(trees, "HalfMultinomialLoss")
    require(type(vars(estimator).get("_loss")).__name__ == loss, "its loss is another one's")
    mapper = vars(estimator).get("_bin_mapper")
    require(type(mapper).__name__ == "_BinMapper", "its features are in no bins")
    require_array(mapper, "is_categorical_", (width,), kinds="u", low=0, high=0)
    rounds = vars(estimator).get("_predictors")
    require(isinstance(rounds, list) and rounds, "it has no trees")
    assert isinstance(rounds, list)
    for grown in rounds:
        require(isinstance(grown, list) and len(grown) == trees, "it lacks a tree of a class")
        for tree in grown:
            require(type(tree).__name__ == "TreePredictor", "a tree in it is none")
            _boosted(tree, width)


def _boosted(tree: Any, width: int) -> None:
    nodes = vars(tree).get("nodes")
    kind = type(nodes) is np.ndarray and nodes.dtype == PREDICTOR_RECORD_DTYPE and nodes.ndim == 1
    require(kind and len(nodes), "a tree in it has no nodes")
    assert isinstance(nodes, np.ndarray)
    require(not nodes["is_categorical"].any(), "a tree in it asks for categories")
    require(
        (abs(nodes["value"]) <= MAX_VALUE).all(), "a tree in it has numbers that it cannot have"
    )
    left, right = nodes["left"].astype(np.int64), nodes["right"].astype(np.int64)
    _require_inside(nodes["feature_idx"], left, right, nodes["is_leaf"] != 0, width=width)


def _require_inside(
    feature: np.ndarray, left: np.ndarray, right: np.ndarray, leaf: np.ndarray, *, width: int
) -> None:
    """Raise `StructureError` where a node's children are not below it, or a feature is unknown."""
    indices = np.arange(len(left))
    bounded = (indices < left) & (left < len(left)) & (indices < right) & (right < len(left))
    known = (feature >= 0) & (feature < width)
    require((leaf | (bounded & known)).all(), "a tree in it points outside itself")
