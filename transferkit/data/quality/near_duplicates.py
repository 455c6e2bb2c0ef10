"""Near duplicates: rescaled, recompressed, cropped, mirrored, turned, brightened, grey copies.

Candidates are pairs whose thumbnails, or a window of one of them, correlate (`retrieval`).
They are laid over each other, first as thumbnails, then read again and larger: a pair is a near
copy where both agree in nearly every small part. Look-alikes (two slices of heads, two hands
before one wall) agree on the whole, not in their parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from PIL import Image

from transferkit.data.decoding.decode import decode, in_threads, to_square
from transferkit.data.quality.frame_changes import changed_in_part
from transferkit.data.quality.image_alignment import (
    IDENTITY_WARP,
    agreement,
    align,
    correlations,
    fineness,
    isotropy,
    oriented,
)
from transferkit.data.quality.retrieval import WINDOWS, Candidates, candidates, rank
from transferkit.runtime.progress import track

THUMB = 32  # pixels along the side of a thumbnail
MIN_CORRELATION = 0.75  # of candidates: a crop between two windows can lower it so far
MAX_CANDIDATES = 8  # of an image that are aligned as thumbnails
MIN_COARSE_CORRELATION = 0.7  # of aligned coarse thumbnails
MAX_COARSE_CANDIDATES = 4  # of an image, after that
PARTS = 4  # along a thumbnail, whose agreement is measured before anything is read
MIN_PARTS, MIN_PARTS_CLOSE = 0.8, 0.65  # mean agreement; of a close window, of few pixels
MAX_CLOSE = 0.8  # share of a side: a window below it is read larger
PAIRS_AT_ONCE = 64  # that are read and aligned in one go: 15 MB
MIN_CONTRAST = 3.0  # grey values: a thumbnail with less is like any other such
GREY = np.array([0.299, 0.587, 0.114], np.float32)  # of red, green and blue: ITU-R BT.601
COMPARISON_SIZE = 96  # pixels at which pairs are confirmed; half of it below `MAX_SMALL_SIZE`
MAX_SMALL_SIZE, MIN_SIDE = 64, 32  # pixels
MIN_AGREEMENT_HALF, MIN_AGREEMENT = 0.78, 0.86  # mean of parts, at half of the side and the side
MIN_AGREEMENT_PLAIN = 0.975  # the same of pictures with little detail
MAX_MOVE_PLAIN = 0.02  # half pictures, of these
MIN_RICH = 9  # parts, of 36, of a photograph or a scan
MIN_FINENESS = 0.03  # less have pictures that were enlarged, or are out of focus
MIN_RICH_SMALL, MIN_FINENESS_SMALL = 12, 0.035  # of small pictures, which agree more easily
MAX_MOVE_SMALL = 0.2  # half pictures: the rest of a small picture is too little for more
MIN_ISOTROPY = 0.1  # stripes of one period agree, whatever they are of
MIN_TENTH = 0.5  # agreement that nine in ten parts reach: else another thing is in the picture
Pair = tuple[int, int]


def shrink(image: Image.Image) -> Image.Image:
    """Return the RGB `image` for `perceptual_hash`: grey, `THUMB` pixels along each side."""
    return to_square(image.convert("L"), THUMB, "squash")


def perceptual_hash(grey: Image.Image) -> bytes:
    """Return a shrunk image as bytes, for `near_duplicates` and `image_checks`."""
    return grey.tobytes()


def hash_thumbnails(sketches: Sequence[bytes]) -> np.ndarray:
    """Return the thumbnails in `sketches`, `(images, THUMB, THUMB)` uint8."""
    return np.frombuffer(b"".join(sketches), np.uint8).reshape(-1, THUMB, THUMB)


def near_duplicates(files: pd.DataFrame, max_pixels: int) -> list[Pair]:
    """Return the pairs of rows of `files` (of `inspect_files`, sketched) with the same picture.

    Exact copies count once, by the first of them. Pictures with a side below `MIN_SIDE` pixels
    are not compared: two digits of that size may agree in all of them.
    """
    sides = files[["width", "height"]].min(axis=1)
    good = (files["problem"] == "") & ~files["digest"].duplicated() & (sides >= MIN_SIDE)
    rows = np.flatnonzero(good)
    shown = hash_thumbnails(files["sketch"].iloc[rows].tolist())
    varied = shown.std(axis=(1, 2)) >= MIN_CONTRAST
    rows, shown = rows[varied], shown[varied]
    pairs, warps = _align_thumbnails(
        candidates(shown, min_correlation=MIN_CORRELATION, max_pairs=MAX_CANDIDATES), shown
    )
    confirmed = _confirm(files.iloc[rows], pairs, warps, max_pixels)
    near = {
        (min(part, whole), max(part, whole))
        for part, whole in zip(
            rows[pairs.part[confirmed]], rows[pairs.whole[confirmed]], strict=True
        )
    }
    return sorted((int(first), int(second)) for first, second in near)


def _align_thumbnails(pairs: Candidates, shown: np.ndarray) -> tuple[Candidates, np.ndarray]:
    """Return the `pairs` whose thumbnails agree when aligned, and the warps for that."""
    fine = shown.astype(np.float32)
    coarse = halved(fine)
    warps = _warps(pairs.window)
    close = WINDOWS[pairs.window, 2] < MAX_CLOSE
    correlation = np.empty(len(warps), np.float32)
    for some, wholes in ((close, fine), (~close, coarse)):
        for part in _parts(np.flatnonzero(some)):
            still = oriented(coarse[pairs.part[part]], pairs.orientation[part])
            warps[part], laid, covers = align(
                wholes[pairs.whole[part]], still, warps[part], steps=4
            )
            correlation[part] = correlations(laid, still, covers)
    best = np.flatnonzero(
        (correlation >= MIN_COARSE_CORRELATION)
        & (rank(pairs.part, correlation) < MAX_COARSE_CANDIDATES)
    )
    pairs, warps, close = pairs.of(best), warps[best], close[best]
    agreed = np.empty(len(warps), np.float32)
    for part in _parts(np.arange(len(warps))):
        still = oriented(fine[pairs.part[part]], pairs.orientation[part])
        warps[part], laid, covers = align(fine[pairs.whole[part]], still, warps[part], steps=3)
        agreed[part] = agreement(laid, still, covers, parts=PARTS).mean
    agreeing = np.flatnonzero(agreed >= np.where(close, MIN_PARTS_CLOSE, MIN_PARTS))
    return pairs.of(agreeing), warps[agreeing]


def _warps(windows: np.ndarray) -> np.ndarray:
    """Return `(pairs, 4)` float32, the warps that lay `WINDOWS` of a picture over another."""
    x, y, share = WINDOWS[windows].T
    return np.stack([share, 2 * x + share - 1, share, 2 * y + share - 1], axis=1, dtype=np.float32)


def _confirm(
    files: pd.DataFrame, pairs: Candidates, warps: np.ndarray, max_pixels: int
) -> np.ndarray:
    """Return `(pairs,)` bool: whether the `files` are near duplicates when read again."""
    sizes = files[["width", "height"]].to_numpy()
    small = (sizes.min(axis=1) < MAX_SMALL_SIZE)[np.stack([pairs.part, pairs.whole])].any(axis=0)
    close = WINDOWS[pairs.window, 2] < MAX_CLOSE
    # A camera on a stand takes frames of one size, all of them upright.
    frames = (sizes[pairs.part] == sizes[pairs.whole]).all(axis=1) & (pairs.orientation == 0)
    paths, same = files["path"].tolist(), np.zeros(len(warps), bool)
    work = [
        (side, side * 3 // 2 if near else side, part)
        for side, at_side in ((COMPARISON_SIZE, ~small), (COMPARISON_SIZE // 2, small))
        for near, chosen in ((False, ~close), (True, close))
        for part in _parts(np.flatnonzero(at_side & chosen))
    ]
    for side, larger, part in track(work, len(work), doing="Comparing pictures that look alike"):
        still = _read(paths, pairs.part[part], side, max_pixels)
        still = oriented(still, pairs.orientation[part])
        whole = _read(paths, pairs.whole[part], larger, max_pixels)
        upright = pairs.orientation[part] == 0
        same[part] = _same(whole, still, warps[part], upright=upright, frames=frames[part])
    return same


def _parts(rows: np.ndarray, size: int = PAIRS_AT_ONCE) -> Iterator[np.ndarray]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _read(paths: Sequence[str], images: np.ndarray, side: int, max_pixels: int) -> np.ndarray:
    """`(images, side, side)` float32 of 0..255, grey."""
    different, inverse = np.unique(images, return_inverse=True)

    def read(image: int) -> np.ndarray:
        return decode(paths[image], side, max_pixels=max_pixels, value_range=None) @ GREY

    return np.stack(list(in_threads(read, different)))[inverse]


def _same(
    whole: np.ndarray,
    still: np.ndarray,
    warps: np.ndarray,
    *,
    upright: np.ndarray,
    frames: np.ndarray,
) -> np.ndarray:
    """Return `(pairs,)` bool: whether `(pairs, side, side)` agree when aligned.

    Enlarged pictures and drawings (edges between even areas) agree by chance once they are moved
    or turned: of those, only pairs count that are `upright` and did not move. In possible `frames`
    of one camera, nothing may have changed.
    """
    half = halved(still)
    warps, laid, covers = align(halved(whole), half, warps, steps=3)
    same = agreement(laid, half, covers).mean >= MIN_AGREEMENT_HALF
    detail = np.minimum(fineness(whole), fineness(still))
    same &= np.minimum(isotropy(whole), isotropy(still)) >= MIN_ISOTROPY
    same &= (detail >= MIN_FINENESS) | (
        _moved(warps) < 2 * MAX_MOVE_PLAIN
    )  # so far off, it stays moved
    whole, still, detail = whole[same], still[same], detail[same]
    warps, laid, covers = align(whole, still, warps[same], steps=2)
    agreed, moved = agreement(laid, still, covers), _moved(warps)
    if still.shape[1] >= COMPARISON_SIZE:
        telling = (detail >= MIN_FINENESS) & (agreed.rich >= MIN_RICH)
    else:
        telling = (
            (detail >= MIN_FINENESS_SMALL)
            & (agreed.rich >= MIN_RICH_SMALL)
            & (moved <= MAX_MOVE_SMALL)
        )
    unmoved = (moved <= MAX_MOVE_PLAIN) & upright[same]
    agreeing = np.where(
        telling, agreed.mean >= MIN_AGREEMENT, (agreed.mean >= MIN_AGREEMENT_PLAIN) & unmoved
    )
    changed = frames[same] & unmoved & changed_in_part(laid, still, covers)
    same[same] = agreeing & (agreed.tenth >= MIN_TENTH) & ~changed
    return same


def _moved(warps: np.ndarray) -> np.ndarray:
    """Return `(pairs,)` the largest move, in half pictures."""
    return np.abs(warps - IDENTITY_WARP).max(axis=1, initial=0)


def halved(pictures: np.ndarray) -> np.ndarray:
    """Return `pictures` at half of the side: means of 2 × 2 pixels."""
    pairs, side, _ = pictures.shape
    return pictures.reshape(pairs, side // 2, 2, side // 2, 2).mean(axis=(2, 4))
