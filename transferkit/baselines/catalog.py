"""Catalog of baselines: classifiers and features; facts only, nothing heavy.

A baseline is a classifier on features, and its name is the two: `random_forest_hog`. The baseline
that looks at no image is called `majority`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from difflib import get_close_matches

from transferkit.backbones.resolve import is_pretrained
from transferkit.config.settings import Config
from transferkit.errors import ConfigError, unknown_name


@dataclasses.dataclass(frozen=True)
class ClassifierSpec:
    """One kind of classifier; `paper` is where it comes from."""

    name: str
    title: str
    paper: str


@dataclasses.dataclass(frozen=True)
class FeaturesSpec:
    """One kind of features; `image_size` is the side that images are decoded to, in pixels.

    The backbone's image size is the network's own, so its spec has none.
    """

    name: str
    title: str
    image_size: int | None
    paper: str


@dataclasses.dataclass(frozen=True)
class BaselineSpec:
    """A classifier on features; `majority` has no features."""

    name: str
    classifier: ClassifierSpec
    features: FeaturesSpec | None

    @property
    def title(self) -> str:
        """The name for reports: `random forest on HOG`."""
        if self.features is None:
            return self.classifier.title
        return f"{self.classifier.title} on {self.features.title}"


# A name in `CLASSIFIERS` is that of a function in `classifiers.MAKERS`. The types in what it makes
# have their checks in `validation.estimators.CHECKS`; skops loads them by `baseline.LOADERS` and
# `baseline.TRUSTED`. A name in `FEATURES`, but for the backbone, is in `extractors.EXTRACTORS`.
MAJORITY = ClassifierSpec("majority", "always the largest class", "")
CLASSIFIERS = (
    ClassifierSpec("perceptron", "perceptron", "Rosenblatt, 1958"),
    ClassifierSpec("logistic_regression", "logistic regression", "Cox, 1958"),
    ClassifierSpec("knn", "nearest neighbours", "Cover and Hart, 1967"),
    ClassifierSpec("decision_tree", "decision tree", "Breiman et al., 1984"),
    ClassifierSpec("random_forest", "random forest", "Breiman, 2001"),
    ClassifierSpec("extra_trees", "extremely randomised trees", "Geurts et al., 2006"),
    ClassifierSpec("gradient_boosting", "gradient boosting", "Friedman, 2001; Ke et al., 2017"),
    ClassifierSpec("linear_svm", "linear SVM", "Cortes and Vapnik, 1995; Fan et al., 2008"),
    ClassifierSpec("rbf_svm", "SVM with an RBF kernel", "Boser et al., 1992; Chang and Lin, 2011"),
)
FEATURES = (
    FeaturesSpec("pixels", "pixels", 32, ""),
    FeaturesSpec("colour", "colour histogram", 128, "Swain and Ballard, 1991"),
    FeaturesSpec("hog", "HOG", 128, "Dalal and Triggs, 2005"),
    FeaturesSpec("hog_colour", "HOG and colour histogram", 128, "Bosch et al., 2007"),
    FeaturesSpec("backbone", "the frozen backbone's features", None, "Donahue et al., 2014"),
)
BASELINES = (
    BaselineSpec(MAJORITY.name, MAJORITY, None),
    *(
        BaselineSpec(f"{classifier.name}_{features.name}", classifier, features)
        for features in FEATURES
        for classifier in CLASSIFIERS
    ),
)
# What matters and is quick: chance, the plain baseline, the strong baseline, the strongest rival.
DEFAULT_BASELINES = (
    "majority",
    "random_forest_pixels",
    "rbf_svm_hog_colour",
    "logistic_regression_backbone",
)
COMMAND = "transferkit baselines"  # lists them


def find_baseline(name: str) -> BaselineSpec:
    """Return the spec of the baseline `name`.

    Raises:
        ConfigError: there is none; the sentence has the nearest name.
    """
    for baseline in BASELINES:
        if baseline.name == name:
            return baseline
    names = [baseline.name for baseline in BASELINES]
    if get_close_matches(str(name), names, n=1, cutoff=0.6):
        raise unknown_name("baseline", name, names, see=COMMAND)
    raise ConfigError(
        f"No baseline is called {name!r}: a name is majority, or a classifier and its features, "
        f"such as random_forest_hog. `{COMMAND}` lists them."
    )


def suitable_baselines(config: Config, names: Sequence[str] = DEFAULT_BASELINES) -> list[str]:
    """Return `names` without those on the backbone's features, where its weights are random.

    Raises:
        ConfigError: no baseline, or no backbone, is called so.
    """
    pretrained = is_pretrained(config.model)
    rows = [find_baseline(name) for name in names]
    return [
        row.name
        for row in rows
        if pretrained or row.features is None or row.features.name != "backbone"
    ]
