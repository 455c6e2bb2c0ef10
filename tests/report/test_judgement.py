import numpy as np
import pandas as pd
import pytest

from transferkit.evaluation.results import Result
from transferkit.evaluation.statistics import compute_statistics

CLASSES = ("cat", "dog")
IMAGES = 100
TRUTH = np.arange(IMAGES) % 2


def answering(name, right):
    """A result that is right on the first `right` images, and 90 % sure of everything."""
    predicted = np.where(np.arange(IMAGES) < right, TRUTH, 1 - TRUTH)
    sure = np.full((IMAGES, 2), 0.1, np.float32)
    sure[np.arange(IMAGES), predicted] = 0.9
    return Result(name, "baseline", sure, 1.0, 1.0, 1.0)


def judged(*, leaked=(), **columns):
    test = pd.DataFrame({"group": [""] * IMAGES} | columns)
    flags = np.isin(np.arange(IMAGES), leaked)
    results = [answering("good", 90), answering("bad", 60)]
    return compute_statistics(
        results, TRUTH, CLASSES, test=test, leaked=flags, columns=list(columns)
    )


def test_every_result_has_an_interval_around_its_accuracy():
    for accuracy, intervals in zip((0.9, 0.6), judged().intervals, strict=True):
        assert intervals["accuracy"].low < accuracy < intervals["accuracy"].high


def test_each_two_are_held_against_each_other():
    (found,) = judged().differences
    assert (found.first, found.second, found.difference) == ("good", "bad", pytest.approx(0.3))
    assert (found.wins, found.losses) == (30, 0)


def test_confidence_is_held_against_accuracy():
    assert judged().calibration_errors == pytest.approx([0.0, 0.3], abs=1e-6)


def test_leaked_images_are_taken_out_for_the_second_accuracy():
    found = judged(leaked=range(50))
    assert found.without_leaks == pytest.approx([0.8, 0.2])
    assert found.to_json()["accuracy_without_leaks"] == pytest.approx({"good": 0.8, "bad": 0.2})


@pytest.mark.parametrize("leaked", [(), range(IMAGES)])
def test_without_a_leak_and_with_nothing_else_there_is_no_second_accuracy(leaked):
    assert judged(leaked=leaked).without_leaks == ()


def test_the_worst_slice_comes_first():
    camera = ["old" if number >= 80 else "new" for number in range(IMAGES)]
    good, bad = judged(camera=camera).slices["camera"]
    assert [each.name for each in good] == ["old", "new"]
    assert good[0].accuracy == 0.5
    assert bad[0].accuracy == 0.0


@pytest.mark.parametrize("names", [["one"] * IMAGES, [str(each) for each in range(IMAGES)]])
def test_a_column_of_one_value_or_of_names_divides_nothing(names):
    assert judged(camera=names).slices == {}
