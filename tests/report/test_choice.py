import numpy as np

from transferkit.evidence.comparison import pairwise
from transferkit.evidence.results import Result
from transferkit.report.choice import choices_by_budget

IMAGES = 200
TRUTH = np.arange(IMAGES) % 2


def answering(name, right, seconds, megabytes):
    predicted = np.where(np.arange(IMAGES) < right, TRUTH, 1 - TRUTH)
    answers = np.eye(2, dtype=np.float32)[predicted]
    return Result(name, "classic", answers, seconds, 2.0, megabytes)


def chosen(*results):
    differences = pairwise(TRUTH, {each.name: each.probabilities for each in results})
    return choices_by_budget(results, TRUTH, differences)


def test_a_dearer_one_is_chosen_where_it_is_clearly_better():
    found = chosen(
        answering("cheap", 120, 1, 50),
        answering("like it", 121, 5, 9),
        answering("dear", 180, 60, 1),
    )
    assert found["training time"] == [("1 s", "cheap", "60.0 %"), ("1 min 0 s", "dear", "90.0 %")]


def test_each_kind_of_cost_has_its_own_order():
    found = chosen(answering("cheap", 120, 1, 50), answering("dear", 180, 60, 1))
    assert list(found) == ["training time", "time an image", "size on disk"]
    assert found["size on disk"] == [("1.0 MB", "dear", "90.0 %")]
    assert found["time an image"] == [("2.0 ms", "dear", "90.0 %")]
