"""A file of a baseline that fitting cannot have made is refused, and never ends the process."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from baselines.changed_files import archive_of, fitted, members_of, nodes_of
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import Normalizer

from transferkit.baselines.backbone_features import BackboneFeatures
from transferkit.baselines.baseline import Baseline, load_baseline
from transferkit.baselines.classifiers import MAKERS
from transferkit.baselines.image_features import ImageFeatures
from transferkit.errors import RunError

pytestmark = pytest.mark.slow


def loaded(baseline: Baseline, folder: Path) -> Baseline:
    path = folder / "saved.skops"
    path.write_bytes(baseline.content)
    return load_baseline(path)


def refusal(baseline: Baseline, folder: Path) -> str:
    with pytest.raises(RunError) as caught:
        loaded(baseline, folder)
    start = f"{str(folder / 'saved.skops')!r} is not a baseline that transferkit saved, or it is "
    assert str(caught.value).startswith(f"{start}damaged: ")
    return str(caught.value).removeprefix(f"{start}damaged: ")


@pytest.mark.parametrize("name", ["random_forest_hog (2)", "my own"])
def test_a_name_may_be_numbered_or_ones_own(name: str, tmp_path: Path) -> None:
    baseline = dataclasses.replace(fitted("random_forest"), name=name)
    assert loaded(baseline, tmp_path).name == name


def test_changed_files_are_refused_or_answer(tmp_path: Path) -> None:
    script = Path(__file__).with_name("changed_files.py")
    done = subprocess.run(
        [sys.executable, str(script), "3", "20"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    refused = dict(re.findall(r"^(\w+) (\d+)$", done.stdout, re.MULTILINE))
    assert set(refused) == set(MAKERS)
    assert all(int(number) > 0 for number in refused.values())


def _tree(baseline: Baseline) -> Any:
    classifier = baseline.pipeline[-1].estimator_
    return getattr(classifier, "estimators_", [classifier])[0].tree_


def _node(field: str, value: int) -> Callable[[Baseline], None]:
    def change(baseline: Baseline) -> None:
        getattr(_tree(baseline), field)[0] = value

    return change


def _boosted(field: str, value: int) -> Callable[[Baseline], None]:
    def change(baseline: Baseline) -> None:
        baseline.pipeline[-1].estimator_._predictors[0][0].nodes[field][0] = value

    return change


def _machine(name: str, value: Any) -> Callable[[Baseline], None]:
    def change(baseline: Baseline) -> None:
        setattr(baseline.pipeline[-1].estimator_.machine_, name, value)

    return change


def _last(name: str, value: Any) -> Callable[[Baseline], None]:
    def change(baseline: Baseline) -> None:
        part = baseline.pipeline[-1]
        part = getattr(part, "estimator_", part)
        setattr(part[-1] if isinstance(part, Pipeline) else part, name, value)

    return change


OUTSIDE = "a tree in it points outside itself."
CHANGES = [
    ("decision_tree", _node("children_left", 10_000), OUTSIDE),
    ("decision_tree", _node("children_left", -2), OUTSIDE),
    ("decision_tree", _node("children_right", 0), OUTSIDE),
    ("random_forest", _node("feature", 99), OUTSIDE),
    ("extra_trees", _node("feature", -3), OUTSIDE),
    ("gradient_boosting", _boosted("right", 10_000), OUTSIDE),
    ("gradient_boosting", _boosted("feature_idx", 5), OUTSIDE),
    ("gradient_boosting", _boosted("is_categorical", 1), "a tree in it asks for categories."),
    (
        "rbf_svm",
        _machine("_n_support", np.array([9_000, 9_000, 9_000], np.int32)),
        "'_n_support' of its SVC has numbers that it cannot have.",
    ),
    (
        "rbf_svm",
        _machine("_n_support", np.zeros(3, np.int32)),
        "its machine counts other support vectors than it has.",
    ),
    ("rbf_svm", _machine("_probA", np.zeros(1)), "'_probA' of its SVC has the shape (1,)."),
    ("rbf_svm", _machine("_intercept_", np.zeros(1)), "'_intercept_' of its SVC has the shape"),
    ("rbf_svm", _machine("kernel", "linear"), "its machine has another kernel."),
    ("rbf_svm", _machine("shape_fit_", (10**9, 10**9)), "its kernel is not square, or too large."),
    ("rbf_svm", _last("gamma_", float("nan")), "'gamma_' of its RBFSVM is nan."),
    ("knn", _last("_y", np.full(40, 7)), "'_y' of its KNeighborsClassifier has numbers"),
    ("knn", _last("n_neighbors", 41), "'n_neighbors' of its KNeighborsClassifier is 41."),
    ("knn", _last("metric", "precomputed"), "'metric' of its KNeighborsClassifier is 'precomp"),
    ("logistic_regression", _last("coef_", np.full((3, 5), np.nan)), "'coef_' of its Logistic"),
    ("perceptron", _last("coef_", np.zeros((3, 6))), "'coef_' of its Perceptron has the shape"),
    ("linear_svm", _last("intercept_", 0.0), "'intercept_' of its LinearSVC is no such array."),
    ("majority", _last("class_prior_", np.ones(3)), "the shares of its classes do not add up"),
    ("majority", _last("classes_", np.arange(3) + 5), "its classifier tells other classes apart."),
]


@pytest.mark.parametrize(("name", "change", "reason"), CHANGES)
def test_numbers_that_cannot_be_are_refused(
    name: str, change: Callable[[Baseline], None], reason: str, tmp_path: Path
) -> None:
    baseline = fitted(name)
    change(baseline)
    assert refusal(baseline, tmp_path).startswith(reason)


def _piped(*steps: Any, name: str = "random_forest_hog") -> Baseline:
    parts = [("features", ImageFeatures("hog")), ("classifier", make_pipeline(*steps))]
    return Baseline(name, Pipeline(parts), ("a", "b", "c"))


def _forest() -> RandomForestClassifier:
    return fitted("random_forest").pipeline[-1]


@pytest.mark.parametrize(
    ("baseline", "reason"),
    [
        (lambda: _piped(_forest()), "its classifier is not that of"),
        (lambda: _piped(Normalizer(), _forest()), "its classifier is not that of"),
        (lambda: _piped(make_pipeline(_forest()), name="mine"), "a pipeline in it holds another."),
        (
            lambda: dataclasses.replace(fitted("knn"), name="random_forest_hog"),
            "its classifier is not that of 'random_forest_hog'.",
        ),
        (
            lambda: Baseline("x", Pipeline([("classifier", _forest())] * 3), ("a", "b", "c")),
            "it has the steps",
        ),
        (lambda: dataclasses.replace(fitted("knn"), classes=("a", "a", "b")), "its classes are no"),
        (lambda: dataclasses.replace(fitted("knn"), classes=("a", "b")), "its classifier tells"),
        (lambda: dataclasses.replace(fitted("knn"), fit_seconds="1"), "its time of fitting is no"),
        (
            lambda: dataclasses.replace(
                fitted("knn"),
                summary=SimpleNamespace(to_json=lambda: {"features_width": "wide"}),
            ),
            "invalid literal for int()",
        ),
    ],
)
def test_parts_that_no_baseline_has_are_refused(
    baseline: Callable[[], Baseline], reason: str, tmp_path: Path
) -> None:
    assert refusal(baseline(), tmp_path).startswith(reason)


@pytest.mark.parametrize(
    "features",
    [
        ImageFeatures("smell"),
        ImageFeatures("hog", resize="stretch"),
        ImageFeatures("hog", max_pixels=-1),
        BackboneFeatures("resnet9000"),
        BackboneFeatures("pocket", precision="int1"),  # type: ignore[arg-type]
        Normalizer(),
    ],
)
def test_first_steps_that_read_no_images_are_refused(features: Any, tmp_path: Path) -> None:
    baseline = fitted("knn")
    baseline.pipeline.steps[0] = ("features", features)
    assert refusal(baseline, tmp_path)


@pytest.mark.parametrize("field", ["node_count", "n_outputs", "identity"])
def test_a_tree_of_another_size_than_it_says_is_refused(field: str, tmp_path: Path) -> None:
    members = members_of(fitted("decision_tree").content)
    schema = json.loads(members["schema.json"])
    (tree,) = (node for node in nodes_of(schema) if node["__loader__"] == "TreeNode")
    if field == "node_count":
        tree["content"]["content"]["node_count"] |= {"content": "1", "__id__": 1}
    elif field == "n_outputs":
        tree["__reduce__"]["args"]["content"][2] |= {"content": "1000000000", "__id__": 1}
    else:  # the same by the identity of another node, which skops takes in its place
        number = tree["__reduce__"]["args"]["content"][2]
        other = next(node for node in nodes_of(schema) if node["__loader__"] == "JsonNode")
        other |= {"content": "1000000000", "__id__": number["__id__"]}
    path = tmp_path / "saved.skops"
    path.write_bytes(archive_of(members | {"schema.json": json.dumps(schema).encode()}))
    with pytest.raises(RunError, match=r"a tree in it (points outside itself|has several outputs)"):
        load_baseline(path)


def test_features_of_another_number_are_one_sentence(tmp_path: Path, shapes: Path) -> None:
    baseline = loaded(fitted("knn"), tmp_path)  # of 5 features, where HOG has many more
    image = str(next((shapes / "circles").iterdir()))
    with pytest.raises(RunError, match="does not fit the features that it reads"):
        baseline.probabilities([image])
