"""Near copies among images: rescaled, recompressed, cropped, mirrored, turned, brightened, grey.

Candidates are pairs whose thumbnails, or a window of one of them, are much alike (`retrieval`).
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
    UNMOVED,
    agreement,
    align,
    correlations,
    fineness,
    isotropy,
)
from transferkit.data.quality.orientation import oriented
from transferkit.data.quality.retrieval import WINDOWS, Candidates, candidates, rank
from transferkit.runtime.progress import track

THUMB = 32  # pixels along the side of a thumbnail
COARSE_THUMB = 16  # pixels: of what candidates are first laid over each other
ALIKE = 0.75  # correlation of candidates: a crop between two windows can make so much of a picture
MOST = 8  # candidates of an image that are laid over each other
LAID, LAID_MOST = 0.7, 4  # correlation of coarse thumbnails laid over each other, and how many stay
PARTS = 4  # along a thumbnail, in which the agreement is judged before anything is read
PARTLY, PARTLY_CLOSE = 0.8, 0.65  # mean agreement of these; of a close window, made of few pixels
CLOSE = 0.8  # share of a side: a window below it is read larger
PAIRS_AT_ONCE = 64  # that are read and laid over each other in one go: 15 MB
FLAT = 3.0  # grey values: a thumbnail with less contrast is like any other such
GREY = np.array([0.299, 0.587, 0.114], np.float32)  # of red, green and blue: ITU-R BT.601
SIDE = 96  # pixels at which pairs are confirmed, or half of it where one has a side below `SMALL`
SMALL, SMALLEST = 64, 32  # pixels
ROUGHLY, AGREE = 0.78, 0.86  # mean agreement of parts, at half of the side and at the side
SURELY, STILL = 0.975, 0.02  # the same of what tells little, and how far it may be moved
RICH = 9  # parts, of 36, of a photograph or a scan
COARSE = 0.03  # fineness of pictures that were enlarged, or are out of focus
RICH_SMALL, COARSE_SMALL = 12, 0.035  # the same of small pictures, which agree more easily
MOVED_SMALL = 0.2  # half pictures: what is left of a small picture is too little for more
STRIPED = 0.1  # isotropy: stripes of one period agree, whatever they are of
LEAST = 0.5  # agreement that nine in ten parts have to reach: else something else is in the picture
Pair = tuple[int, int]


def shrink(image: Image.Image) -> Image.Image:
    """The RGB `image` as `perceptual_hash` takes it: grey, `THUMB` pixels along each side."""
    return to_square(image.convert("L"), THUMB, "squash")


def perceptual_hash(grey: Image.Image) -> bytes:
    """A shrunk image as bytes: what `near_duplicates` and `appearance` need of it."""
    return grey.tobytes()


def hash_thumbnails(sketches: Sequence[bytes]) -> np.ndarray:
    """`(images, THUMB, THUMB)` uint8, of each sketch."""
    return np.frombuffer(b"".join(sketches), np.uint8).reshape(-1, THUMB, THUMB)


def near_duplicates(files: pd.DataFrame, max_pixels: int) -> list[Pair]:
    """Pairs of rows of `files` (of `inspect_files`, sketched) that show the very same picture.

    Exact copies count once, by the first of them. Pictures with a side below `SMALLEST` pixels
    are not compared: two digits of that size may agree in all of them.
    """
    image_sizes = files[["width", "height"]].min(axis=1)
    good = (files["problem"] == "") & ~files["digest"].duplicated() & (image_sizes >= SMALLEST)
    rows = np.flatnonzero(good)
    shown = hash_thumbnails(files["sketch"].iloc[rows].tolist())
    varied = shown.std(axis=(1, 2)) >= FLAT
    rows, shown = rows[varied], shown[varied]
    pairs, warps = _laid(candidates(shown, alike=ALIKE, most=MOST), shown)
    confirmed = _confirmed(files.iloc[rows], pairs, warps, max_pixels)
    near = {
        (min(part, whole), max(part, whole))
        for part, whole in zip(
            rows[pairs.part[confirmed]], rows[pairs.whole[confirmed]], strict=True
        )
    }
    return sorted((int(one), int(other)) for one, other in near)


def _laid(pairs: Candidates, shown: np.ndarray) -> tuple[Candidates, np.ndarray]:
    """Those of `pairs` whose thumbnails agree when laid over each other, and the warps for that."""
    fine = shown.astype(np.float32)
    coarse = halved(fine)
    warps = _warps(pairs.window)
    close = WINDOWS[pairs.window, 2] < CLOSE
    alike = np.empty(len(warps), np.float32)
    for some, wholes in ((close, fine), (~close, coarse)):
        for part in _parts(np.flatnonzero(some)):
            still = oriented(coarse[pairs.part[part]], pairs.orientation[part])
            warps[part], laid, covers = align(
                wholes[pairs.whole[part]], still, warps[part], steps=4
            )
            alike[part] = correlations(laid, still, covers)
    most_alike = np.flatnonzero((alike >= LAID) & (rank(pairs.part, alike) < LAID_MOST))
    pairs, warps, close = pairs.of(most_alike), warps[most_alike], close[most_alike]
    agreed = np.empty(len(warps), np.float32)
    for part in _parts(np.arange(len(warps))):
        still = oriented(fine[pairs.part[part]], pairs.orientation[part])
        warps[part], laid, covers = align(fine[pairs.whole[part]], still, warps[part], steps=3)
        agreed[part] = agreement(laid, still, covers, parts=PARTS).mean
    agreeing = np.flatnonzero(agreed >= np.where(close, PARTLY_CLOSE, PARTLY))
    return pairs.of(agreeing), warps[agreeing]


def _warps(windows: np.ndarray) -> np.ndarray:
    """`(pairs, 4)` float32, that lay `WINDOWS` of a picture over another."""
    x, y, share = WINDOWS[windows].T
    return np.stack([share, 2 * x + share - 1, share, 2 * y + share - 1], axis=1, dtype=np.float32)


def _confirmed(
    files: pd.DataFrame, pairs: Candidates, warps: np.ndarray, max_pixels: int
) -> np.ndarray:
    """`(pairs,)` bool: whether those of `files` show the same when they are read again."""
    sizes = files[["width", "height"]].to_numpy()
    small = (sizes.min(axis=1) < SMALL)[np.stack([pairs.part, pairs.whole])].any(axis=0)
    close = WINDOWS[pairs.window, 2] < CLOSE
    # A camera on a stand takes frames of one size, all of them upright.
    frames = (sizes[pairs.part] == sizes[pairs.whole]).all(axis=1) & (pairs.orientation == 0)
    paths, same = files["path"].tolist(), np.zeros(len(warps), bool)
    work = [
        (image_size, image_size * 3 // 2 if near else image_size, part)
        for image_size, at_side in ((SIDE, ~small), (SIDE // 2, small))
        for near, chosen in ((False, ~close), (True, close))
        for part in _parts(np.flatnonzero(at_side & chosen))
    ]
    for image_size, larger, part in track(
        work, len(work), doing="Comparing pictures that look alike"
    ):
        still = _read(paths, pairs.part[part], image_size, max_pixels)
        still = oriented(still, pairs.orientation[part])
        whole = _read(paths, pairs.whole[part], larger, max_pixels)
        upright = pairs.orientation[part] == 0
        same[part] = _same(whole, still, warps[part], upright=upright, frames=frames[part])
    return same


def _parts(places: np.ndarray, size: int = PAIRS_AT_ONCE) -> Iterator[np.ndarray]:
    for start in range(0, len(places), size):
        yield places[start : start + size]


def _read(paths: Sequence[str], images: np.ndarray, image_size: int, max_pixels: int) -> np.ndarray:
    """`(images, side, side)` float32 of 0..255, grey."""
    different, places = np.unique(images, return_inverse=True)

    def read(image: int) -> np.ndarray:
        return decode(paths[image], image_size, max_pixels=max_pixels, value_range=None) @ GREY

    return np.stack(list(in_threads(read, different)))[places]


def _same(
    whole: np.ndarray,
    still: np.ndarray,
    warps: np.ndarray,
    *,
    upright: np.ndarray,
    frames: np.ndarray,
) -> np.ndarray:
    """`(pairs,)` bool: whether `(pairs, side, side)` agree when laid over each other.

    Enlarged pictures and drawings (edges between even areas) agree by chance once they are moved
    or turned: of those, only what is `upright` and did not have to be moved counts. In what may be
    `frames` of one camera, nothing may have changed.
    """
    half = halved(still)
    warps, laid, covers = align(halved(whole), half, warps, steps=3)
    same = agreement(laid, half, covers).mean >= ROUGHLY
    detail = np.minimum(fineness(whole), fineness(still))
    same &= np.minimum(isotropy(whole), isotropy(still)) >= STRIPED
    same &= (detail >= COARSE) | (_moved(warps) < 2 * STILL)  # so far off, it stays moved
    whole, still, detail = whole[same], still[same], detail[same]
    warps, laid, covers = align(whole, still, warps[same], steps=2)
    agreed, moved = agreement(laid, still, covers), _moved(warps)
    if still.shape[1] >= SIDE:
        telling = (detail >= COARSE) & (agreed.rich >= RICH)
    else:
        telling = (detail >= COARSE_SMALL) & (agreed.rich >= RICH_SMALL) & (moved <= MOVED_SMALL)
    unmoved = (moved <= STILL) & upright[same]
    alike = np.where(telling, agreed.mean >= AGREE, (agreed.mean >= SURELY) & unmoved)
    changed = frames[same] & unmoved & changed_in_part(laid, still, covers)
    same[same] = alike & (agreed.least >= LEAST) & ~changed
    return same


def _moved(warps: np.ndarray) -> np.ndarray:
    """`(pairs,)` how far, at most, in half pictures."""
    return np.abs(warps - UNMOVED).max(axis=1, initial=0)


def halved(pictures: np.ndarray) -> np.ndarray:
    """`(pairs, side / 2, side / 2)`, smoothly."""
    pairs, image_size, _ = pictures.shape
    return pictures.reshape(pairs, image_size // 2, 2, image_size // 2, 2).mean(axis=(2, 4))
