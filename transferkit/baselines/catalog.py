"""The baselines as a table: which classifiers, on which features; facts only, nothing heavy.

A baseline is a classifier on features, and its name is the two: `random_forest_hog`. The one that
looks at no image is called `majority`.
"""

from __future__ import annotations

import dataclasses
from difflib import get_close_matches

from transferkit.errors import ConfigError, unknown_name


@dataclasses.dataclass(frozen=True)
class ClassifierSpec:
    """One kind of classifier; `paper` is where it comes from."""

    name: str
    title: str
    paper: str


@dataclasses.dataclass(frozen=True)
class FeaturesSpec:
    """One way from pixels to numbers; `image_size` is what the images are decoded to, in pixels.

    The backbone's side is the network's own, so its row has none.
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
        """What it is, as a report says it."""
        if self.features is None:
            return self.classifier.title
        return f"{self.classifier.title} on {self.features.title}"


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
    """The baseline that is called `name`.

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
