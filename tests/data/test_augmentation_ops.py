import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from transferkit.data.augmentation.ops import MIX_ALPHA, augment, mix
from transferkit.data.augmentation.policies import POLICIES, Policy, find_policy
from transferkit.errors import ConfigError

CHANGING = [policy for policy in POLICIES if policy.name != "none"]
SEED = (3, 5)


def smooth_images(count: int = 16, image_size: int = 32) -> np.ndarray:
    """`(count, side, side, 3)` float32, 0..255: soft waves, each of its own colour."""
    generator = np.random.default_rng(0)
    at = np.linspace(0, np.pi, image_size)
    phase = generator.uniform(0, np.pi, (count, 1, 1, 3))
    waves = np.sin(at[None, :, None, None] + phase) * np.cos(at[None, None, :, None] * 2 + phase)
    return (127.5 + 60 * waves).astype(np.float32)


def one_hot(count: int = 16, classes: int = 4) -> np.ndarray:
    return np.eye(classes, dtype=np.float32)[np.arange(count) % classes]


def augmented(images: np.ndarray, policy: Policy, seed: tuple[int, int] = SEED) -> np.ndarray:
    return augment(tf.constant(images), policy, tf.constant(seed)).numpy()


def test_none_returns_the_very_images():
    images = tf.constant(smooth_images())
    assert augment(images, find_policy("none"), tf.constant(SEED)) is images


@pytest.mark.parametrize("policy", CHANGING, ids=lambda policy: policy.name)
def test_the_same_seed_gives_the_same_images(policy):
    images = smooth_images()
    np.testing.assert_array_equal(augmented(images, policy), augmented(images, policy))


@pytest.mark.parametrize("kind", [np.int32, np.int64])
def test_the_seed_may_be_of_32_or_64_bits(kind):
    images, policy = smooth_images(), find_policy("strong")
    found = augment(tf.constant(images), policy, tf.constant(np.array(SEED, kind)))
    np.testing.assert_array_equal(found, augmented(images, policy))


@pytest.mark.parametrize("policy", CHANGING, ids=lambda policy: policy.name)
def test_another_seed_gives_other_images(policy):
    images = smooth_images()
    assert (augmented(images, policy) != augmented(images, policy, seed=(3, 6))).any()


def test_an_image_changes_in_the_same_way_in_a_shorter_batch():
    images, policy = smooth_images(), find_policy("strong")
    shorter, longer = augmented(images[:5], policy), augmented(images, policy)[:5]
    np.testing.assert_allclose(shorter, longer, atol=0.01)


@pytest.mark.parametrize("policy", CHANGING, ids=lambda policy: policy.name)
def test_the_images_keep_shape_type_and_range(policy):
    extremes = np.random.default_rng(0).choice([0.0, 255.0], (8, 20, 20, 3)).astype(np.float32)
    found = augmented(extremes, policy)
    assert (found.shape, found.dtype) == (extremes.shape, np.float32)
    assert 0 <= found.min() < found.max() <= 255


@pytest.mark.parametrize("image_size", [7, 32, 33, 224])
def test_flip_gives_each_image_or_its_exact_mirror(image_size):
    images = (
        np.random.default_rng(0).uniform(0, 255, (12, image_size, image_size, 3)).astype(np.float32)
    )
    found = augmented(images, find_policy("flip"))
    plain = (found == images).all(axis=(1, 2, 3))
    mirrored = (found == images[:, :, ::-1]).all(axis=(1, 2, 3))
    assert (plain | mirrored).all()
    assert plain.any()
    assert mirrored.any()


def test_about_half_of_the_images_are_mirrored():
    images = np.tile(smooth_images(1, image_size=8), (2000, 1, 1, 1))
    changed = (augmented(images, find_policy("flip")) != images).any(axis=(1, 2, 3))
    assert 0.45 < changed.mean() < 0.55


@pytest.mark.parametrize("field", ["rotation", "zoom", "shift", "brightness", "contrast"])
def test_a_change_of_next_to_nothing_changes_next_to_nothing(field):
    policy = dataclasses.replace(find_policy("none"), **{field: 1e-6})
    images = smooth_images()
    np.testing.assert_allclose(augmented(images, policy), images, atol=0.01)


def test_a_draw_of_no_change_at_all_changes_no_bit(monkeypatch):
    def halves(shape, seed, alg):
        return tf.fill(shape, 0.5)  # the middle of every range

    monkeypatch.setattr(tf.random, "stateless_uniform", halves)
    images = np.random.default_rng(0).uniform(0, 255, (4, 31, 31, 3)).astype(np.float32)
    np.testing.assert_array_equal(augmented(images, find_policy("strong")), images)


@pytest.mark.parametrize(("name", "levels"), [("flip", 0.01), ("photo", 3), ("strong", 6)])
def test_the_mean_colour_is_kept_over_many_draws(name, levels):
    images = np.tile(smooth_images(), (40, 1, 1, 1))
    found = augmented(images, find_policy(name))
    np.testing.assert_allclose(found.mean(axis=(0, 1, 2)), images.mean(axis=(0, 1, 2)), atol=levels)


def test_a_move_fills_the_edges_with_the_image_itself():
    images = np.full((32, 24, 24, 3), 200, np.float32)
    policy = Policy("moves", "", rotation=45, zoom=0.5, shift=0.3)
    np.testing.assert_allclose(augmented(images, policy), images, atol=0.01)


def test_a_shift_moves_a_point_by_no_more_than_its_share():
    images = np.zeros((200, 40, 40, 3), np.float32)
    images[:, 20, 20] = 255
    found = augmented(images, Policy("shift", "", shift=0.1)).sum(axis=-1)
    rows, columns = np.divmod(found.reshape(200, -1).argmax(axis=1), 40)
    assert np.abs(rows - 20).max() == np.abs(columns - 20).max() == 4


def test_a_rotation_leaves_the_centre_where_it_is():
    images = np.zeros((50, 41, 41, 3), np.float32)
    images[:, 20, 20] = 255
    found = augmented(images, Policy("turn", "", rotation=30))
    np.testing.assert_allclose(found[:, 20, 20], 255, atol=0.1)


def test_less_saturation_keeps_the_luma():
    images, luma = smooth_images(), [0.299, 0.587, 0.114]
    found = augmented(images, Policy("fade", "", saturation=0.5))
    np.testing.assert_allclose(found @ luma, images @ luma, atol=0.01)
    assert np.abs(found - images).max() > 5


def test_erasing_takes_no_more_than_its_share_and_spares_half_of_the_images():
    images = np.tile(np.random.default_rng(0).uniform(0, 255, (1, 48, 48, 3)), (400, 1, 1, 1))
    images = images.astype(np.float32)
    erased = (augmented(images, Policy("erase", "", erase=0.2)) != images).any(axis=-1)
    shares = erased.mean(axis=(1, 2))
    assert 0.17 < shares.max() < 0.22  # the rectangle snaps to whole pixels
    assert 0.4 < (shares == 0).mean() < 0.6


def test_a_traced_function_gives_what_eager_code_does():
    images, policy = smooth_images(), find_policy("strong")
    traced = tf.function(
        lambda batch, seed: augment(batch, policy, seed),
        input_signature=[
            tf.TensorSpec((None, None, None, 3), tf.float32),
            tf.TensorSpec((2,), tf.int32),
        ],
    )
    np.testing.assert_allclose(
        traced(tf.constant(images), tf.constant(SEED)), augmented(images, policy), atol=1e-3
    )


def test_parallel_calls_in_tf_data_change_nothing():
    images, policy = smooth_images(), find_policy("strong")

    def batches(calls: int) -> np.ndarray:
        data = tf.data.Dataset.from_tensor_slices(images).batch(3).enumerate()
        data = data.map(
            lambda step, batch: augment(batch, policy, tf.stack([tf.constant(7, tf.int64), step])),
            num_parallel_calls=calls,
        )
        return np.concatenate(list(data.as_numpy_iterator()))

    np.testing.assert_array_equal(batches(1), batches(8))


@pytest.mark.parametrize("kind", MIX_ALPHA)
def test_mixed_targets_sum_to_one(kind):
    for step in range(20):
        _, targets = mix(smooth_images(), one_hot(), kind, seed=(1, step))
        np.testing.assert_allclose(targets.numpy().sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("kind", MIX_ALPHA)
def test_mixed_targets_agree_with_the_shares_of_the_pixels(kind):
    # Image k has the value 255 in channel k and nothing else, so that pixels are targets.
    images = np.zeros((3, 25, 25, 3), np.float32)
    images[range(3), :, :, range(3)] = 255
    for step in range(20):
        mixed, targets = mix(images, np.eye(3, dtype=np.float32), kind, seed=(2, step))
        np.testing.assert_allclose(mixed.numpy().mean(axis=(1, 2)) / 255, targets, atol=1e-4)


def test_cutmix_pastes_whole_pixels_of_the_neighbour():
    images = smooth_images()
    mixed, _ = mix(images, one_hot(), "cutmix", seed=(0, 1))
    own = (mixed.numpy() == images).all(axis=-1)
    other = (mixed.numpy() == np.roll(images, 1, axis=0)).all(axis=-1)
    assert (own | other).all()
    assert not own.all()


@pytest.mark.parametrize("kind", MIX_ALPHA)
def test_mixing_is_reproducible_and_moves_with_the_seed(kind):
    first, again, other = (
        mix(smooth_images(), one_hot(), kind, seed=(9, step))[0].numpy() for step in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_mixup_shares_follow_their_beta_distribution():
    draw = tf.function(
        lambda seed: mix(tf.zeros((2, 1, 1, 3)), tf.eye(2), "mixup", seed=seed, alpha=0.4)[1][0, 0]
    )
    shares = np.array([draw(tf.constant((0, step))).numpy() for step in range(2000)])
    variance = 1 / (4 * (2 * 0.4 + 1))  # of Beta(a, a)
    assert abs(shares.mean() - 0.5) < 0.03
    assert abs(shares.var() - variance) < 0.01


@pytest.mark.parametrize("alpha", [1e-3, 1e-2])
def test_a_tiny_alpha_gives_no_nan(alpha):
    for step in range(50):
        mixed, targets = mix(smooth_images(2, 8), one_hot(2), "mixup", seed=(0, step), alpha=alpha)
        assert np.isfinite(mixed).all()
        assert np.isfinite(targets).all()


def test_an_unknown_way_to_mix_is_named_with_the_nearest():
    with pytest.raises(ConfigError) as caught:
        mix(smooth_images(), one_hot(), "mixxup", seed=SEED)
    assert str(caught.value) == "No way to mix is called 'mixxup': did you mean 'mixup'?"


def test_mixing_by_none_changes_nothing():
    images, targets = smooth_images(), one_hot()
    found = mix(images, targets, "none", seed=SEED)
    assert found[0] is images
    assert found[1] is targets
