"""The table of the baselines, and how a name finds its row."""

from __future__ import annotations

import subprocess
import sys

import pytest

from transferkit.baselines.catalog import (
    BASELINES,
    CLASSIFIERS,
    DEFAULT_BASELINES,
    FEATURES,
    find_baseline,
)
from transferkit.errors import ConfigError


def test_there_is_a_baseline_for_each_classifier_on_each_feature_and_the_majority() -> None:
    names = {baseline.name for baseline in BASELINES}
    assert len(names) == len(BASELINES) == len(CLASSIFIERS) * len(FEATURES) + 1


@pytest.mark.parametrize(
    ("name", "classifier", "features"),
    [
        ("random_forest_hog", "random_forest", "hog"),
        ("linear_svm_hog_colour", "linear_svm", "hog_colour"),
        ("logistic_regression_backbone", "logistic_regression", "backbone"),
    ],
)
def test_a_name_is_a_classifier_and_its_features(name: str, classifier: str, features: str) -> None:
    baseline = find_baseline(name)
    assert baseline.features is not None
    assert (baseline.classifier.name, baseline.features.name) == (classifier, features)


def test_the_majority_has_no_features() -> None:
    assert find_baseline("majority").features is None


@pytest.mark.parametrize("name", DEFAULT_BASELINES)
def test_every_default_is_in_the_table(name: str) -> None:
    assert find_baseline(name) in BASELINES


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("majority", "always the largest class"),
        ("rbf_svm_hog_colour", "SVM with an RBF kernel on HOG and colour histogram"),
    ],
)
def test_a_title_is_what_a_report_says(name: str, title: str) -> None:
    assert find_baseline(name).title == title


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "random_forest_hug",
            "No baseline is called 'random_forest_hug': did you mean 'random_forest_hog'? "
            "`transferkit baselines` lists them.",
        ),
        (
            "xyz",
            "No baseline is called 'xyz': a name is majority, or a classifier and its features, "
            "such as random_forest_hog. `transferkit baselines` lists them.",
        ),
    ],
)
def test_an_unknown_name_is_told_the_nearest_or_how_names_are_made(
    name: str, sentence: str
) -> None:
    with pytest.raises(ConfigError) as error:
        find_baseline(name)
    assert str(error.value) == sentence


def test_the_table_loads_nothing_heavy() -> None:
    code = (
        "import sys, transferkit.baselines.catalog; "
        "print(sorted({'sklearn', 'numpy', 'pandas', 'tensorflow', 'keras'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
