"""The classifiers of the catalog, tuned as a practitioner would: by a small grid search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from transferkit.baselines.rbf_svm import MAX_IMAGES, RBFSVM, estimated_seconds
from transferkit.baselines.temperature_scaling import TemperedClassifier, takes_weights
from transferkit.baselines.tuning import TunedEstimator, tune
from transferkit.data.folds import parallel_search
from transferkit.features.linear_probe import C_VALUES, MAX_STEPS, FlooredScaler
from transferkit.runtime.progress import in_words, log

TREES = 300
TREES_SEARCHED = 50  # while the size of leaves and the temperature are chosen
MAX_GINI_CLASSES = 20  # of more classes, trees grow by entropy


def majority(seed: int) -> TunedEstimator:
    """The shares of the classes, whatever the image: the chance level."""
    return TunedEstimator(DummyClassifier(strategy="prior"), {})


def perceptron(seed: int) -> TunedEstimator:
    """One linear unit per class, corrected by its mistakes (Rosenblatt)."""
    model = Perceptron(penalty="l2", max_iter=200, random_state=seed)
    grid = {"perceptron__alpha": [1e-6, 1e-5, 1e-4, 1e-3, 1e-2]}
    return TunedEstimator(make_pipeline(FlooredScaler(), model), grid)


def logistic_regression(seed: int) -> TunedEstimator:
    """Softmax regression with an L2 penalty, searched and judged as the network's linear head."""
    return TunedEstimator(
        make_pipeline(FlooredScaler(), LogisticRegression(max_iter=MAX_STEPS)),
        {"logisticregression__C": list(C_VALUES)},
        lighter={"logisticregression__warm_start": True},
        together=True,
        likelihood=True,
    )


def knn(seed: int) -> TunedEstimator:
    """Nearest neighbours by cosine similarity, weighted by distance."""
    model = KNeighborsClassifier(weights="distance", algorithm="brute")
    grid = {"kneighborsclassifier__n_neighbors": [1, 3, 5, 9, 15, 31]}
    return TunedEstimator(make_pipeline(Normalizer(), model), grid)


def decision_tree(seed: int) -> TunedEstimator:
    """A single tree, with a minimum size of its leaves."""
    model = DecisionTreeClassifier(random_state=seed)
    return TunedEstimator(model, {"min_samples_leaf": [1, 2, 5, 10, 20]})


def random_forest(seed: int) -> TunedEstimator:
    """Trees on bootstrap samples; there is little to tune in one (Probst et al., 2019)."""
    return _forest(RandomForestClassifier(TREES, random_state=seed, n_jobs=-1))


def extra_trees(seed: int) -> TunedEstimator:
    """Trees with random thresholds."""
    return _forest(ExtraTreesClassifier(TREES, random_state=seed, n_jobs=-1))


def _forest(model: BaseEstimator) -> TunedEstimator:
    # Class weights act in leaves of several images: a leaf of one image is its class's, whatever
    # the weight. Without weights the search gained too little.
    return TunedEstimator(
        model,
        {"min_samples_leaf": [1, 3, 10]},
        lighter={"n_estimators": TREES_SEARCHED},
        only_weighed=True,
    )


def gradient_boosting(seed: int) -> TunedEstimator:
    """Trees that correct one another; a tenth of the features at each split, since there are many.

    Early stopping is off: its own split fails for a class with one image. A leaf has 5 images or
    more: of scikit-learn's 20, a tree of fewer than 40 images has but one leaf, and answers chance.
    """
    model = HistGradientBoostingClassifier(
        max_iter=100,
        max_features=0.1,
        min_samples_leaf=5,
        early_stopping=False,
        random_state=seed,
    )
    return TunedEstimator(model, {})


def linear_svm(seed: int) -> TunedEstimator:
    """One hyperplane per class, on features of unit length."""
    # The primal draws nothing: liblinear's dual draws from one source for all threads, so that two
    # fits in turn with one seed differ in the fifth digit.
    model = LinearSVC(dual=False, random_state=seed)
    return TunedEstimator(
        make_pipeline(Normalizer(), model), {"linearsvc__C": [0.01, 0.1, 1.0, 10.0, 100.0]}
    )


def rbf_svm(seed: int) -> TunedEstimator:
    """SVM with a Gaussian kernel; the features share one scale, so they are not scaled."""
    return TunedEstimator(RBFSVM(random_state=seed), {"C": [0.1, 1.0, 10.0, 100.0]})


MAKERS: dict[str, Callable[[int], TunedEstimator]] = {
    maker.__name__: maker
    for maker in (
        majority,
        perceptron,
        logistic_regression,
        knn,
        decision_tree,
        random_forest,
        extra_trees,
        gradient_boosting,
        linear_svm,
        rbf_svm,
    )
}


def tune_and_fit(
    name: str,
    values: np.ndarray,
    labels: np.ndarray,
    *,
    groups: Sequence[str],
    seed: int,
    weights: np.ndarray | None = None,
) -> tuple[BaseEstimator, dict[str, Any]]:
    """Return the classifier `name`, tuned by cross-validation and fitted, and its parameters.

    `values` is `(images, width)` float32 features, `labels` `(images,)` int64 class indices: at
    least two of them, unless it is the majority. Images of one of the `groups` stay in one fold.
    `weights` `(images,)` weigh the images, where the classifier `can_weigh` them.
    """
    choice = MAKERS[name](seed)
    _grow_by_entropy(choice.estimator, len(np.unique(labels)))
    with parallel_search():
        if name == majority.__name__:  # nothing to search, and calibrated by itself
            return choice.estimator.fit(values, labels), {}
        tuned = tune(choice, values, labels, weights, groups, seed)
        if name == rbf_svm.__name__ and len(values) > MAX_IMAGES:
            log(
                f"{len(values):,} images are many for an RBF SVM: about "
                f"{in_words(estimated_seconds(values, labels))}. --baselines can leave it out."
            )
        estimator = choice.estimator.set_params(**tuned.parameters)
        fitted = TemperedClassifier(estimator, tuned.temperature).fit(values, labels, weights)
    return fitted, {key.rpartition("__")[2]: value for key, value in tuned.parameters.items()}


def can_weigh(name: str) -> bool:
    """Whether the classifier `name` takes sample weights.

    The majority outputs how often each class occurs, and would not with weights.
    """
    return name != majority.__name__ and takes_weights(MAKERS[name](0).estimator)


def _grow_by_entropy(estimator: BaseEstimator, classes: int) -> None:
    """Let trees of many classes grow by entropy: by Gini's index each split cuts off one class.

    With 171 classes of two images, 20 such trees were 134 levels deep, took 2.0 s and were right
    on 34 % of others; by entropy they were 9 deep, took 0.8 s and were right on all.
    """
    if classes > MAX_GINI_CLASSES and "criterion" in estimator.get_params():
        estimator.set_params(criterion="entropy")
