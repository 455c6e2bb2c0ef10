"""Near copies among images: rescaled, recompressed, slightly cropped, brightened, made grey.

Candidates are pairs with a similar perceptual hash (`imagehash.phash`) and a similar thumbnail.
They are laid over each other, first as thumbnails, then read again and larger: a pair is a near
copy where both agree in nearly every small part. Look-alikes (two slices of heads, two hands
before one wall) agree on the whole, not in their parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import imagehash
import numpy as np
import pandas as pd
from PIL import Image

from transferkit.data.alignment import UNMOVED, agreement, align, correlations, fineness
from transferkit.data.decode import decode, in_threads, to_square
from transferkit.progress import track

HASHED = 32  # pixels along the side of what phash looks at: its own size
THUMB = 16  # pixels along the side of a thumbnail
HASH_BYTES = 8
MOST_BITS = 18  # of 64 that may differ: unrelated pictures differ in 32, give or take 4
ALIKE = 0.6  # correlation of thumbnails: a crop of a few per cent can make so much of a picture
LAID, SURELY_LAID = 0.88, 0.97  # correlation of thumbnails that were laid over each other
HASHES_AT_ONCE = 2**22  # pairs of hashes that are compared in one go: 32 MB
THUMBS_AT_ONCE = 2**13  # pairs of thumbnails that are: 16 MB
CROWD = 200  # candidates an image: in a large folder of look-alikes fewer bits may differ
NEIGHBOURS = 8  # candidates of an image that are laid over each other: those most alike
MUTUAL = 4  # of them that are read: those most alike then, for both images
PAIRS_AT_ONCE = 64  # that are read and laid over each other in one go: 15 MB
FLAT = 3.0  # grey values: a thumbnail with less contrast is like any other such
GREY = np.array([0.299, 0.587, 0.114], np.float32)  # of red, green and blue: ITU-R BT.601
SIDE = 96  # pixels at which pairs are confirmed, or half of it where one has a side below `SMALL`
SMALL, SMALLEST = 64, 48  # pixels
ROUGHLY, AGREE = 0.6, 0.86  # mean agreement of parts, at half of the side and at the side
SURELY, STILL = 0.975, 0.02  # the same of what tells little, and how far it may be moved
RICH = 9  # parts, of 36, of a photograph or a scan
COARSE = 0.03  # fineness of pictures that were enlarged, or are out of focus
LEAST = 0.5  # agreement that nine in ten parts have to reach: else something else is in the picture
Pair = tuple[int, int]


def shrink(image: Image.Image) -> Image.Image:
    """The RGB `image` as `sketch` takes it: grey, `HASHED` pixels along each side."""
    return to_square(image.convert("L"), HASHED, "squash")


def sketch(grey: Image.Image) -> bytes:
    """What `near_copies` and `appearance` need of a shrunk image: its hash, and a thumbnail."""
    bits = np.packbits(imagehash.phash(grey).hash)
    return bits.tobytes() + grey.reduce(HASHED // THUMB).tobytes()


def thumbs(sketches: Sequence[bytes]) -> np.ndarray:
    """`(images, THUMB, THUMB)` uint8, of each sketch."""
    values = np.frombuffer(b"".join(sketches), np.uint8).reshape(-1, HASH_BYTES + THUMB * THUMB)
    return values[:, HASH_BYTES:].reshape(-1, THUMB, THUMB)


def near_copies(files: pd.DataFrame, max_pixels: int) -> list[Pair]:
    """Pairs of rows of `files` (of `inspect_files`, sketched) that show the very same picture.

    Exact copies count once, by the first of them. Pictures with a side below `SMALLEST` pixels
    are not compared: two digits of that size may agree in all of them.
    """
    sides = files[["width", "height"]].min(axis=1)
    good = (files["problem"] == "") & ~files["digest"].duplicated() & (sides >= SMALLEST)
    rows = np.flatnonzero(good)
    shown = thumbs(files["sketch"].iloc[rows].tolist())
    varied = shown.std(axis=(1, 2)) >= FLAT
    rows, shown = rows[varied], shown[varied]
    pairs = _nearest(*_candidates(_hashes(files["sketch"].iloc[rows].tolist()), shown))
    pairs, warps = _laid(pairs, shown.astype(np.float32))
    large = (sides.to_numpy()[rows] >= SMALL)[pairs].all(axis=1)
    paths, found = files["path"].iloc[rows].tolist(), np.zeros(len(pairs), bool)
    work = [
        (side, part)
        for some, side in ((large, SIDE), (~large, SIDE // 2))
        for part in _parts(np.flatnonzero(some))
    ]
    for side, part in track(work, len(work), doing="Comparing pictures that look alike"):
        found[part] = _same(*_read(paths, pairs[part], side, max_pixels), warps[part])
    return [(int(one), int(other)) for one, other in rows[pairs[found]]]


def _hashes(sketches: Sequence[bytes]) -> np.ndarray:
    """`(images,)` uint64, of each sketch."""
    return np.frombuffer(b"".join(each[:HASH_BYTES] for each in sketches), np.uint64)


def _candidates(hashes: np.ndarray, shown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`(pairs, 2)` images with similar hashes and thumbnails, and `(pairs,)` how similar these."""
    images = len(hashes)
    step = max(1, HASHES_AT_ONCE // max(images, 1))
    most = _most_bits(hashes, step)
    even = shown.reshape(images, THUMB * THUMB).astype(np.float32)
    even -= even.mean(axis=1, keepdims=True)
    even /= np.linalg.norm(even, axis=1, keepdims=True)

    def found(start: int) -> tuple[np.ndarray, np.ndarray]:
        differing = np.bitwise_count(hashes[start : start + step, None] ^ hashes[start:])
        pairs = np.argwhere(differing <= most) + start
        pairs = pairs[pairs[:, 1] > pairs[:, 0]]
        alike = np.empty(len(pairs), np.float32)
        for part in _parts(np.arange(len(pairs)), THUMBS_AT_ONCE):
            one, other = pairs[part].T
            alike[part] = np.einsum("pt,pt->p", even[one], even[other])
        return pairs[alike >= ALIKE], alike[alike >= ALIKE]

    nothing = np.empty((0, 2), int), np.empty(0, np.float32)
    pairs, alike = zip(nothing, *in_threads(found, range(0, images, step)), strict=True)
    return np.concatenate(pairs), np.concatenate(alike)


def _most_bits(hashes: np.ndarray, sample: int) -> int:
    """How many bits may differ: fewer than `MOST_BITS` where that would make a crowd of pairs."""
    some = hashes[:: -(-len(hashes) // sample)] if len(hashes) else hashes
    differing = np.bitwise_count(some[:, None] ^ hashes)
    of_each = np.bincount(differing.ravel(), minlength=MOST_BITS + 1).cumsum() / max(len(some), 1)
    return int(np.flatnonzero(of_each[: MOST_BITS + 1] <= CROWD).max(initial=0))


def _nearest(pairs: np.ndarray, alike: np.ndarray) -> np.ndarray:
    """Those of `pairs` that are among the most alike of one of their images."""
    return pairs[(_ranks(pairs, alike) < NEIGHBOURS).any(axis=1)]


def _ranks(pairs: np.ndarray, alike: np.ndarray) -> np.ndarray:
    """`(pairs, 2)`, how many pairs of its first image, and of its second, are more alike."""
    order = np.argsort(-alike, kind="stable")
    ranks = np.empty_like(pairs)
    ends = pairs[order].ravel()
    ranks[order] = pd.Series(ends).groupby(ends).cumcount().to_numpy().reshape(-1, 2)
    return ranks


def _laid(pairs: np.ndarray, shown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Those of `pairs` whose thumbnails agree when laid over each other, and the warps for that.

    Among look-alikes, these are those most alike of both of their images.
    """
    warps = np.tile(np.array(UNMOVED, np.float32), (len(pairs), 1))
    alike = np.empty(len(pairs), np.float32)
    for part in _parts(np.arange(len(pairs))):
        one, other = shown[pairs[part]].transpose(1, 0, 2, 3)
        warps[part], laid, covers = align(one, other, warps[part], steps=6)
        alike[part] = correlations(laid, other, covers)
    mutual = (_ranks(pairs, alike) < MUTUAL).all(axis=1)
    kept = (alike >= LAID) & (mutual | (alike >= SURELY_LAID))
    return pairs[kept], warps[kept]


def _parts(places: np.ndarray, size: int = PAIRS_AT_ONCE) -> Iterator[np.ndarray]:
    for start in range(0, len(places), size):
        yield places[start : start + size]


def _read(
    paths: Sequence[str], pairs: np.ndarray, side: int, max_pixels: int
) -> tuple[np.ndarray, np.ndarray]:
    """The first and the second of `pairs`, each `(pairs, side, side)` float32 of 0..255, grey."""
    images, places = np.unique(pairs, return_inverse=True)

    def read(image: int) -> np.ndarray:
        return decode(paths[image], side, max_pixels=max_pixels, grey_range=None) @ GREY

    pixels = np.stack(list(in_threads(read, images)))
    one, other = places.reshape(-1, 2).T
    return pixels[one], pixels[other]


def _same(one: np.ndarray, other: np.ndarray, warps: np.ndarray) -> np.ndarray:
    """`(pairs,)` bool: whether `(pairs, side, side)` agree when laid over each other.

    Small or enlarged pictures and drawings (edges between even areas) agree by chance once they
    are laid over each other: of those, only what did not have to be moved counts.
    """
    half, half_other = _halved(one), _halved(other)
    warps, laid, covers = align(half, half_other, warps, steps=3)
    found = agreement(laid, half_other, covers).mean >= ROUGHLY
    fine = np.minimum(fineness(one), fineness(other)) >= COARSE
    found &= fine | (_moved(warps) < 2 * STILL)  # what is still moved so far stays moved
    one, other = one[found], other[found]
    warps, laid, covers = align(one, other, warps[found], steps=2)
    agreed = agreement(laid, other, covers)
    telling = fine[found] & (agreed.rich >= RICH) & (one.shape[1] >= SIDE)
    unmoved = (agreed.mean >= SURELY) & (_moved(warps) <= STILL)
    alike = np.where(telling, agreed.mean >= AGREE, unmoved)
    found[found] = alike & (agreed.least >= LEAST)
    return found


def _moved(warps: np.ndarray) -> np.ndarray:
    """`(pairs,)` how far, at most, in half pictures."""
    return np.abs(warps - UNMOVED).max(axis=1, initial=0)


def _halved(pictures: np.ndarray) -> np.ndarray:
    """`(pairs, side / 2, side / 2)`, smoothly."""
    pairs, side, _ = pictures.shape
    return pictures.reshape(pairs, side // 2, 2, side // 2, 2).mean(axis=(2, 4))
