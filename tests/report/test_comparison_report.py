import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from transferkit.baselines.baseline import load_baseline
from transferkit.baselines.fit import fit_baseline
from transferkit.config.settings import DataConfig, ModelConfig
from transferkit.data.manifest import Manifest
from transferkit.errors import DataError
from transferkit.evaluation.results import Prediction, Result
from transferkit.experiment import save_classifiers
from transferkit.models.classifier import build_classifier
from transferkit.models.network import Network
from transferkit.report.comparison.across_runs import runs_side_by_side
from transferkit.report.comparison.report import compare
from transferkit.report.comparison.serialize import fingerprint
from transferkit.storage.run import Run


@pytest.fixture(scope="module")
def saved(report, tmp_path_factory):
    run = Run.create(tmp_path_factory.mktemp("run") / "one")
    report.save(run)
    return run


def test_every_classifier_is_scored_on_the_test_images(report, manifest):
    assert len(report.labels) == len(manifest.part("test"))
    assert all(len(each.probabilities) == len(report.labels) for each in report.results)


def test_the_table_is_ordered_by_accuracy(report):
    assert [each["name"] for each in report.entries] == ["lenet", "random_forest_hog", "majority"]


def test_the_text_has_a_line_for_each_classifier_and_the_verdict(report):
    text = str(report)
    assert [name in text for name in ("lenet", "random_forest_hog", "majority")] == [True] * 3
    assert text.endswith(report.verdict)


def test_the_best_accuracy_alone_is_bold(report):
    assert [row.style for row in report.table().rows] == ["bold", "", ""]


def test_the_frame_has_a_row_for_each_classifier_with_its_interval(report):
    frame = report.frame()
    assert list(frame["name"]) == ["lenet", "random_forest_hog", "majority"]
    assert list(frame["accuracy"]) == [each["accuracy"] for each in report.entries]
    assert (frame["accuracy_low"] <= frame["accuracy"]).all()
    assert (frame["accuracy"] <= frame["accuracy_high"]).all()


def test_the_plot_has_a_point_for_each_classifier(report):
    (axes,) = report.plot().axes
    assert {text.get_text() for text in axes.texts} == set(report.frame()["name"])
    assert axes.get_xlabel() == "training time, s"


def test_the_repr_is_short(report):
    assert repr(report) == "<Report on 24 test images: lenet, random_forest_hog, majority>"


def test_a_notebook_shows_table_and_verdict(report):
    html = report._repr_html_()
    assert html.count("<tr") == 4
    assert html.endswith("</p>")


def test_a_prediction_is_timed(report):
    assert all(0 < each.predict_milliseconds < 1000 for each in report.results)


def test_columns_of_a_classifier_with_another_order_are_put_right(manifest, classifiers):
    turned = dataclasses.replace(classifiers[-1], classes=manifest.classes[::-1])
    one, two = compare([classifiers[-1], turned], manifest).results
    assert np.mean(one.predicted == two.predicted) > 0.8


def test_classifiers_of_one_name_are_told_apart(manifest, classifiers):
    results = compare([classifiers[0]] * 3, manifest).results
    assert [each.name for each in results] == ["majority", "majority (2)", "majority (3)"]


def test_other_classes_are_an_error(manifest, classifiers):
    stranger = dataclasses.replace(classifiers[0], classes=("circles", "squares"))
    with pytest.raises(DataError) as error:
        compare([stranger], manifest)
    assert str(error.value) == (
        "majority was trained on 2 classes and the images have 3: 'stripes' is only in the images; "
        "compare classifiers on the images of the manifest that they were trained on."
    )


def test_nothing_to_compare_is_an_error(manifest):
    with pytest.raises(DataError) as error:
        compare([], manifest)
    assert str(error.value) == "There is no classifier to compare: give at least one."


def test_a_manifest_without_test_images_is_an_error(manifest, classifiers):
    rows = manifest.frame[manifest.frame["split"] != "test"]
    with pytest.raises(DataError) as error:
        compare(classifiers, Manifest(rows, "shapes"))
    assert str(error.value) == (
        "'shapes' has no test image to compare classifiers on: "
        "mark some as test, or leave the split out and one is made."
    )


def test_a_class_without_a_test_image_has_no_recall(manifest, classifiers):
    frame = manifest.frame
    kept = frame[(frame["split"] != "test") | (frame["label"] != "circles")]
    entry = compare(classifiers, Manifest(kept, "shapes")).entries[0]
    assert entry["per_class"]["circles"]["recall"] is None


def test_the_fingerprint_knows_other_images_and_forgets_the_order(report):
    test = report.test
    assert fingerprint(test[::-1]) == fingerprint(test)
    assert fingerprint(test[1:]) != fingerprint(test)


def test_scores_json_has_the_settled_form(saved):
    scores = json.loads((saved / "scores.json").read_text())
    assert list(scores) == [
        *("classes", "test_images", "manifest"),
        *("differences", "leaked_test_images", "accuracy_without_leaks", "slices"),
        "classifiers",
    ]
    assert list(scores["classifiers"][0]) == [
        *("name", "kind", "accuracy", "accuracy_interval"),
        *("balanced_accuracy", "macro_f1", "log_loss"),
        *("fit_seconds", "predict_milliseconds", "megabytes", "peak_megabytes", "joules"),
        *("intervals", "expected_calibration_error", "brier"),
        *("per_class", "confusion", "details"),
    ]


def test_the_scores_of_each_class_go_by_its_name(saved):
    entry = json.loads((saved / "scores.json").read_text())["classifiers"][0]
    assert list(entry["per_class"]) == ["circles", "squares", "stripes"]
    assert list(entry["per_class"]["circles"]) == ["precision", "recall", "f1", "support"]


def test_numpy_numbers_in_the_summary_become_numbers(saved):
    entries = json.loads((saved / "scores.json").read_text())["classifiers"]
    assert entries[1]["details"] == {"trees": 9}


def test_predictions_csv_has_a_row_an_image_and_columns_a_classifier(saved, report):
    frame = pd.read_csv(saved / "predictions.csv")
    assert list(frame["path"]) == list(report.test["path"])
    assert [name for name in frame if name.startswith("lenet:")] == [
        "lenet:predicted",
        "lenet:probability",
        "lenet:p(circles)",
        "lenet:p(squares)",
        "lenet:p(stripes)",
    ]


def test_predictions_csv_says_what_scores_json_says(saved):
    frame = pd.read_csv(saved / "predictions.csv")
    accuracy = json.loads((saved / "scores.json").read_text())["classifiers"][0]["accuracy"]
    assert np.isclose((frame["lenet:predicted"] == frame["label"]).mean(), accuracy)


def test_nothing_half_written_stays_in_the_run(saved):
    names = sorted(path.name for path in saved.folder.iterdir())
    assert names == [
        *("explanations.json", "model_card.md", "predictions.csv", "report.html", "report.md"),
        *("results.json", "scores.json"),
    ]


def test_classifiers_may_come_one_by_one(manifest, classifiers):
    found = compare((each for each in classifiers), manifest)
    assert len(found.entries) == len(classifiers)


class Own:
    """A classifier of a user's: equal shares, whatever the image."""

    kind, data, history, summary = "baseline", DataConfig(), (), {}
    fit_seconds, megabytes = np.float32(3), np.float64(1)

    def __init__(self, classes, width=3, **facts):
        self.name, self.classes, self.width = "own", classes, width
        vars(self).update(facts)

    def probabilities(self, paths):
        return np.full((len(paths), self.width), 1 / self.width)


def test_a_classifier_of_ones_own_may_speak_numpy(manifest, tmp_path):
    report = compare([Own(np.array(manifest.classes))], manifest)
    report.save(str(tmp_path / "own"))
    assert runs_side_by_side(Run(tmp_path / "own")).entries[0]["fit_seconds"] == 3


def test_what_json_has_no_number_for_is_text(manifest, tmp_path):
    own = Own(manifest.classes, summary={"loss": float("nan"), "rate": np.float32("inf")})
    compare([own], manifest).save(tmp_path)
    entry = Run(tmp_path).json("scores.json")["classifiers"][0]
    assert entry["details"] == {"loss": "NaN", "rate": "Infinity"}


def test_what_a_classifier_lacks_is_named(manifest):
    with pytest.raises(DataError) as error:
        compare(["a forest"], manifest)
    facts = "name, kind, classes, fit_seconds, megabytes, summary, history, probabilities"
    assert str(error.value) == (
        f"'a forest' cannot be compared: it has no {facts}; a classifier has {facts}."
    )
    own = Own(manifest.classes)
    del own.name
    with pytest.raises(DataError, match="it has no name; a classifier has name, kind"):
        compare([own], manifest)


def test_probabilities_of_another_shape_are_an_error(manifest):
    with pytest.raises(DataError) as error:
        compare([Own(manifest.classes, width=2)], manifest)
    number = len(manifest.part("test"))
    assert str(error.value) == (
        f"The probabilities of own have the shape ({number}, 2): it should be ({number}, 3), one "
        "row per image and one column per class."
    )


def test_a_classifier_of_another_kind_is_an_error(manifest):
    with pytest.raises(DataError) as error:
        compare([Own(manifest.classes, kind="llm")], manifest)
    assert str(error.value) == "The kind of own is 'llm': it should be network or baseline."


def test_baselines_are_saved_by_their_names_in_the_report(manifest, tmp_path):
    baseline = fit_baseline("majority", manifest)
    report, run = compare([baseline, baseline], manifest), Run.create(tmp_path / "run")
    save_classifiers(report, run)
    names = ["majority (2)", "majority"]
    assert sorted(path.stem for path in (run / "baselines").iterdir()) == sorted(names)
    assert load_baseline(run / "baselines/majority (2).skops").name == "majority (2)"


def test_that_a_classifier_of_ones_own_is_not_saved_is_said(manifest, tmp_path, capsys):
    run = Run.create(tmp_path / "run")
    save_classifiers(compare([Own(manifest.classes)], manifest), run)
    assert capsys.readouterr().err == ("own is not saved: it has no `save(folder)`.\n")


def test_of_unequal_classes_the_network_with_the_best_balanced_accuracy_is_saved(report, tmp_path):
    model = build_classifier(
        ModelConfig(backbone="lenet", weights="none"), report.classes, image_size=32
    )
    network = Network("lenet", model, report.classes, DataConfig(image_size=32))
    truth = np.array([0] * 8 + [1] * 2)
    answers = {"common": np.zeros(10, int), "fair": np.array([0] * 5 + [1] * 5)}
    unequal = dataclasses.replace(
        report,
        labels=truth,
        classifiers=tuple(dataclasses.replace(network, name=name) for name in answers),
        results=tuple(
            Result(name, "network", np.eye(3, dtype=np.float32)[answer], 1.0, 1.0, 1.0)
            for name, answer in answers.items()
        ),
    )
    save_classifiers(unequal, Run.create(tmp_path / "run"))
    assert Network.load(tmp_path / "run").name == "fair"


class Remembering(Own):
    """A classifier whose features were kept by an earlier run, in which they took 5 s."""

    def predict_with_cost(self, paths):
        return Prediction(self.probabilities(paths), cached_seconds=5.0)


def test_what_was_kept_from_before_is_in_the_time_of_predicting(manifest):
    (result,) = compare([Remembering(manifest.classes)], manifest).results
    assert result.predict_milliseconds > 5000 / len(manifest.part("test"))
