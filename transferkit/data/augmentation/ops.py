"""Random augmentation of training images; the same seed gives the same images.

The draws are stateless, so neither the order of threads nor earlier calls change a result. The
functions take whole batches: eagerly, in a `tf.function`, or inside `tf.data`.
"""

from __future__ import annotations

import math

import tensorflow as tf

from transferkit.data.augmentation.policies import Policy
from transferkit.errors import unknown_name

DRAWS = (
    ("flip", "angle", "zoom", "right", "down")
    + ("brightness", "contrast", "saturation")
    + ("erased", "area", "aspect", "across", "along")
)  # one uniform number of each per image
LUMA = (0.299, 0.587, 0.114)  # red, green, blue: ITU-R BT.601
ASPECT = 2.0  # an erased rectangle is up to twice as wide as high, or as high as wide
MIX_ALPHA = {
    "mixup": 0.2,  # arXiv 1710.09412 finds 0.1 to 0.4 best on ImageNet
    "cutmix": 1.0,  # arXiv 1905.04899: any share is as likely as any other
}


def augment(images: tf.Tensor, policy: Policy, seed: tf.Tensor) -> tf.Tensor:
    """Augment `images` by `policy`: moved once, recoloured, then erased in part.

    Args:
        images: `(batch, side, side, 3)` float32 RGB, 0..255.
        policy: the bounds of the changes; `none` returns `images` untouched.
        seed: `(2,)` integers. An image's changes depend on the seed and its index in the batch.

    Returns:
        `(batch, side, side, 3)` float32, 0..255.
    """
    # Philox, since the default algorithm is another one on some devices.
    shape = (tf.shape(images)[0], len(DRAWS))
    return change(images, policy, tf.random.stateless_uniform(shape, seed, alg="philox"))


def change(images: tf.Tensor, policy: Policy, table: tf.Tensor) -> tf.Tensor:
    """Augment `images` as `augment` does, by the draws in `table`.

    `table` is `(batch, draws)` float32, 0..1, a column for each name in `DRAWS`.
    """
    if not policy.changes:
        return images
    images = tf.convert_to_tensor(images)
    draws = dict(zip(DRAWS, tf.unstack(table, axis=1), strict=True))
    if policy.moves:
        images = _move(images, policy, draws)
    if policy.recolours:
        images = _recolour(images, policy, draws)
    if policy.erase:
        images = _erase(images, policy, draws)
    return tf.clip_by_value(images, 0.0, 255.0)


def mix(
    images: tf.Tensor,
    targets: tf.Tensor,
    kind: str,
    *,
    seed: tf.Tensor,
    alpha: float | None = None,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Blend each image with the one before it in the batch, and the targets likewise.

    mixup (arXiv 1710.09412) averages the two images; cutmix (arXiv 1905.04899) pastes a rectangle
    of the other. As in the code of both papers, one share is drawn for a batch. Batches are
    shuffled, so the neighbour is a random partner.

    Args:
        images: `(batch, side, side, 3)` float32.
        targets: `(batch, classes)` float32, each row a distribution.
        kind: none, mixup or cutmix.
        seed: `(2,)` integers.
        alpha: the share is drawn from Beta(alpha, alpha); each paper's own if not given.

    Raises:
        ConfigError: there is no such kind.
    """
    if kind == "none":
        return images, targets
    if kind not in MIX_ALPHA:
        raise unknown_name("way to mix", kind, ["none", *MIX_ALPHA])
    seeds = tf.unstack(tf.random.split(seed, 2, alg="philox"))
    share = _beta(MIX_ALPHA[kind] if alpha is None else alpha, seeds[0])
    partners = tf.roll(images, shift=1, axis=0)
    if kind == "mixup":
        mask = share * tf.ones_like(images[:1, :, :, :1])
    else:
        mask = _outside_box(tf.shape(images)[1], share, seeds[1])
    share = tf.reduce_mean(mask)
    mixed_targets = share * targets + (1.0 - share) * tf.roll(targets, shift=1, axis=0)
    return mask * images + (1.0 - mask) * partners, mixed_targets


def _move(images: tf.Tensor, policy: Policy, draws: dict[str, tf.Tensor]) -> tf.Tensor:
    """Flip, rotate, zoom and shift at once: one interpolation blurs less than four."""
    side = tf.cast(tf.shape(images)[1], tf.float32)
    mirror = tf.where(policy.flip & (draws["flip"] < 0.5), -1.0, 1.0)
    angle = _around_zero(draws["angle"], math.radians(policy.rotation))
    # The transform leads from each new pixel to the old one, so the scale is the inverse.
    scale = tf.exp(_around_zero(draws["zoom"], math.log1p(policy.zoom)))
    cosine, sine = scale * tf.cos(angle), scale * tf.sin(angle)
    right = _around_zero(draws["right"], policy.shift) * side
    down = _around_zero(draws["down"], policy.shift) * side
    centre = (side - 1.0) / 2.0  # the centre of the image stays, but for the shift
    rows = [
        (mirror * cosine, -mirror * sine, centre - mirror * (cosine - sine) * centre + right),
        (sine, cosine, centre - (sine + cosine) * centre + down),
    ]
    zeros = tf.zeros_like(angle)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.stack([*rows[0], *rows[1], zeros, zeros], axis=1),
        output_shape=tf.shape(images)[1:3],
        interpolation="BILINEAR",
        fill_mode="REFLECT",  # a black edge would tell the network how far an image was turned
        fill_value=0.0,
    )


def _recolour(images: tf.Tensor, policy: Policy, draws: dict[str, tf.Tensor]) -> tf.Tensor:
    """Change saturation, contrast and brightness: a weighted sum of pixel, grey and mean grey."""
    brightness = 1.0 + _around_zero(draws["brightness"], policy.brightness)
    contrast = 1.0 + _around_zero(draws["contrast"], policy.contrast)
    saturation = (1.0 + _around_zero(draws["saturation"], policy.saturation))[:, None, None]
    luma = tf.constant(LUMA)
    mean = tf.tensordot(tf.reduce_mean(images, axis=(1, 2)), luma, axes=1)
    to_grey = tf.tile(luma[:, None], (1, 3))
    matrix = saturation * tf.eye(3) + (1.0 - saturation) * to_grey
    # Matrix and offset of each image, so that its pixels are gone through once.
    matrix *= (brightness * contrast)[:, None, None]
    offset = (brightness * (1.0 - contrast) * mean)[:, None, None]
    pixels = tf.reshape(images, (tf.shape(images)[0], -1, 3))
    return tf.reshape(pixels @ matrix + offset, tf.shape(images))


def _erase(images: tf.Tensor, policy: Policy, draws: dict[str, tf.Tensor]) -> tf.Tensor:
    """Fill one rectangle of half of the images with the mean colour (arXiv 1708.04896)."""
    area = tf.where(draws["erased"] < 0.5, draws["area"] * policy.erase, 0.0)
    aspect = tf.exp(_around_zero(draws["aspect"], math.log(ASPECT)))
    width, height = tf.sqrt(area * aspect), tf.sqrt(area / aspect)
    left, top = draws["across"] * (1.0 - width), draws["along"] * (1.0 - height)
    # Where the pixels are, as shares of the side.
    at = (tf.range(tf.shape(images)[1], dtype=tf.float32) + 0.5) / tf.cast(
        tf.shape(images)[1], tf.float32
    )
    columns = (at >= left[:, None]) & (at < (left + width)[:, None])
    rows = (at >= top[:, None]) & (at < (top + height)[:, None])
    inside = (rows[:, :, None] & columns[:, None, :])[..., None]
    return tf.where(inside, tf.reduce_mean(images, axis=(1, 2), keepdims=True), images)


def _outside_box(side: tf.Tensor, share: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """`(1, side, side, 1)` float32: 0 in a box of `1 - share` of the area, cut at the edges."""
    length = tf.cast(side, tf.float32)
    half = tf.sqrt(1.0 - share) * length / 2.0
    centre = tf.random.stateless_uniform((2,), seed, alg="philox") * length
    at = tf.range(side, dtype=tf.float32) + 0.5
    rows, columns = (tf.abs(at - centre[axis]) < half for axis in (0, 1))
    inside = rows[:, None] & columns[None, :]
    return 1.0 - tf.cast(inside, tf.float32)[None, :, :, None]


def _beta(alpha: float, seed: tf.Tensor) -> tf.Tensor:
    """Draw from Beta(alpha, alpha): of two gammas, the share of the first."""
    first, second = tf.unstack(tf.random.stateless_gamma((2,), seed, alpha=alpha))
    # Both can be too small for float32 where alpha is; the pair is swapped then, not lost.
    return tf.math.divide_no_nan(first, first + second)


def _around_zero(uniform: tf.Tensor, bound: float) -> tf.Tensor:
    """Scale draws of 0..1 to -bound..bound."""
    return (2.0 * uniform - 1.0) * bound
