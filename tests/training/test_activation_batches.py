"""Batches of kept activations: every image once an epoch, as one of its versions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from kept_worlds import WIDTH, World

from transferkit.features.cache.table import MappedFeatures
from transferkit.training.activation_batches import ActivationBatches
from transferkit.training.dataset import SplitData

IMAGES = 10


@pytest.fixture
def versions(tmp_path: Path) -> list[MappedFeatures]:
    """Of image 3, the plain activations begin with 24, those of its first view with 24,000."""
    found = []
    for name, scale in (("plain", 1), ("view", 1000)):
        rows = World(tmp_path / name).map(*range(IMAGES), scale=scale)
        assert rows is not None
        found.append(rows)
    return found


@pytest.fixture
def part() -> SplitData:
    names = [str(number) for number in range(IMAGES)]
    weights = np.arange(IMAGES, dtype=np.float32)
    return SplitData(names, np.eye(IMAGES, dtype=np.float32), weights, batch_size=4, groups=names)


def epoch(batches: ActivationBatches) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The activations, class numbers and weights of a whole epoch."""
    values, targets, weights = zip(*batches.epoch(), strict=True)
    return np.concatenate(values), np.concatenate(targets).argmax(1), np.concatenate(weights)


def test_without_a_seed_all_is_in_order_and_plain(
    versions: list[MappedFeatures], part: SplitData
) -> None:
    values, truth, weights = epoch(ActivationBatches(versions, part))
    np.testing.assert_array_equal(truth, range(IMAGES))
    np.testing.assert_array_equal(weights, range(IMAGES))
    np.testing.assert_array_equal(values[:, 0], WIDTH * np.arange(IMAGES))


def test_every_image_is_there_once_with_its_own_target(
    versions: list[MappedFeatures], part: SplitData
) -> None:
    values, truth, weights = epoch(ActivationBatches(versions, part, seed=0))
    assert sorted(truth) == list(range(IMAGES))
    np.testing.assert_array_equal(weights, truth)
    assert {float(value) for value in values[:, 0] - WIDTH * truth} <= {
        0.0,
        *(999.0 * WIDTH * number for number in range(IMAGES)),
    }


def test_epochs_draw_other_orders_and_versions(
    versions: list[MappedFeatures], part: SplitData
) -> None:
    batches = ActivationBatches(versions, part, seed=0)
    seen, orders = set(), set()
    for _ in range(20):
        values, truth, _ = epoch(batches)
        seen |= set(values[:, 0].tolist())
        orders.add(tuple(truth))
    assert len(orders) == 20
    assert len(seen) == 2 * IMAGES - 1  # nought times a thousand is nought


def test_the_same_seed_draws_the_same(versions: list[MappedFeatures], part: SplitData) -> None:
    first, second = (epoch(ActivationBatches(versions, part, seed=3)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_blended_images_have_blended_targets_and_weights(
    versions: list[MappedFeatures], part: SplitData
) -> None:
    batches = ActivationBatches(versions[:1], part, seed=0, blend=1.0)
    values, targets, weights = next(batches.epoch())
    np.testing.assert_allclose(targets.sum(axis=1), 1, rtol=1e-6)
    assert (np.count_nonzero(targets, axis=1) == 2).all()
    expected = WIDTH * targets @ np.arange(IMAGES)  # the first of an image's activations
    np.testing.assert_allclose(values[:, 0], expected, rtol=1e-5)
    np.testing.assert_allclose(weights, expected / WIDTH, rtol=1e-5)


def test_without_a_seed_nothing_is_blended(versions: list[MappedFeatures], part: SplitData) -> None:
    values, _, _ = epoch(ActivationBatches(versions, part, blend=1.0))
    np.testing.assert_array_equal(values[:, 0], WIDTH * np.arange(IMAGES))


def test_fit_gets_the_batches_of_one_epoch_after_the_other(
    versions: list[MappedFeatures], part: SplitData
) -> None:
    plain, given = (
        ActivationBatches(versions, part, seed=1, blend=1.0),
        ActivationBatches(versions, part, seed=1, blend=1.0),
    )
    batches = given.batches()
    assert int(batches.cardinality()) == part.steps
    for _ in range(3):
        for expected, batch in zip(plain.epoch(), batches, strict=True):
            for one, other in zip(expected, batch, strict=True):
                np.testing.assert_array_equal(one, other)


def test_an_epoch_that_is_left_early_changes_no_other(
    versions: list[MappedFeatures], part: SplitData
) -> None:
    whole, left = (
        ActivationBatches(versions, part, seed=1, blend=1.0),
        ActivationBatches(versions, part, seed=1, blend=1.0),
    )
    list(whole.epoch())
    next(left.epoch())
    for one, other in zip(epoch(whole), epoch(left), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_end_of_an_epoch_waits_for_no_tuning(
    versions: list[MappedFeatures], part: SplitData
) -> None:
    assert ActivationBatches(versions, part).batches().options().autotune.enabled is False
