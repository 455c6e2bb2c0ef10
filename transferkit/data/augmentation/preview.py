"""Contact sheet: some pictures, augmented by a policy, to look at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from PIL import Image, ImageDraw, ImageFont

from transferkit.data.augmentation.ops import augment
from transferkit.data.augmentation.policies import Policy

VIEWS = 7  # augmented pictures in a row, right of the plain one
CELL = 144  # pixels along a picture's side on the sheet: eight of them fit a laptop's screen
GAP, SPLIT_GAP, MARGIN = 8, 24, 32  # pixels between views, after the plain one, around it all
CAPTION = 36  # pixels above a row, for its class
TITLE = 32  # pixels above all rows
TEXT, GREY, PAPER = (34, 34, 34), (120, 120, 120), (255, 255, 255)


def contact_sheet(
    images: np.ndarray, policy: Policy, seed: int = 0, *, labels: Sequence[str] = ()
) -> Image.Image:
    """Draw one row per image: the plain picture, then seven augmented by `policy`.

    Args:
        images: `(images, height, width, 3)` uint8 RGB, as for the network.
        policy: a row of the table of policies.
        seed: decides the views; training draws others.
        labels: the class of each image, written above its row.
    """
    step = CELL + GAP
    width = 2 * MARGIN + CELL + SPLIT_GAP + VIEWS * step - GAP
    height = 2 * MARGIN + TITLE + len(images) * (CAPTION + step) - GAP
    sheet = Image.new("RGB", (width, height), PAPER)
    pen = ImageDraw.Draw(sheet)
    first = MARGIN + CELL + SPLIT_GAP  # where the augmented views begin
    pen.text((MARGIN, MARGIN), "Plain", fill=TEXT, font=_font(16))
    heading = f"Augmented by the policy {policy.name!r}: {policy.title}"
    pen.text((first, MARGIN), heading, fill=TEXT, font=_font(16))
    for row, image in enumerate(images):
        top = MARGIN + TITLE + row * (CAPTION + step)
        label = labels[row] if row < len(labels) else f"image {row + 1}"
        name = _fitting(label, CELL)
        pen.text((MARGIN, top + CAPTION - 6), name, fill=GREY, font=_font(13), anchor="ld")
        sheet.paste(_shown(image), (MARGIN, top + CAPTION))
        for column, view in enumerate(_views(image, policy, (seed, row))):
            sheet.paste(_shown(view), (first + column * step, top + CAPTION))
    return sheet


def _views(image: np.ndarray, policy: Policy, seed: tuple[int, int]) -> np.ndarray:
    """`(VIEWS, side, side, 3)` uint8, each drawn anew."""
    batch = tf.repeat(tf.cast(image[None], tf.float32), VIEWS, axis=0)
    return np.rint(augment(batch, policy, tf.constant(seed, tf.int64)).numpy()).astype(np.uint8)


def _shown(image: np.ndarray) -> Image.Image:
    """Return the picture at the sheet's size; a small one keeps its square pixels."""
    small = len(image) < CELL
    how = Image.Resampling.NEAREST if small else Image.Resampling.LANCZOS
    return Image.fromarray(image).resize((CELL, CELL), how)


def _fitting(text: str, width: int) -> str:
    """Return `text`, cut with dots where it would be wider than `width` pixels."""
    font = _font(13)
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}...") > width:
        text = text[:-1]
    return f"{text}..."


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
