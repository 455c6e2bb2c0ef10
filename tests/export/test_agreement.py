"""Agreement of probabilities, and its cause where there is none, from arrays alone."""

from __future__ import annotations

import numpy as np
import pytest

from transferkit.export.agreement import diagnose, measure_agreement, tempered
from transferkit.export.formats import find_format


def drawn(images=20, classes=4, seed=0):
    generator = np.random.default_rng(seed)
    return generator.dirichlet(np.ones(classes), images).astype(np.float32)


ANSWERS = drawn()
OTHERS = {"again": ANSWERS} | {
    name: drawn(seed=seed) for seed, name in enumerate(("swapped", "unit", "signed"), start=1)
}


@pytest.mark.parametrize("to", ["onnx", "litert-int8"])
def test_equal_answers_are_within_every_bound(to):
    agreement = measure_agreement(ANSWERS, ANSWERS, ANSWERS.argmax(axis=1))
    assert agreement.is_within(find_format(to))
    assert (agreement.max_difference, agreement.same_top1) == (0, 1)
    assert (agreement.accuracy, agreement.network_accuracy) == (1, 1)


def test_a_difference_beyond_the_bound_is_not_within_it():
    near, far = ANSWERS.copy(), ANSWERS.copy()
    near[0, 0] += 0.0009
    far[0, 0] += 0.0011
    row = find_format("onnx")
    assert measure_agreement(ANSWERS, near).is_within(row)
    assert not measure_agreement(ANSWERS, far).is_within(row)


def test_numbers_that_are_none_are_within_no_bound():
    broken = ANSWERS.copy()
    broken[3, 1] = np.nan
    for to in ("onnx", "litert-int8"):
        assert not measure_agreement(ANSWERS, broken).is_within(find_format(to))
    assert diagnose(ANSWERS, OTHERS | {"same": broken}) == (
        "some of its probabilities are not finite numbers"
    )


def test_a_tie_of_the_network_itself_may_go_either_way():
    tie, other = np.array([[0.5, 0.4999, 0.0001]]), np.array([[0.4999, 0.5, 0.0001]])
    assert measure_agreement(tie, other).same_top1 == 1
    assert measure_agreement(tie, other, tie=0).same_top1 == 0


def test_of_integers_one_class_in_fifty_may_be_another():
    answers = drawn(images=100)
    for wrong, is_within in ((2, True), (3, False)):
        other = answers.copy()
        other[:wrong] = np.roll(other[:wrong], 1, axis=1)
        assert measure_agreement(answers, other).is_within(find_format("litert-int8")) == is_within


def test_an_array_of_another_shape_is_its_own_cause():
    same = ANSWERS[:, :3]
    assert not measure_agreement(ANSWERS, same).is_within(find_format("litert-int8"))
    assert diagnose(ANSWERS, OTHERS | {"same": same}) == (
        "it gives an array (20, 3) in place of (20, 4)"
    )


def test_images_of_unknown_labels_have_no_accuracy():
    assert measure_agreement(ANSWERS, ANSWERS, np.full(20, -1)).accuracy is None


@pytest.mark.parametrize("factor", [0.3, 0.7, 1.5, 4.0])
def test_a_temperature_is_told_with_its_value(factor):
    same = tempered(ANSWERS, factor)
    cause = diagnose(ANSWERS, OTHERS | {"same": same, "again": same})
    assert cause == f"another temperature, {factor:.3g} times that of the network"


def test_integers_do_not_hide_the_class_order():
    noise = np.random.default_rng(5).normal(0, 0.01, ANSWERS.shape)
    same = ANSWERS[:, [1, 0, 2, 3]] + noise
    assert diagnose(ANSWERS, OTHERS | {"same": same, "again": same}) == (
        "the class order, since its column 1 is the class 0 of the network (2 of 4 classes are "
        "elsewhere)"
    )


def test_other_answers_have_no_known_cause():
    same = drawn(seed=9)
    assert diagnose(ANSWERS, OTHERS | {"same": same, "again": same}) == ""
