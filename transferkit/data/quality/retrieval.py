"""Retrieval of pictures that may show a part of another, mirrored or turned, among many.

The descriptor of a picture is its thumbnail of `DESCRIPTOR_SIZE` pixels, with mean 0 and length 1.
Each whole picture, in each orientation, is compared with windows of all others. Where there are
many, with those only that are in the same few cells: an inverted file (Sivic and Zisserman, 2003,
"Video Google: a text retrieval approach to object matching in videos"), its cells by k-means.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from transferkit.data.decoding.decode import in_threads
from transferkit.data.quality.image_alignment import ORIENTATIONS, orders

DESCRIPTOR_SIZE = 8  # pixels: a shift of a few pixels in a hundred changes it little
# Of a side, each window's share and where it begins: half a step away, two still correlate by 0.8.
INTERVALS = {1.0: (0.0,), 0.83: (0.0, 0.085, 0.17), 0.66: (0.0, 0.085, 0.17, 0.255, 0.34)}
WINDOWS = np.array(
    [(x, y, share) for share, starts in INTERVALS.items() for y in starts for x in starts]
)
MIN_CONTRAST = 3.0  # grey values: a window with less is like any other such
MAX_EXHAUSTIVE = 400  # pictures that are compared with all windows, in a quarter of a second
MAX_CELLS = 4096
PROBES = 6  # cells that are searched for a picture
SAMPLES_PER_CELL = 16  # windows, for k-means
ITERATIONS = 4  # of k-means
MAX_NEAREST = 6  # windows of one cell, for a picture in one orientation
MAX_PRODUCTS = 2**22  # of queries and windows, computed in one go: 16 MB
CHUNK = 2**13  # pictures whose windows are held at a time: 73 MB


class Candidates(NamedTuple):
    """Candidate pairs, `(pairs,)` each.

    Attributes:
        part: the picture that may be a part of the other.
        whole: the other.
        orientation: index of `ORIENTATIONS`, for `part`.
        window: index of `WINDOWS`, in `whole`.
        correlation: of the two, 0..1.
    """

    part: np.ndarray
    whole: np.ndarray
    orientation: np.ndarray
    window: np.ndarray
    correlation: np.ndarray

    def of(self, rows: np.ndarray) -> Candidates:
        """Return the pairs at `rows`."""
        return Candidates(*(values[rows] for values in self))


NO_ROWS = np.empty(0, int)
NO_CANDIDATES = Candidates(NO_ROWS, NO_ROWS, NO_ROWS, NO_ROWS, np.empty(0, np.float32))


def candidates(
    thumbnails: np.ndarray, *, min_correlation: float, max_pairs: int, chunk_size: int = CHUNK
) -> Candidates:
    """Return, for each of `(pictures, side, side)`, the others with the most similar windows.

    They correlate by `min_correlation` or more; a picture has up to `max_pairs`, all different.
    The windows of `chunk_size` pictures are held at a time.
    """
    pictures = len(thumbnails)
    queries = descriptors(thumbnails, WINDOWS[:1])[0]
    cells = _cells(thumbnails)
    probes = _probes(queries, cells)
    best = NO_CANDIDATES
    for start in range(0, pictures, chunk_size):
        chunk = descriptors(thumbnails[start : start + chunk_size], WINDOWS)
        results = _search(
            queries, probes, chunk, cells, first=start, min_correlation=min_correlation
        )
        best = _best(Candidates(*map(np.concatenate, zip(best, results, strict=True))), max_pairs)
    return best


def descriptors(thumbnails: np.ndarray, windows: np.ndarray) -> np.ndarray:
    """Return `(windows, pictures, numbers)` float32, 0 for windows without contrast."""
    shape = len(windows), len(thumbnails), DESCRIPTOR_SIZE * DESCRIPTOR_SIZE
    made = np.empty(shape, np.float32)
    thumbnails = thumbnails.astype(np.float32)
    for values, (x, y, share) in zip(made, windows, strict=True):
        rows = _averaging(y, share, thumbnails.shape[1])
        columns = _averaging(x, share, thumbnails.shape[1])
        values[:] = (rows @ thumbnails @ columns.T).reshape(values.shape)
    made -= made.mean(axis=2, keepdims=True)
    lengths = np.linalg.norm(made, axis=2, keepdims=True)
    made /= np.where(lengths < MIN_CONTRAST * DESCRIPTOR_SIZE, np.inf, lengths)
    return made


def _averaging(start: float, share: float, side: int) -> np.ndarray:
    """Return `(DESCRIPTOR_SIZE, side)` float32: the weights of pixels in parts of the interval."""
    edges = (start + np.linspace(0, share, DESCRIPTOR_SIZE + 1)) * side
    pixels = np.arange(side)
    inside = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    inside = inside.clip(0)
    return (inside / inside.sum(axis=1, keepdims=True)).astype(np.float32)


def _cells(thumbnails: np.ndarray) -> np.ndarray:
    """Return `(cells, numbers)`, the centres of cells, of length 1; deterministic."""
    pictures = len(thumbnails)
    if pictures <= MAX_EXHAUSTIVE:
        return np.zeros((1, DESCRIPTOR_SIZE * DESCRIPTOR_SIZE), np.float32)
    count = min(MAX_CELLS, round((pictures * len(WINDOWS)) ** 0.5))
    draw = np.random.default_rng(0)
    some = draw.choice(pictures, min(pictures, count * SAMPLES_PER_CELL // 4), replace=False)
    sample = descriptors(thumbnails[some], WINDOWS[draw.choice(len(WINDOWS), 4, replace=False)])
    sample = sample.reshape(-1, DESCRIPTOR_SIZE * DESCRIPTOR_SIZE)
    centres = sample[draw.choice(len(sample), min(count, len(sample)), replace=False)]
    for _ in range(ITERATIONS):
        nearest = (sample @ centres.T).argmax(axis=1)
        sums = np.zeros_like(centres)
        np.add.at(sums, nearest, sample)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(lengths > 0, sums / np.maximum(lengths, 1e-6), centres)
    return centres


def _probes(queries: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Return `(pictures, 8, PROBES)` the cells to search for each picture in each orientation."""
    count = min(PROBES, len(cells))
    probes = np.empty((len(queries), len(ORIENTATIONS), count), np.int32)
    for number, order in enumerate(orders(DESCRIPTOR_SIZE)):
        for start in range(0, len(queries), CHUNK):
            similarity = queries[start : start + CHUNK][:, order] @ cells.T
            probes[start : start + CHUNK, number] = np.argpartition(-similarity, count - 1, axis=1)[
                :, :count
            ]
    return probes


def _search(
    queries: np.ndarray,
    probes: np.ndarray,
    chunk: np.ndarray,
    cells: np.ndarray,
    *,
    first: int,
    min_correlation: float,
) -> Candidates:
    """Return the windows of `chunk` most similar to each query; its first picture is `first`."""
    windows = chunk.reshape(-1, DESCRIPTOR_SIZE * DESCRIPTOR_SIZE)
    pictures = chunk.shape[1]
    cell = np.concatenate([(part @ cells.T).argmax(axis=1) for part in chunk])
    members, sought = _by_number(cell, len(cells)), _by_number(probes.ravel(), len(cells))
    turns = orders(DESCRIPTOR_SIZE)

    def search(number: int) -> list[Candidates]:
        rows = members[number]
        asking, orientation = np.divmod(sought[number] // probes.shape[2], len(ORIENTATIONS))
        step = max(1, MAX_PRODUCTS // max(len(rows), 1))
        results = []
        for start in range(0, len(asking) if len(rows) else 0, step):
            asked, order = asking[start : start + step], orientation[start : start + step]
            turned = np.take_along_axis(queries[asked], turns[order], axis=1)
            query, window_index, correlation = _nearest(turned, windows[rows], min_correlation)
            window, whole = np.divmod(rows[window_index], pictures)
            other = whole + first
            differ = other != asked[query]
            made = Candidates(asked[query], other, order[query], window, correlation)
            results.append(made.of(np.flatnonzero(differ)))
        return results

    results = [pairs for batch in in_threads(search, range(len(cells))) for pairs in batch]
    return Candidates(*map(np.concatenate, zip(NO_CANDIDATES, *results, strict=True)))


def _nearest(
    queries: np.ndarray, windows: np.ndarray, min_correlation: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the indices of queries and of windows that correlate, and the correlations.

    Where these are many, they are the `MAX_NEAREST` of each query: finding them takes longer.
    """
    correlation = queries @ windows.T
    count = min(MAX_NEAREST, len(windows))
    enough = correlation >= min_correlation
    if np.count_nonzero(enough) > count * len(queries):
        nearest = np.argpartition(correlation, -count, axis=1)[:, -count:]
        few = np.zeros_like(enough)
        np.put_along_axis(few, nearest, True, axis=1)
        enough &= few
    query, window = np.nonzero(enough)
    return query, window, correlation[query, window]


def _by_number(values: np.ndarray, count: int) -> list[np.ndarray]:
    """Return the indices of each number below `count` in `values`."""
    order = np.argsort(values, kind="stable")
    return np.split(order, np.searchsorted(values[order], np.arange(1, count)))


def _best(pairs: Candidates, max_pairs: int) -> Candidates:
    """Return, for each `part`, the `max_pairs` most similar others, each once."""
    order = np.lexsort((-pairs.correlation, pairs.whole, pairs.part))
    part, whole = pairs.part[order], pairs.whole[order]
    first = np.ones(len(order), bool)
    first[1:] = (part[1:] != part[:-1]) | (whole[1:] != whole[:-1])
    pairs = pairs.of(order[first])
    return pairs.of(rank(pairs.part, pairs.correlation) < max_pairs)


def rank(part: np.ndarray, correlation: np.ndarray) -> np.ndarray:
    """Return `(pairs,)` how many pairs of the same `part` have a higher `correlation`."""
    order = np.lexsort((-correlation, part))
    sorted_part = part[order]
    ranks = np.empty(len(order), int)
    ranks[order] = np.arange(len(order)) - np.searchsorted(sorted_part, sorted_part)
    return ranks
