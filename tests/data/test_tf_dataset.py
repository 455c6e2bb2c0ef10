from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from transferkit.config.settings import DataConfig
from transferkit.data.augmentation.policies import find_policy
from transferkit.data.loading.tf_dataset import Augmentation, naming_bad_files, training_batches

pytestmark = pytest.mark.slow

SIDE, IMAGES = 8, 23
DATA = DataConfig(image_size=SIDE)
FLIP, PHOTO, NONE = (find_policy(name) for name in ("flip", "photo", "none"))


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """Image `k` has the value 10 k, a little brighter on its right half."""
    folder = tmp_path_factory.mktemp("batches")
    for number in range(IMAGES):
        pixels = np.full((SIDE, SIDE), 10 * number, np.uint8)
        pixels[:, SIDE // 2 :] += 2
        Image.fromarray(pixels).save(folder / f"{number:02}.png")
    return [str(path) for path in sorted(folder.iterdir())]


def numbers(images):
    """Which image each is, by its value."""
    return np.rint((images.mean(axis=(1, 2, 3)) - 1) / 10).astype(int)


def batches_of(paths, **options):
    """Training batches whose target `(images, 1)` and weight are the number of the image."""
    targets = np.arange(len(paths), dtype=np.float32)[:, None]
    weights = np.arange(len(paths), dtype=np.float32)
    return training_batches(
        paths, targets, SIDE, data=DATA, batch_size=5, weights=weights, **options
    )


def epoch(batches):
    """All of one pass: images, targets, weights."""
    return [np.concatenate(parts) for parts in zip(*batches.as_numpy_iterator(), strict=True)]


def augmented(paths, policy=PHOTO, *, mix="none", seed=0):
    return batches_of(paths, augmentation=Augmentation(policy, mix=mix, seed=seed))


def test_a_name_that_is_not_utf_8_is_read(tmp_path):
    Image.new("L", (4, 4), 9).save(tmp_path / "caf\udce9.png")
    batches = training_batches(
        [str(tmp_path / "caf\udce9.png")],
        np.zeros((1, 2), np.float32),
        SIDE,
        data=DATA,
        batch_size=1,
    )
    images, *_ = next(batches.as_numpy_iterator())
    assert images.mean() == 9


def test_no_file_is_blamed_for_a_lack_of_memory():
    with (
        pytest.raises(tf.errors.ResourceExhaustedError),
        naming_bad_files(["nowhere.png"], SIDE, DATA),
    ):
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating a tensor")


def test_training_batches_are_float32_of_0_to_255(paths):
    images, targets, weights = next(batches_of(paths).as_numpy_iterator())
    assert (images.shape, images.dtype) == ((5, SIDE, SIDE, 3), np.float32)
    assert (targets.dtype, weights.dtype) == (np.float32, np.float32)
    assert images.max() == 42


def test_without_augmentation_all_is_as_given(paths):
    images, targets, weights = epoch(batches_of(paths))
    assert numbers(images).tolist() == targets[:, 0].tolist() == weights.tolist()
    assert weights.tolist() == list(range(IMAGES))


def test_weights_are_1_where_none_are_given(paths):
    targets = np.zeros((IMAGES, 2), np.float32)
    assert (epoch(training_batches(paths, targets, SIDE, data=DATA, batch_size=5))[2] == 1).all()


def test_every_image_comes_once_in_an_epoch(paths):
    for _ in range(2):
        assert sorted(epoch(augmented(paths, NONE))[2]) == list(range(IMAGES))


@pytest.mark.parametrize("policy", [NONE, FLIP], ids=lambda policy: policy.name)
def test_targets_and_weights_belong_to_their_images_after_shuffling(paths, policy):
    images, targets, weights = epoch(augmented(paths, policy))
    assert numbers(images).tolist() == targets[:, 0].tolist() == weights.tolist()


def test_the_order_is_another_in_every_epoch(paths):
    batches = augmented(paths, NONE)
    first, second = epoch(batches)[2], epoch(batches)[2]
    assert first.tolist() != second.tolist()


def by_number(found):
    """The images in the order of their weights."""
    return found[0][np.argsort(found[2])]


def test_augmentation_is_another_in_every_epoch(paths):
    batches = augmented(paths)
    found = [by_number(epoch(batches)) for _ in range(3)]
    same = [(a == b).all(axis=(1, 2, 3)).mean() for a, b in pairwise(found)]
    assert max(same) < 0.2


def test_mirroring_is_drawn_anew_in_every_epoch(paths):
    """Over 8 epochs each image is seen both ways, but for one in 128."""
    batches = augmented(paths, FLIP)
    mirrored = [
        (each[:, 0, 0, 0] > each[:, 0, -1, 0])
        for each in map(by_number, [epoch(batches) for _ in range(8)])
    ]
    assert np.ptp(np.array(mirrored).astype(int), axis=0).mean() > 0.8


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_each_epoch_of_a_second_run_equals_that_of_the_first(paths, seed):
    first, second = augmented(paths, seed=seed), augmented(paths, seed=seed)
    for _ in range(3):
        for one, other in zip(epoch(first), epoch(second), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("mix", ["mixup", "cutmix"])
def test_mixing_is_the_same_in_a_second_run_and_another_in_the_next_epoch(paths, mix):
    first, second = augmented(paths, mix=mix), augmented(paths, mix=mix)
    one, other = epoch(first), epoch(second)
    np.testing.assert_array_equal(one[1], other[1])
    assert not np.array_equal(epoch(first)[1], one[1])


def test_another_seed_gives_other_batches(paths):
    one, other = epoch(augmented(paths, seed=1)), epoch(augmented(paths, seed=2))
    assert one[2].tolist() != other[2].tolist()


def test_the_end_of_an_epoch_waits_for_no_tuning(paths):
    """A thread that tunes a pipeline sleeps, and what ends the pipeline may wait for it."""
    assert augmented(paths).options().autotune.enabled is False


@pytest.mark.parametrize("threads", [1, 2, 16])
def test_the_number_of_threads_changes_nothing(paths, threads):
    options = tf.data.Options()
    options.threading.private_threadpool_size = threads
    found = epoch(augmented(paths).with_options(options))
    for one, other in zip(found, epoch(augmented(paths)), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kind", ["mixup", "cutmix"])
def test_a_weight_is_blended_as_its_target_is(kind, drawn):
    paths = sorted(str(path) for path in drawn("few", ("a", "b"), 8, image_size=24).rglob("*.png"))
    targets = np.eye(2, dtype=np.float32)[[int("/b/" in path) for path in paths]]
    by_class = np.array([1.0, 3.0], np.float32)
    batches = training_batches(
        paths, targets, 24, data=DataConfig(), batch_size=16, weights=targets @ by_class,
        augmentation=Augmentation(find_policy("none"), kind, seed=1),
    )  # fmt: skip
    _, mixed, weights = next(iter(batches))
    assert not np.isin(mixed, [0, 1]).all()
    np.testing.assert_allclose(weights, mixed.numpy() @ by_class, rtol=1e-5)
