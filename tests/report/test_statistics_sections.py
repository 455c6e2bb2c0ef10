"""What the page says of leaks, slices, repeats and temperatures."""

import dataclasses
import re

import numpy as np
import pytest

from transferkit.config.settings import Config, DataConfig
from transferkit.data.manifest import Manifest
from transferkit.evaluation.intervals import Interval
from transferkit.evaluation.summary import TemperatureScaling, TrainingSummary
from transferkit.report.comparison import statistics_sections as sections
from transferkit.report.comparison.markdown import markdown_report, model_card
from transferkit.report.comparison.page import page
from transferkit.report.comparison.repeats import RepeatedRuns
from transferkit.report.comparison.report import compare
from transferkit.report.comparison.statistics_sections import _pair

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def leaking(manifest, answerers):
    """A report on a split that puts five test images into one group with a training image."""
    frame = manifest.frame.copy()
    test = frame.index[frame["split"] == "test"][:5]
    train = frame.index[frame["split"] == "train"][0]
    frame.loc[[*test, train], "group"] = "together"
    made = Manifest(frame, manifest.source)
    return compare(answerers(made), made)


@pytest.fixture(scope="module")
def by_camera(manifest, answerers):
    """A report on images of two cameras; every image of the old one is missed by the network."""
    frame = manifest.frame.copy()
    frame["camera"] = "new"
    answers = answerers(manifest)[-1].probabilities(list(manifest.part("test")["path"]))
    missed = answers.argmax(axis=1) != manifest.label_indices(manifest.part("test"))
    frame.loc[frame.index[frame["split"] == "test"][missed], "camera"] = "old <b>"
    made = Manifest(frame, manifest.source)
    return compare(answerers(made), made)


def test_leaks_are_counted_and_scored_without(leaking):
    found = sections.leaks(leaking)
    assert found["leaked"] == 5
    names = [name for name, _, _ in found["without_leaks"]]
    assert names == ["lenet", "random_forest_hog", "majority"]
    title = "Leaks: 5 test images with a copy or one of the group among the training images"
    assert title in page(leaking)
    assert "5 of the 24 test images have a copy" in markdown_report(leaking)


def test_one_of_anything_is_not_said_in_the_plural(manifest, answerers):
    frame = manifest.frame.copy()
    test, train = (frame.index[frame["split"] == split] for split in ("test", "train"))
    frame.loc[[test[0], train[0]], "group"] = "together"
    made = Manifest(frame.drop(test[1:]).reset_index(drop=True), manifest.source)
    alone = compare(answerers(made), made)
    forms = [page(alone), markdown_report(alone), model_card(alone), alone.verdict, repr(alone)]
    for form in forms:
        assert not re.search(r"(?<![\d.,])1 (test images|images|epochs|groups)\b", form)
        assert "1 classes" not in form
    assert "1 of the 1 test image has a copy" in markdown_report(alone)
    assert alone.verdict.startswith("1 test image does not show that anything was learned")


def test_a_split_that_does_not_leak_has_no_such_section(report):
    assert sections.leaks(report)["without_leaks"] == []
    assert 'id="leaks"' not in page(report)


def test_grouped_test_images_are_tested_by_group(leaking):
    assert sections.differences(leaking)["test_used"] == "exact sign-flip test by group"


def test_the_worst_group_is_named_on_every_form(by_camera):
    (group,) = sections.groups(by_camera)["groups"]
    assert group.column == "camera"
    assert group.worst.startswith("'old <b>': accuracy 0.0 % on its 2 images (")
    said = "The worst group of lenet is &#39;old &lt;b&gt;&#39;: accuracy 0.0 %"
    assert said in page(by_camera)
    assert "By camera, the worst group is 'old &lt;b&gt;': accuracy 0.0 %" in model_card(by_camera)


def test_pairs_come_by_accuracy_and_the_better_one_first(report):
    pairs = [(each.better, each.worse) for each in sections.differences(report)["pairs"]]
    assert pairs == [
        ("lenet", "random_forest_hog"),
        ("lenet", "majority"),
        ("random_forest_hog", "majority"),
    ]


def test_a_pair_is_said_from_the_better_one_with_no_minus_zero(report):
    found = dataclasses.replace(
        report.statistics.differences[0],
        first="worse",
        second="better",
        difference=-0.03,
        interval=Interval(-0.061, 0.0003),
        wins=1,
        losses=4,
    )
    assert _pair(found)[:5] == ("better", "worse", "3.0 points", "0.0 to 6.1", "4 : 1")


def test_repeats_have_a_table_and_a_figure(report):
    other = dataclasses.replace(report, config=Config(seed=1))
    repeated = dataclasses.replace(report, repeats=RepeatedRuns.over([report, other]))
    html = page(repeated)
    title = "Accuracy over 2 repeats, seeds 0 to 1, each on the source's own split:"
    assert title.replace("'", "&#39;") in html
    assert "Accuracy over repeats: " in html
    assert title in markdown_report(repeated)
    assert title in str(repeated)


def test_confidence_before_the_temperature_follows_from_that_after(manifest, answerers):
    network = answerers(manifest)[-1]
    network.summary = TrainingSummary(temperature=TemperatureScaling(2.0, 1.0, 0.9))
    rows = sections.calibration(compare([network], manifest, Config()))
    assert [name for name, _, _ in rows] == ["lenet", "lenet, before its temperature of 2.00"]
    after, before = (float(error.removesuffix(" %")) for _, error, _ in rows)
    answers = network.probabilities(list(manifest.part("test")["path"]))
    surer = answers**2 / (answers**2).sum(axis=1, keepdims=True)
    right = answers.argmax(axis=1) == manifest.label_indices(manifest.part("test"))
    assert before == pytest.approx(100 * abs(surer.max() - np.mean(right)), abs=0.1)
    assert after == pytest.approx(100 * abs(answers.max() - np.mean(right)), abs=0.1)


def test_a_report_without_repeats_says_nothing_of_them(report):
    assert "repeats" not in str(report)
    assert sections.repeats(report) is None


def test_one_classifier_has_no_differences(manifest, answerers):
    alone = compare(answerers(manifest)[-1:], manifest, Config(data=DataConfig()))
    assert sections.differences(alone)["pairs"] == []
    assert 'id="differences"' not in page(alone)


@pytest.mark.parametrize(
    "summary", [{"usage": "long"}, {"temperature": "warm"}, {"temperature": 0.07}]
)
def test_facts_of_anothers_classifier_may_mean_anything(manifest, answerers, summary):
    own = answerers(manifest)[-1]
    own.summary = summary
    rows = sections.calibration(compare([own], manifest, Config()))
    assert [name for name, _, _ in rows] == ["lenet"]


def test_a_mean_of_two_pictures_is_not_taken_back(manifest, answerers):
    network = answerers(manifest)[-1]
    network.summary = TrainingSummary(temperature=TemperatureScaling(2.0, 1.0, 0.9), tta=True)
    rows = sections.calibration(compare([network], manifest, Config()))
    assert [name for name, _, _ in rows] == ["lenet"]


def test_the_card_has_the_groups_of_its_own_classifier(manifest, answerers):
    frame = manifest.frame.copy()
    frame["camera"] = ["a", "b"] * (len(frame) // 2)
    made = Manifest(frame, manifest.source)
    forest, network = answerers(made)[1:]
    forest.errs, network.errs = 1000, 3
    card = model_card(compare([forest, network], made))
    assert card.startswith("# Model card: lenet on ")
    test = made.part("test")
    answers = network.probabilities(list(test["path"])).argmax(axis=1)
    right = answers == made.label_indices(test)
    worst = min(right[(test["camera"] == name).to_numpy()].mean() for name in "ab")
    assert f"accuracy {worst * 100:.1f} % on its" in card


def test_a_card_where_every_test_image_leaks_gives_no_other_accuracy(manifest, answerers):
    frame = manifest.frame.assign(group="one")
    report = compare(answerers(manifest), Manifest(frame, manifest.source))
    said = "24 of the 24 test images have a copy, a near copy or one of their group among"
    assert said in model_card(report)
    assert "accuracy on all" not in markdown_report(report)
    assert "There is no other test image." in page(report)


def test_a_card_of_one_classifier_was_not_picked(manifest, answerers):
    assert "was picked" not in model_card(compare(answerers(manifest)[-1:], manifest, Config()))


def test_a_few_groups_of_images_show_nothing(manifest, answerers):
    frame = manifest.frame.copy()
    test = frame.index[frame["split"] == "test"]
    frame.loc[test, "group"] = frame.loc[test, "label"]
    network = answerers(manifest)[-1]
    network.errs = 1000
    report = compare([network], Manifest(frame, manifest.source))
    assert "do not show that anything was learned" in report.verdict


@pytest.fixture
def unequal(manifest, answerers):
    """A report on three images of one class for each of another."""
    frame = manifest.frame.copy()
    test = frame[frame["split"] == "test"]
    few = test[test["label"] != manifest.classes[0]].groupby("label").head(3).index
    frame = frame.drop(
        test.index.difference(few.union(test.index[test["label"] == manifest.classes[0]]))
    )
    made = Manifest(frame.reset_index(drop=True), manifest.source)
    return compare(answerers(made), made)


def test_of_unequal_classes_every_form_names_the_balanced_accuracy(unequal):
    assert sections.differences(unequal)["measure"] == "balanced accuracy"
    assert "has a balanced accuracy of" in unequal.verdict
    assert '<th scope="col">balanced accuracy</th>' in page(unequal)
    assert "the gap in balanced accuracy with" in page(unequal)
    assert "| budget | from | choose | balanced accuracy |" in markdown_report(unequal)
    for form in (page(unequal), markdown_report(unequal)):
        assert "sign-flip test of balanced accuracy" in form


def test_of_equal_classes_it_is_the_accuracy(report):
    assert sections.differences(report)["measure"] == "accuracy"
    assert "| budget | from | choose | accuracy |" in markdown_report(report)


def test_where_nothing_is_better_than_a_constant_answer_nothing_is_to_be_chosen(
    manifest, answerers
):
    constant, forest, _ = answerers(manifest)
    forest.errs = 1
    report = compare([constant, forest], manifest)
    said = "None: no classifier is clearly better than always predicting one class."
    assert said in page(report)
    assert said in markdown_report(report)
    assert "| budget |" not in markdown_report(report)


def test_a_slice_that_is_clearly_worse_is_told_from_one_that_may_be_chance(manifest, answerers):
    frame = manifest.frame.copy()
    network = answerers(manifest)[-1]
    test = frame.index[frame["split"] == "test"]
    network.errs = 2
    wrong = np.arange(len(test)) % 2 == 1
    frame["camera"], frame["room"] = "new", "one"
    frame.loc[test[wrong], "camera"] = "old"
    frame.loc[test[: len(test) // 2], "room"] = "two"
    camera, room = sections.groups(compare([network], Manifest(frame, manifest.source)))["groups"]
    assert camera.worst.startswith(
        "'old': accuracy 0.0 % on its 12 images (0.0 to 30.6, corrected for 2"
    )
    assert "significantly below the others, by " in camera.worst
    assert camera.worst.endswith(" points")
    assert room.worst.endswith(", which does not differ significantly from the others")


def test_slices_of_one_group_show_nothing(manifest, answerers):
    frame = manifest.frame.copy()
    test = frame.index[frame["split"] == "test"]
    frame["camera"] = ["a", "b"] * (len(frame) // 2)
    frame.loc[test, "group"] = frame.loc[test, "camera"] + " together"
    alone = compare(answerers(manifest)[-1:], Manifest(frame, manifest.source))
    (group,) = sections.groups(alone)["groups"]
    assert "(0.0 to 100.0, corrected for 2 groups), which does not differ" in group.worst
