import numpy as np
import pytest

from transferkit.evidence.results import Result
from transferkit.report.verdict import clearly_better, standard_error, verdict

CLASSES = ("cat", "dog")


def answering(name, kind, right, images, *, seconds=100.0, start=0):
    """A result that is right on `right` of `images`, counted from image `start` on."""
    truth = np.arange(images) % 2
    correct = np.roll(np.arange(images) < right, start)
    predicted = np.where(correct, truth, 1 - truth)
    return Result(name, kind, np.eye(2, dtype=np.float32)[predicted], seconds, 1.0, 1.0)


def always_cat(images):
    row = np.tile(np.float32([0.7, 0.3]), (images, 1))
    return Result("majority", "classic", row, 0.1, 0.1, 0.1)


CASES = {
    "the network is better": (
        [
            answering("resnet50", "network", 900, 1000),
            answering("svm", "classic", 650, 1000, seconds=10),
            answering("knn", "classic", 600, 1000),
        ],
        "The network resnet50 is right on 90.0 % of 1000 test images; the best classic, svm, "
        "on 65.0 %: 25.0 points less, for a tenth of the training time.",
    ),
    "the classic is better": (
        [
            answering("lenet", "network", 700, 1000),
            answering("svm", "classic", 800, 1000, seconds=5),
        ],
        "The classic svm is right on 80.0 % of 1000 test images; the network lenet on 70.0 %: "
        "10.0 points less, for 20 times the training time.",
    ),
    "two that cannot be told apart": (
        [
            answering("lenet", "network", 905, 1000),
            answering("svm", "classic", 900, 1000, seconds=50, start=50),
        ],
        "The network lenet is right on 90.5 % of 1000 test images and the classic svm on 90.0 %, "
        "which 1000 images cannot tell apart: the difference is 0.5 points ± 1.0; "
        "svm took half the training time.",
    ),
    "one network": (
        [answering("lenet", "network", 900, 1000)],
        "The network lenet is right on 90.0 % of 1000 test images, and always answering 'cat' "
        "on 50.0 %.",
    ),
    "a network beside the constant answer": (
        [answering("lenet", "network", 900, 1000), always_cat(1000)],
        "The network lenet is right on 90.0 % of 1000 test images, and always answering 'cat' "
        "on 50.0 %.",
    ),
    "only classics": (
        [
            answering("svm", "classic", 900, 1000),
            answering("knn", "classic", 700, 1000, seconds=110),
        ],
        "The best classic, svm, is right on 90.0 % of 1000 test images; the next, knn, on 70.0 %: "
        "20.0 points less, for about the same training time.",
    ),
    "a time that is not known": (
        [
            answering("lenet", "network", 900, 1000, seconds=0),
            answering("svm", "classic", 700, 1000),
        ],
        "The network lenet is right on 90.0 % of 1000 test images; the classic svm on 70.0 %: "
        "20.0 points less.",
    ),
    "a small test set": (
        [answering("lenet", "network", 38, 40), answering("svm", "classic", 24, 40, seconds=25)],
        "The network lenet is right on 95.0 % of 40 test images; the classic svm on 60.0 %: "
        "35.0 points less, for a quarter of the training time; 40 test images resolve no better "
        "than ± 4.3 points.",
    ),
    "nothing was learned": (
        [answering("lenet", "network", 510, 1000), answering("svm", "classic", 490, 1000)],
        "1000 test images do not show that anything was learned: the best classifier, lenet, is "
        "right on 51.0 % of them, and always answering 'cat' on 50.0 %.",
    ),
    "only the constant answer": (
        [always_cat(20)],
        "20 test images do not show that anything was learned: the best classifier, majority, "
        "is right on 50.0 % of them, and always answering 'cat' on 50.0 %; 20 test images resolve "
        "no better than ± 10.2 points.",
    ),
}


@pytest.mark.parametrize(("results", "sentence"), CASES.values(), ids=CASES.keys())
def test_the_verdict_is_one_honest_sentence(results, sentence):
    truth = np.arange(len(results[0].probabilities)) % 2
    assert verdict(results, truth, CLASSES) == sentence


@pytest.mark.parametrize(("wins", "clear"), [(5, False), (6, True)])
def test_six_images_of_one_side_are_the_fewest_that_tell(wins, clear):
    assert clearly_better(np.ones(wins, bool), np.zeros(wins, bool)) is clear


def test_all_images_right_are_no_certainty():
    assert standard_error(np.ones(5, bool)) == pytest.approx(0.1386, abs=1e-4)
