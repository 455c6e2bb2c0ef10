"""The classifiers of the table, made and tuned as a practitioner would: a small search each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from transferkit.baselines.gaussian import MOST_IMAGES, GaussianSVM, foretold
from transferkit.baselines.tempered import TemperedClassifier
from transferkit.data.folds import drawn_folds, make_folds, searching
from transferkit.progress import in_words, say
from transferkit.training.scaling import EvenScaler

TREES = 300


class Choice(NamedTuple):
    """An estimator, and the values of its parameters to choose from."""

    estimator: BaseEstimator
    grid: dict[str, list[Any]]


def majority(seed: int) -> Choice:
    """The shares of the classes, whatever the image: chance, for the others to beat."""
    return Choice(DummyClassifier(strategy="prior"), {})


def perceptron(seed: int) -> Choice:
    """One linear unit a class, learnt from its mistakes."""
    model = Perceptron(penalty="l2", max_iter=200, random_state=seed)
    return Choice(make_pipeline(EvenScaler(), model), {"perceptron__alpha": [1e-5, 1e-3]})


def logistic_regression(seed: int) -> Choice:
    """Softmax regression with an L2 penalty."""
    model = LogisticRegression(max_iter=300)
    grid = {"logisticregression__C": [1e-3, 1e-2, 1e-1]}
    return Choice(make_pipeline(EvenScaler(), model), grid)


def knn(seed: int) -> Choice:
    """The nearest images by cosine, each weighted by its nearness."""
    model = KNeighborsClassifier(weights="distance", algorithm="brute")
    grid = {"kneighborsclassifier__n_neighbors": [1, 5, 15]}
    return Choice(make_pipeline(Normalizer(), model), grid)


def decision_tree(seed: int) -> Choice:
    """A single tree, kept from growing to the last image."""
    model = DecisionTreeClassifier(random_state=seed)
    return Choice(model, {"min_samples_leaf": [1, 5, 20]})


def random_forest(seed: int) -> Choice:
    """Trees on draws of the images; there is little to tune in one (Probst et al., 2019)."""
    return Choice(RandomForestClassifier(TREES, random_state=seed, n_jobs=-1), {})


def extra_trees(seed: int) -> Choice:
    """Trees whose thresholds are drawn."""
    return Choice(ExtraTreesClassifier(TREES, random_state=seed, n_jobs=-1), {})


def gradient_boosting(seed: int) -> Choice:
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
    return Choice(model, {})


def linear_svm(seed: int) -> Choice:
    """A hyperplane a class, on images of unit length."""
    # The primal draws nothing: liblinear's dual draws from one source for all threads, so that two
    # fits in turn with one seed differ in the fifth digit.
    model = LinearSVC(dual=False, random_state=seed)
    return Choice(make_pipeline(Normalizer(), model), {"linearsvc__C": [0.1, 1.0, 10.0]})


def rbf_svm(seed: int) -> Choice:
    """Support vectors with a Gaussian kernel; the features share a scale, so none is changed."""
    return Choice(GaussianSVM(random_state=seed), {"C": [1.0, 10.0]})


MAKERS: dict[str, Callable[[int], Choice]] = {
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


def fit_classifier(
    name: str, values: np.ndarray, truth: np.ndarray, *, groups: Sequence[str], seed: int
) -> tuple[BaseEstimator, dict[str, Any]]:
    """The classifier `name`, tuned by cross-validation and fitted; and what was chosen.

    `values` is `(images, width)` float32 features, `truth` `(images,)` int64 class numbers: at
    least two of them, unless it is the majority. Images of one of the `groups` stay in one fold.
    """
    estimator, grid = MAKERS[name](seed)
    with searching():
        chosen = _search(Choice(estimator, grid), values, truth, groups, seed) if grid else {}
        estimator.set_params(**chosen)
        if hasattr(estimator, "predict_proba"):
            estimator.fit(values, truth)
        else:
            if name == rbf_svm.__name__ and len(values) > MOST_IMAGES:
                say(
                    f"{len(values):,} images are many for an RBF SVM: about "
                    f"{in_words(foretold(values, truth))}. With --baselines it can be left out."
                )
            folds = make_folds(truth, groups, seed)
            estimator = TemperedClassifier(estimator).fit(values, truth, folds)
    return estimator, {name.rpartition("__")[2]: value for name, value in chosen.items()}


def _search(
    choice: Choice, values: np.ndarray, truth: np.ndarray, groups: Sequence[str], seed: int
) -> dict[str, Any]:
    """The values of `choice.grid` with the best accuracy over the folds."""
    rows, folds = drawn_folds(truth, groups, seed)
    fewest = min(len(learn) for learn, _ in folds)
    grid = {
        # There are no more neighbours than images.
        key: [each for each in options if not key.endswith("n_neighbors") or each <= fewest]
        for key, options in choice.grid.items()
    }
    search = GridSearchCV(choice.estimator, grid, scoring="accuracy", cv=folds, refit=False)
    return dict(search.fit(values[rows], truth[rows]).best_params_)
