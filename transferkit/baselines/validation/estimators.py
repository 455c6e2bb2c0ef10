"""Checks of the arrays of a fitted scikit-learn estimator, whose compiled code checks nothing.

scikit-learn checks shapes and indices in `fit`, not in `predict`: an estimator that points outside
its own arrays ends the process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from transferkit.baselines.rbf_svm import MAX_IMAGES, RBFSVM
from transferkit.baselines.validation.requirements import (
    MIN_DIVISOR,
    ROUNDING,
    require,
    require_array,
    require_number,
    require_values,
)
from transferkit.baselines.validation.trees import require_boosting, require_forest, require_tree


def require_bounds(estimator: Any, width: int, classes: np.ndarray) -> None:
    """Raise `StructureError` unless the fitted `estimator` can predict from `width` features.

    `classes` are the indices of its classes, `(classes,)`.
    """
    CHECKS[type(estimator).__name__](estimator, width, classes)


def _prior(estimator: Any, width: int, classes: np.ndarray) -> None:
    require_values(estimator, strategy="prior", _strategy="prior", sparse_output_=False)
    require_number(estimator, "n_outputs_", low=1, high=1, whole=True)
    require_number(estimator, "n_classes_", low=len(classes), high=len(classes), whole=True)
    shares = require_array(estimator, "class_prior_", (len(classes),), low=0, high=1)
    require(abs(shares.sum() - 1) < ROUNDING, "the shares of its classes do not add up to 1")


def _scaler(estimator: Any, width: int, classes: np.ndarray) -> None:
    require_array(estimator, "mean_", (width,))
    require_array(estimator, "var_", (width,), low=0)
    require_array(estimator, "scale_", (width,), low=MIN_DIVISOR)


def _normalizer(estimator: Any, width: int, classes: np.ndarray) -> None:
    require_values(estimator, norm="l2")


def _linear(estimator: Any, width: int, classes: np.ndarray) -> None:
    rows = len(classes) if len(classes) > 2 else 1
    require_array(estimator, "coef_", (rows, width))
    require_array(estimator, "intercept_", (rows,))


def _neighbours(estimator: Any, width: int, classes: np.ndarray) -> None:
    require_values(
        estimator,
        **{"weights": "distance", "algorithm": "brute", "_fit_method": "brute", "p": 2},
        **{"metric": "minkowski", "effective_metric_": "euclidean", "metric_params": None},
        **{"effective_metric_params_": {}, "outputs_2d_": False, "_tree": None},
    )
    images = len(require_array(estimator, "_fit_X", (None, width)))
    require_array(estimator, "_y", (images,), kinds="i", low=0, high=len(classes) - 1)
    require_number(estimator, "n_samples_fit_", low=images, high=images, whole=True)
    require_number(estimator, "n_neighbors", low=1, high=images, whole=True)


def _gaussian(estimator: RBFSVM, width: int, classes: np.ndarray) -> None:
    require_number(estimator, "gamma_", low=0)
    machine = vars(estimator).get("machine_")
    require(type(machine).__name__ == "SVC", "its machine is none")
    require_array(machine, "classes_", (len(classes),), kinds="i")
    fitted = vars(machine).get("shape_fit_")
    right = isinstance(fitted, tuple) and [type(axis) for axis in fitted] == [int, int]
    require(right, "its machine does not say what it was fitted on")
    images, columns = fitted  # type: ignore[misc]
    support = require_array(machine, "support_", (None,), kinds="i", low=0, high=images - 1)
    kernel = vars(machine).get("kernel")
    if kernel == "precomputed":
        require(columns == images <= MAX_IMAGES, "its kernel is not square, or too large")
        require_array(estimator, "vectors_", (len(support), width))
        require_array(machine, "support_vectors_", (0, 0))
    else:
        require(kernel == "rbf" and columns == width, "its machine has another kernel")
        require_array(machine, "support_vectors_", (len(support), width))
    _machine(machine, len(support), len(classes))


def _machine(machine: Any, vectors: int, classes: int) -> None:
    """Raise `StructureError` unless libsvm's arrays in `machine` are of so many vectors."""
    require_values(
        machine,
        **{"_sparse": False, "decision_function_shape": "ovr", "break_ties": False},
        **{"_effective_probability": False} if "_effective_probability" in vars(machine) else {},
    )
    counts = require_array(machine, "_n_support", (classes,), kinds="i", low=0, high=vectors)
    require(counts.sum() == vectors, "its machine counts other support vectors than it has")
    pairs = classes * (classes - 1) // 2
    for name in ("dual_coef_", "_dual_coef_"):
        require_array(machine, name, (classes - 1, vectors))
    for name in ("intercept_", "_intercept_"):
        require_array(machine, name, (pairs,))
    for name in ("_probA", "_probB"):  # by Platt's sigmoids, which no baseline has
        require_array(machine, name, (0,))
    require_array(machine, "class_weight_", (classes,), low=0)
    require_number(machine, "_gamma", low=0)


CHECKS: dict[str, Callable[[Any, int, np.ndarray], None]] = {
    "DummyClassifier": _prior,
    "FlooredScaler": _scaler,
    "Normalizer": _normalizer,
    "Perceptron": _linear,
    "LogisticRegression": _linear,
    "LinearSVC": _linear,
    "KNeighborsClassifier": _neighbours,
    "DecisionTreeClassifier": require_tree,
    "RandomForestClassifier": require_forest,
    "ExtraTreesClassifier": require_forest,
    "HistGradientBoostingClassifier": require_boosting,
    "RBFSVM": _gaussian,
}
"""Checks of a fitted estimator, by the name of its type."""
