"""Rows of predictions: the likeliest classes, and none where the network is unsure."""

from __future__ import annotations

import numpy as np
import pytest

from transferkit.errors import ConfigError
from transferkit.serving.rows import RowOptions, prediction_rows, unsure_label

CLASSES = ("cat", "dog", "owl")
PROBABILITIES = np.array([[0.1, 0.7, 0.2], [0, 0, 0], [0.4, 0.2, 0.4]], np.float32)


def rows(options: RowOptions, classes: tuple[str, ...] = CLASSES) -> dict[str, list[object]]:
    frame = prediction_rows(
        ["a", "b", "c"],
        ["", "is empty", ""],
        PROBABILITIES,
        classes=classes,
        options=options,
    )
    return {str(name): frame[name].tolist() for name in frame}


def test_each_class_has_a_column_by_default() -> None:
    found = rows(RowOptions())
    assert list(found) == ["path", "class", "probability", "problem", "p(cat)", "p(dog)", "p(owl)"]
    assert found["class"] == ["dog", "", "cat"]
    assert found["probability"] == pytest.approx([0.7, np.nan, 0.4], nan_ok=True)


def test_the_likeliest_classes_are_in_order_and_equal_ones_in_that_of_the_classes() -> None:
    found = rows(RowOptions(top_k=2))
    assert list(found)[4:] == ["class_1", "p_1", "class_2", "p_2"]
    assert found["class_1"] == ["dog", "", "cat"]
    assert found["class_2"] == ["owl", "", "owl"]
    assert found["p_2"] == pytest.approx([0.2, np.nan, 0.4], nan_ok=True)


def test_there_are_no_more_of_them_than_classes() -> None:
    assert list(rows(RowOptions(top_k=9)))[-1] == "p_3"


@pytest.mark.parametrize("top_k", [0, 2])
def test_an_unsure_image_has_no_class_and_all_probabilities(top_k: int) -> None:
    found = rows(RowOptions(abstain=0.5, top_k=top_k))
    assert found["class"] == ["dog", "", "unsure"]
    assert found["probability"] == pytest.approx([0.7, np.nan, 0.4], nan_ok=True)


def test_a_probability_of_just_so_much_is_sure() -> None:
    assert rows(RowOptions(abstain=float(np.float32(0.4))))["class"] == ["dog", "", "cat"]


def test_a_class_that_is_called_unsure_is_told_from_no_class() -> None:
    assert unsure_label(CLASSES) == "unsure"
    assert unsure_label(("unsure", "(unsure)")) == "((unsure))"
    found = rows(RowOptions(abstain=0.5), ("cat", "unsure", "owl"))
    assert found["class"] == ["unsure", "", "(unsure)"]


def test_numbers_out_of_range_are_one_sentence() -> None:
    with pytest.raises(ConfigError) as caught:
        RowOptions(abstain=1.5)
    assert str(caught.value) == "The setting 'abstain' is 1.5: it should be between 0 and 1."
