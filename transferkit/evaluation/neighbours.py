"""Nearest neighbours by cosine similarity."""

from __future__ import annotations

import numpy as np

MAX_SIMILARITIES = 2**24  # similarities in memory at once: 64 MB


def nearest(
    features: np.ndarray,
    training: np.ndarray,
    count: int,
    *,
    max_similarities: int = MAX_SIMILARITIES,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the `count` nearest rows of `training` for each row of `features`, and their cosines.

    Both are `(images, width)` float32; out come `(images, count)` int64 row numbers, the nearest
    first and of equals the first, and `(images, count)` float32 cosines, -1..1. There are fewer
    columns where there are fewer rows. A vector of zeros is like none: 0.
    """
    count = min(count, len(training))
    rows = np.empty((len(features), count), np.int64)
    similarity = np.empty((len(features), count), np.float32)
    lengths = _lengths(training)
    block = max(1, max_similarities // max(1, len(training)))
    for start in range(0, len(features), block):
        part = slice(start, start + block)
        cosines = features[part] @ training.T
        cosines /= _lengths(features[part])[:, None]
        cosines /= lengths
        # To six digits: equal vectors get cosines that differ in the seventh.
        order = np.argsort(-cosines.round(6), axis=1, kind="stable")[:, :count]
        rows[part] = order
        similarity[part] = np.clip(np.take_along_axis(cosines, order, axis=1), -1, 1)
    return rows, similarity


def _lengths(vectors: np.ndarray) -> np.ndarray:
    """Return the norms, `(images,)` float32, 1 for a vector of zeros."""
    lengths = np.linalg.norm(vectors, axis=1)
    return np.where(lengths > 0, lengths, 1).astype(np.float32)
