import numpy as np

from transferkit.evaluation.intervals import score_intervals
from transferkit.evaluation.results import Result
from transferkit.evaluation.significance import holm, pairwise
from transferkit.report.comparison.recommendation import choices_by_budget

IMAGES = 200
TRUTH = np.arange(IMAGES) % 2


def answering(name, right, seconds, megabytes):
    predicted = np.where(np.arange(IMAGES) < right, TRUTH, 1 - TRUTH)
    answers = np.eye(2, dtype=np.float32)[predicted]
    return Result(name, "baseline", answers, seconds, 2.0, megabytes)


def chosen(*results):
    differences = pairwise(TRUTH, {each.name: each.probabilities for each in results})
    accuracies = [
        score_intervals(TRUTH, each.probabilities, "ab", draws=50)["accuracy"] for each in results
    ]
    return choices_by_budget(results, TRUTH, differences, accuracies=accuracies)


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


def test_what_is_clear_alone_but_not_as_one_of_many_is_not_worth_its_price():
    """Six images more: 3 % by chance for the one pair, and more as one of six pairs."""
    rivals = [answering(f"rival {number}", 130, 9, 99) for number in range(2)]
    cheap, dear = answering("cheap", 130, 1, 1), answering("dear", 136, 60, 60)
    (alone,) = pairwise(TRUTH, {each.name: each.probabilities for each in (cheap, dear)})
    assert alone.p_value < 0.05 < holm([alone.p_value, 1, 1, *[alone.p_value] * 3])[0]
    assert [each.name for each in chosen(cheap, dear)["training time"]] == ["cheap", "dear"]
    found = chosen(cheap, dear, *rivals)
    assert [each.name for each in found["training time"]] == ["cheap"]


def test_what_is_no_better_than_a_constant_answer_is_never_chosen():
    found = chosen(answering("guess", 105, 1, 1), answering("dear", 180, 60, 60))
    assert [each.name for each in found["training time"]] == ["dear"]
    assert chosen(answering("guess", 105, 1, 1)) == {title: [] for title in found}
