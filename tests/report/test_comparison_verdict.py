import numpy as np
import pytest

from transferkit.evaluation.headline import HeadlineMetric
from transferkit.evaluation.intervals import score_intervals
from transferkit.evaluation.results import Result
from transferkit.evaluation.significance import balancing_weights, difference_between, pairwise
from transferkit.report.comparison.verdict import verdict

CLASSES = ("cat", "dog")


def answering(name, kind, right, images, *, seconds=100.0, start=0):
    """A result that is right on `right` of `images`, counted from image `start` on."""
    truth = np.arange(images) % 2
    correct = np.roll(np.arange(images) < right, start)
    predicted = np.where(correct, truth, 1 - truth)
    return Result(name, kind, np.eye(2, dtype=np.float32)[predicted], seconds, 1.0, 1.0)


def always_cat(images):
    row = np.tile(np.float32([0.7, 0.3]), (images, 1))
    return Result("majority", "baseline", row, 0.1, 0.1, 0.1)


CASES = {
    "the network is better": (
        [
            answering("resnet50", "network", 900, 1000),
            answering("svm", "baseline", 650, 1000, seconds=10),
            answering("knn", "baseline", 600, 1000),
        ],
        "The network resnet50 has an accuracy of 90.0 % on 1000 test images "
        "and the best baseline, svm, "
        "one of 65.0 %: the network is better by 25.0 points (22.3 to 27.8), p < 0.0001 as one of "
        "3 pairs; it cost 10 times the training time and about the same size.",
    ),
    "the baseline is better": (
        [
            answering("lenet", "network", 700, 1000),
            answering("svm", "baseline", 800, 1000, seconds=5),
        ],
        "The baseline svm has an accuracy of 80.0 % on 1000 test images "
        "and the network lenet one of 70.0 %: "
        "the baseline is better by 10.0 points (8.2 to 11.9), p < 0.0001; it cost 1/20 of the "
        "training time and about the same size.",
    ),
    "two that cannot be told apart": (
        [
            answering("lenet", "network", 905, 1000),
            answering("svm", "baseline", 900, 1000, seconds=50, start=50),
        ],
        "The network lenet has an accuracy of 90.5 % on 1000 test images "
        "and the baseline svm one of 90.0 %, "
        "which 1000 images cannot tell apart: the difference is 0.5 points (-1.4 to 2.4), "
        "p = 0.68; lenet cost 2 times the training time and about the same size.",
    ),
    "one network": (
        [answering("lenet", "network", 900, 1000)],
        "The network lenet has an accuracy of 90.0 % on 1000 test images "
        "(88.0 to 91.7), and always "
        "predicting 'cat' one of 50.0 %.",
    ),
    "a network beside the constant answer": (
        [answering("lenet", "network", 900, 1000), always_cat(1000)],
        "The network lenet has an accuracy of 90.0 % on 1000 test images "
        "(88.0 to 91.7), and always "
        "predicting 'cat' one of 50.0 %.",
    ),
    "only baselines": (
        [
            answering("svm", "baseline", 900, 1000),
            answering("knn", "baseline", 700, 1000, seconds=110),
        ],
        "The best baseline, svm, has an accuracy of 90.0 % on 1000 test images "
        "and the next, knn, one of "
        "70.0 %: svm is better by 20.0 points (17.5 to 22.5), p < 0.0001; it cost about the same "
        "training time and about the same size.",
    ),
    "a time that is not known": (
        [
            answering("lenet", "network", 900, 1000, seconds=0),
            answering("svm", "baseline", 700, 1000),
        ],
        "The network lenet has an accuracy of 90.0 % on 1000 test images "
        "and the baseline svm one of 70.0 %: "
        "the network is better by 20.0 points (17.5 to 22.5), p < 0.0001; it cost about the same "
        "size.",
    ),
    "a small test set": (
        [answering("lenet", "network", 38, 40), answering("svm", "baseline", 24, 40, seconds=25)],
        "The network lenet has an accuracy of 95.0 % on 40 test images "
        "and the baseline svm one of 60.0 %: "
        "the network is better by 35.0 points (18.5 to 50.3), p = 0.0001; it cost 4 times the "
        "training time and about the same size.",
    ),
    "nothing was learned": (
        [answering("lenet", "network", 510, 1000), answering("svm", "baseline", 490, 1000)],
        "1000 test images do not show that anything was learned: the best classifier, lenet, has "
        "an accuracy of 51.0 % on them (47.9 to 54.1), and always predicting 'cat' one of 50.0 %.",
    ),
    "few images, and more right than chance is": (
        [answering("lenet", "network", 19, 24)],
        "The network lenet has an accuracy of 79.2 % on 24 test images "
        "(59.5 to 90.8), and always "
        "predicting 'cat' one of 50.0 %.",
    ),
    "one test image": (
        [answering("lenet", "network", 1, 1)],
        "1 test image does not show that anything was learned: the best classifier, lenet, has "
        "an accuracy of 100.0 % on it (20.7 to 100.0), and always predicting 'cat' one of 100.0 %.",
    ),
    "only the constant answer": (
        [always_cat(20)],
        "20 test images do not show that anything was learned: the best classifier, majority, "
        "has an accuracy of 50.0 % on them (29.9 to 70.1), and always predicting 'cat' one of "
        "50.0 %.",
    ),
}


@pytest.mark.parametrize(("results", "sentence"), CASES.values(), ids=CASES.keys())
def test_the_verdict_is_one_honest_sentence(results, sentence):
    truth = np.arange(len(results[0].probabilities)) % 2
    accuracies = [
        score_intervals(truth, each.probabilities, CLASSES)["accuracy"] for each in results
    ]
    differences = pairwise(truth, {each.name: each.probabilities for each in results})
    said = verdict(results, truth, CLASSES, accuracies=accuracies, differences=differences)
    assert said == sentence


def test_a_difference_can_be_read_from_either_side():
    one, two = answering("a", "network", 70, 100), answering("b", "baseline", 60, 100)
    truth = np.arange(100) % 2
    found = pairwise(truth, {each.name: each.probabilities for each in (one, two)})
    turned = difference_between(found, two, one)
    assert (turned.first, turned.second) == ("b", "a")
    assert turned.difference == pytest.approx(-0.1)
    assert turned.interval.low == -difference_between(found, one, two).interval.high
    assert (turned.wins, turned.losses) == (0, 10)


def test_a_difference_that_is_clear_alone_is_not_as_one_of_three():
    results = [
        answering("lenet", "network", 118, 200),
        answering("svm", "baseline", 112, 200),
        answering("knn", "baseline", 112, 200),
    ]
    truth = np.arange(200) % 2
    differences = pairwise(truth, {each.name: each.probabilities for each in results})
    assert differences[0].p_value < 0.05 < differences[0].adjusted
    accuracies = [
        score_intervals(truth, each.probabilities, CLASSES)["accuracy"] for each in results
    ]
    said = verdict(results, truth, CLASSES, accuracies=accuracies, differences=differences)
    assert ", which 200 images cannot tell apart: the difference is 3.0 points" in said
    assert "p = 0.09 as one of 3 pairs" in said


UNEQUAL = np.repeat([0, 1], [950, 50])


def unequal(name, kind, cats, dogs, *, seconds=100.0):
    """A result on 950 cats and 50 dogs that is right on so many of each."""
    right = np.concatenate([np.arange(950) < cats, np.arange(50) < dogs])
    predicted = np.where(right, UNEQUAL, 1 - UNEQUAL)
    return Result(name, kind, np.eye(2, dtype=np.float32)[predicted], seconds, 1.0, 1.0)


def said_of_unequal(*results):
    accuracies = [
        score_intervals(UNEQUAL, each.probabilities, CLASSES)["balanced_accuracy"]
        for each in results
    ]
    differences = pairwise(
        UNEQUAL,
        {each.name: each.probabilities for each in results},
        weights=balancing_weights(UNEQUAL),
    )
    return verdict(results, UNEQUAL, CLASSES, accuracies=accuracies, differences=differences)


def test_of_unequal_classes_the_verdict_is_of_the_balanced_accuracy_and_says_so():
    said = said_of_unequal(unequal("lenet", "network", 912, 48))
    assert said.startswith(
        "The network lenet has a balanced accuracy of 96.0 % on 1000 test images"
    )
    assert said.endswith(", and always predicting 'cat' one of 50.0 %.")


def test_of_unequal_classes_the_one_that_knows_both_is_the_best():
    said = said_of_unequal(
        unequal("svm", "baseline", 950, 10, seconds=50), unequal("lenet", "network", 912, 48)
    )
    assert said.startswith(
        "The network lenet has a balanced accuracy of 96.0 % on 1000 test images and the baseline "
        "svm one of 60.0 %: the network is better by 36.0 points ("
    )


def test_of_unequal_classes_a_lucky_accuracy_is_nothing_learned():
    said = said_of_unequal(unequal("lenet", "network", 940, 2))
    assert said.startswith(
        "1000 test images do not show that anything was learned: the best classifier, lenet, has "
        "a balanced accuracy of 51.5 % on them ("
    )


@pytest.mark.parametrize(
    ("counts", "key", "constant"),
    [
        ((50, 50), "accuracy", 0.5),
        ((59, 30), "accuracy", 59 / 89),
        ((60, 30), "balanced_accuracy", 0.5),
        ((60, 30, 0, 40), "balanced_accuracy", 1 / 3),
        ((7,), "accuracy", 1.0),
    ],
)
def test_twice_as_many_of_one_class_make_the_classes_unequal(counts, key, constant):
    found = HeadlineMetric.of(np.repeat(range(len(counts)), counts))
    assert (found.key, found.constant) == (key, pytest.approx(constant))
