import itertools
import time
from collections import Counter

import numpy as np
import pytest

from transferkit.data.sources.split_names import SPLITS
from transferkit.data.splits import split_groups

SEEDS = range(25)
ORDER = ("train", "test", "validation")  # in which few images are shared out
SHARES = [(0.1, 0.2), (0.2, 0.2), (0.01, 0.01), (0.05, 0.5), (0.1, 0.8), (0.3, 0.3)]


def split(labels, groups=None, *, validation=0.1, test=0.2, seed=0):
    groups = [""] * len(labels) if groups is None else groups
    return split_groups(labels, groups, validation=validation, test=test, seed=seed)


def random_labels(seed):
    generator = np.random.default_rng(seed)
    sizes = generator.integers(1, 60, size=generator.integers(2, 9))
    labels = [f"class {number}" for number, size in enumerate(sizes) for _ in range(size)]
    return generator.permutation(labels).tolist()


def random_groups(seed):
    """Labels, and groups of up to five images of one class each."""
    generator = np.random.default_rng(seed)
    labels, groups = [], []
    for number in range(generator.integers(6, 40)):
        size = int(generator.integers(1, 6))
        labels += [f"class {number % 3}"] * size
        groups += [f"group {number}"] * size
    return labels, groups


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("validation", "test"), SHARES)
def test_each_class_is_shared_out_within_one_image_of_the_shares(seed, validation, test):
    labels = np.array(random_labels(seed))
    found = split(labels.tolist(), validation=validation, test=test, seed=seed)
    for label in set(labels):
        total = int((labels == label).sum())
        if total < 3:
            continue
        counts = Counter(found[labels == label])
        # A class is never left out of a split, so one image is the least where there are three.
        assert abs(counts["test"] - max(1, test * total)) <= 1.5
        assert abs(counts["validation"] - max(1, validation * total)) <= 1.5


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("validation", "test"), SHARES)
def test_a_class_is_in_every_split_that_it_could_be_in(seed, validation, test):
    labels = np.array(random_labels(seed))
    found = split(labels.tolist(), validation=validation, test=test, seed=seed)
    for label in set(labels):
        own = found[labels == label]
        assert set(own) == set(ORDER[: len(own)])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_group_is_never_parted(seed):
    labels, groups = random_groups(seed)
    found = split(labels, groups, seed=seed)
    assert all(len(set(found[np.array(groups) == group])) == 1 for group in set(groups))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_class_in_groups_is_in_every_split_that_its_groups_could_be_in(seed):
    labels, groups = random_groups(seed)
    found = split(labels, groups, seed=seed)
    for label in set(labels):
        own = np.array(labels) == label
        assert set(found[own]) == set(ORDER[: len(set(np.array(groups)[own]))])


@pytest.mark.parametrize("seed", SEEDS)
def test_groups_of_several_sizes_come_near_the_shares(seed):
    generator = np.random.default_rng(seed)
    sizes = generator.integers(1, 6, size=60)
    groups = [f"group {number}" for number, size in enumerate(sizes) for _ in range(size)]
    labels = [f"class {number % 2}" for number, size in enumerate(sizes) for _ in range(size)]
    shares = Counter(split(labels, groups, seed=seed).tolist())
    assert shares["test"] / len(labels) == pytest.approx(0.2, abs=0.05)
    assert shares["validation"] / len(labels) == pytest.approx(0.1, abs=0.05)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_class_of_groups_with_several_classes_is_kept_from_train(seed):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 4, size=40).astype(str).tolist()
    groups = generator.integers(0, 6, size=40).astype(str).tolist()
    found = split(labels, groups, seed=seed)
    assert set(np.array(labels)[found == "train"]) == set(labels)


def test_groups_with_several_classes_are_nearly_always_shared_as_well_as_can_be():
    """Against every possible split of three to six groups: in nine of ten nothing is better."""
    generator, worse = np.random.default_rng(1), 0
    for seed in range(100):
        holds = generator.random((generator.integers(3, 7), 3)) < 0.5
        holds[:, 0] |= ~holds.any(axis=1)
        pairs = np.argwhere(holds)
        found = split(pairs[:, 1].astype(str).tolist(), pairs[:, 0].astype(str).tolist(), seed=seed)
        own = [found[pairs[:, 0] == group][0] for group in range(len(holds))]
        possible = itertools.product(SPLITS, repeat=len(holds))
        worse += present(holds, own) < max(present(holds, each) for each in possible)
    assert worse <= 10


def present(holds, splits):
    """How many pairs of a class and a split have an image."""
    return sum(holds[np.array(splits) == name].any(axis=0).sum() for name in SPLITS)


def test_one_image_is_trained_on():
    assert split(["a"]).tolist() == ["train"]


def test_two_images_are_for_train_and_test():
    assert sorted(split(["a", "a"])) == ["test", "train"]


def test_one_group_is_trained_on_however_large_the_test_is_to_be():
    assert set(split(["a"] * 50, ["g"] * 50, test=0.8)) == {"train"}


def test_a_share_of_nothing_leaves_a_split_empty():
    assert set(split(["a"] * 50, test=0.0)) == {"train", "validation"}


def test_two_images_without_a_test_are_for_train_and_validation():
    assert sorted(split(["a", "a"], test=0.0)) == ["train", "validation"]


def test_the_same_seed_gives_the_same_split():
    labels = random_labels(3)
    assert (split(labels, seed=5) == split(labels, seed=5)).all()


def test_another_seed_gives_another_split():
    labels = random_labels(3)
    assert (split(labels, seed=5) != split(labels, seed=6)).any()


def test_over_many_seeds_every_image_is_tested_about_equally_often():
    labels = ["a"] * 20 + ["b"] * 20
    tested = sum((split(labels, seed=seed) == "test").astype(int) for seed in range(400))
    assert tested.min() > 50
    assert tested.max() < 110


def test_no_image_gives_no_split():
    assert split([]).tolist() == []


def test_ten_thousand_classes_of_three_images_take_seconds():
    labels = [str(number // 3) for number in range(30_000)]
    started = time.perf_counter()
    found = split(labels)
    assert Counter(found.tolist()) == {"train": 10_000, "test": 10_000, "validation": 10_000}
    assert time.perf_counter() - started < 10  # 0.5 s alone on one core
