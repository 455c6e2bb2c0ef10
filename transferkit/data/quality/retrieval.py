"""Search for pictures that may show a part of another, mirrored or turned, among many.

The descriptor of a picture is its thumbnail of `SIDE` pixels, with mean 0 and length 1. Each whole
picture, in each orientation, is compared with windows of all others. Where there are many, with
those only that are in the same few cells: an inverted file (Sivic and Zisserman, 2003, "Video
Google: a text retrieval approach to object matching in videos"), its cells by k-means.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from transferkit.data.decoding.decode import in_threads
from transferkit.data.quality.orientation import ORIENTATIONS, orders

SIDE = 8  # pixels: what differs by a few pixels of a hundred is alike still
# Of a side, each window's share and where it begins: half a step away, two still correlate by 0.8.
INTERVALS = {1.0: (0.0,), 0.83: (0.0, 0.085, 0.17), 0.66: (0.0, 0.085, 0.17, 0.255, 0.34)}
WINDOWS = np.array(
    [(x, y, share) for share, starts in INTERVALS.items() for y in starts for x in starts]
)
FLAT = 3.0  # grey values: a window with less contrast is like any other such
EXHAUSTIVE = 400  # pictures: so many are compared with all windows, in a quarter of a second
MAX_CELLS = 4096
PROBES = 6  # cells in which a picture is sought
SAMPLES_A_CELL = 16  # windows from which the cells are made
ITERATIONS = 4  # of k-means
NEAREST = 6  # windows that a picture in one orientation has from one cell
LIKENESSES = 2**22  # of queries and windows that are computed in one go: 16 MB
CHUNK = 2**13  # pictures whose windows are held at a time: 73 MB


class Candidates(NamedTuple):
    """Pairs that may show the same, `(pairs,)` each.

    Attributes:
        part: the picture that may be a part of the other.
        whole: the other.
        orientation: of `ORIENTATIONS`, that `part` has to be brought into.
        window: of `WINDOWS`, what of `whole` is like it.
        alike: the correlation of the two, 0..1.
    """

    part: np.ndarray
    whole: np.ndarray
    orientation: np.ndarray
    window: np.ndarray
    alike: np.ndarray

    def of(self, rows: np.ndarray) -> Candidates:
        """Those of the pairs at `rows`."""
        return Candidates(*(values[rows] for values in self))


NO_ROWS = np.empty(0, int)
NOTHING = Candidates(NO_ROWS, NO_ROWS, NO_ROWS, NO_ROWS, np.empty(0, np.float32))


def candidates(thumbnails: np.ndarray, *, alike: float, most: int) -> Candidates:
    """For each of `(pictures, side, side)` the others whose windows are most like it.

    They correlate by `alike` at least, and are `most` for each picture at most, each other once.
    """
    pictures = len(thumbnails)
    queries = descriptors(thumbnails, WINDOWS[:1])[0]
    cells = _cells(thumbnails)
    probes = _probes(queries, cells)
    best = NOTHING
    for start in range(0, pictures, CHUNK):
        chunk = descriptors(thumbnails[start : start + CHUNK], WINDOWS)
        found = _search(queries, probes, chunk, cells, first=start, alike=alike)
        best = _best(Candidates(*map(np.concatenate, zip(best, found, strict=True))), most)
    return best


def descriptors(thumbnails: np.ndarray, windows: np.ndarray) -> np.ndarray:
    """`(windows, pictures, SIDE * SIDE)` float32, nothing but 0 of a window without contrast."""
    shape = len(windows), len(thumbnails), SIDE * SIDE
    made = np.empty(shape, np.float32)
    thumbnails = thumbnails.astype(np.float32)
    for values, (x, y, share) in zip(made, windows, strict=True):
        rows = _averaging(y, share, thumbnails.shape[1])
        columns = _averaging(x, share, thumbnails.shape[1])
        values[:] = (rows @ thumbnails @ columns.T).reshape(values.shape)
    made -= made.mean(axis=2, keepdims=True)
    lengths = np.linalg.norm(made, axis=2, keepdims=True)
    made /= np.where(lengths < FLAT * SIDE, np.inf, lengths)
    return made


def _averaging(start: float, share: float, image_size: int) -> np.ndarray:
    """`(SIDE, side)` float32: what of each pixel is in each of `SIDE` parts of the interval."""
    edges = (start + np.linspace(0, share, SIDE + 1)) * image_size
    pixels = np.arange(image_size)
    inside = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    inside = inside.clip(0)
    return (inside / inside.sum(axis=1, keepdims=True)).astype(np.float32)


def _cells(thumbnails: np.ndarray) -> np.ndarray:
    """`(cells, SIDE * SIDE)` centres of the cells, of length 1: the same for the same pictures."""
    pictures = len(thumbnails)
    if pictures <= EXHAUSTIVE:
        return np.zeros((1, SIDE * SIDE), np.float32)
    count = min(MAX_CELLS, round((pictures * len(WINDOWS)) ** 0.5))
    draw = np.random.default_rng(0)
    some = draw.choice(pictures, min(pictures, count * SAMPLES_A_CELL // 4), replace=False)
    sample = descriptors(thumbnails[some], WINDOWS[draw.choice(len(WINDOWS), 4, replace=False)])
    sample = sample.reshape(-1, SIDE * SIDE)
    centres = sample[draw.choice(len(sample), min(count, len(sample)), replace=False)]
    for _ in range(ITERATIONS):
        nearest = (sample @ centres.T).argmax(axis=1)
        sums = np.zeros_like(centres)
        np.add.at(sums, nearest, sample)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(lengths > 0, sums / np.maximum(lengths, 1e-6), centres)
    return centres


def _probes(queries: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """`(pictures, 8, PROBES)` the cells in which each picture is sought, in each orientation."""
    count = min(PROBES, len(cells))
    made = np.empty((len(queries), len(ORIENTATIONS), count), np.int32)
    for number, order in enumerate(orders(SIDE)):
        for start in range(0, len(queries), CHUNK):
            likeness = queries[start : start + CHUNK][:, order] @ cells.T
            made[start : start + CHUNK, number] = np.argpartition(-likeness, count - 1, axis=1)[
                :, :count
            ]
    return made


def _search(
    queries: np.ndarray,
    probes: np.ndarray,
    chunk: np.ndarray,
    cells: np.ndarray,
    *,
    first: int,
    alike: float,
) -> Candidates:
    """The windows of `chunk`, whose first picture is number `first`, most like each query."""
    windows = chunk.reshape(-1, SIDE * SIDE)
    pictures = chunk.shape[1]
    cell = np.concatenate([(part @ cells.T).argmax(axis=1) for part in chunk])
    members, sought = _by_number(cell, len(cells)), _by_number(probes.ravel(), len(cells))
    turns = orders(SIDE)

    def search(number: int) -> list[Candidates]:
        rows = members[number]
        asking, orientation = np.divmod(sought[number] // probes.shape[2], len(ORIENTATIONS))
        step = max(1, LIKENESSES // max(len(rows), 1))
        found = []
        for start in range(0, len(asking) if len(rows) else 0, step):
            some, order = asking[start : start + step], orientation[start : start + step]
            turned = np.take_along_axis(queries[some], turns[order], axis=1)
            query, place, likeness = _nearest(turned, windows[rows], alike)
            window, whole = np.divmod(rows[place], pictures)
            other = whole + first
            differ = other != some[query]
            made = Candidates(some[query], other, order[query], window, likeness)
            found.append(made.of(np.flatnonzero(differ)))
        return found

    found = [each for several in in_threads(search, range(len(cells))) for each in several]
    return Candidates(*map(np.concatenate, zip(NOTHING, *found, strict=True)))


def _nearest(
    queries: np.ndarray, windows: np.ndarray, alike: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Numbers of queries and of the windows that are `alike`, and how alike these are.

    Where that is a crowd, they are the `NEAREST` of each query: finding them takes longer.
    """
    likeness = queries @ windows.T
    count = min(NEAREST, len(windows))
    enough = likeness >= alike
    if np.count_nonzero(enough) > count * len(queries):
        nearest = np.argpartition(likeness, -count, axis=1)[:, -count:]
        few = np.zeros_like(enough)
        np.put_along_axis(few, nearest, True, axis=1)
        enough &= few
    query, place = np.nonzero(enough)
    return query, place, likeness[query, place]


def _by_number(values: np.ndarray, count: int) -> list[np.ndarray]:
    """The places of each number below `count` in `values`."""
    order = np.argsort(values, kind="stable")
    return np.split(order, np.searchsorted(values[order], np.arange(1, count)))


def _best(found: Candidates, most: int) -> Candidates:
    """Of each `part` the `most` others that are most like it, each once."""
    order = np.lexsort((-found.alike, found.whole, found.part))
    part, whole = found.part[order], found.whole[order]
    first = np.ones(len(order), bool)
    first[1:] = (part[1:] != part[:-1]) | (whole[1:] != whole[:-1])
    found = found.of(order[first])
    return found.of(rank(found.part, found.alike) < most)


def rank(part: np.ndarray, alike: np.ndarray) -> np.ndarray:
    """`(pairs,)` how many pairs of the same `part` are more `alike`."""
    order = np.lexsort((-alike, part))
    sorted_part = part[order]
    ranks = np.empty(len(order), int)
    ranks[order] = np.arange(len(order)) - np.searchsorted(sorted_part, sorted_part)
    return ranks
