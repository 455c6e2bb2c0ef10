"""The support vector machine with a Gaussian kernel, its distances by products of matrices.

libsvm sums up the distance of each two images by itself, and anew in every fit of a search. A
product of matrices gives the same numbers but for the last digits, many times sooner.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import SVC

# Beyond, the machine is exact still, and takes its time. Nyström's approximation under a linear
# machine was no way out: of 12,000 images with 418 features it took 280 s, and the exact one 10 s.
MAX_IMAGES = 8_000  # whose kernel is held in memory: 512 MB of float64
TIME_EXPONENT = 1.75  # of the number of images: 1.7 to 1.8 from 2,000 to 16,000 images
TIMED_IMAGES = 2_000  # of a fit that a longer one is estimated by
CHUNK = 512  # images that are predicted at once


class RBFSVM(ClassifierMixin, BaseEstimator):
    """`SVC(C, gamma="scale")`, with the same decisions, faster by a precomputed kernel.

    Attributes:
        machine_: the `SVC`, on kernels; of more than `MAX_IMAGES` images, on their features.
        vectors_: `(vectors, width)` float32, the support vectors of one on kernels.
        gamma_: of the kernel, exp(-gamma * squared distance).
    """

    def __init__(self, C: float = 1.0, *, random_state: int | None = None) -> None:  # noqa: N803
        self.C = C
        self.random_state = random_state

    def fit(
        self, values: np.ndarray, labels: np.ndarray, sample_weight: np.ndarray | None = None
    ) -> RBFSVM:
        """Learn from `values` `(images, width)` float32 and their classes, `labels` `(images,)`.

        `sample_weight` `(images,)` multiplies C, image by image.
        """
        exact = values.astype(np.float64)  # as in libsvm
        spread = exact.var()
        self.gamma_ = 1 / (values.shape[1] * spread) if spread else 1.0  # scikit-learn's "scale"
        machine = SVC(C=self.C, gamma=self.gamma_, cache_size=500, random_state=self.random_state)
        if len(values) <= MAX_IMAGES:
            machine.set_params(kernel="precomputed")
            self.machine_ = machine.fit(rbf_kernel(exact, gamma=self.gamma_), labels, sample_weight)
            self.vectors_ = values[machine.support_]
        else:
            self.machine_ = machine.fit(exact, labels, sample_weight)
        self.classes_ = machine.classes_
        return self

    def predict(self, values: np.ndarray) -> np.ndarray:
        """`(images,)` classes, by the vote of each two of them."""
        return np.concatenate([self.machine_.predict(chunk) for chunk in self._chunks(values)])

    def decision_function(self, values: np.ndarray) -> np.ndarray:
        """`(images, classes)` float64, highest for the likeliest; of two classes `(images,)`."""
        decisions = [self.machine_.decision_function(chunk) for chunk in self._chunks(values)]
        return np.concatenate(decisions)

    def _chunks(self, values: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the input of the machine for `values`, some images at a time."""
        for start in range(0, len(values), CHUNK):
            chunk = values[start : start + CHUNK].astype(np.float64)
            if self.machine_.kernel == "precomputed":
                # It looks at the columns of its support vectors alone.
                kernel = np.zeros((len(chunk), self.machine_.shape_fit_[0]))
                kernel[:, self.machine_.support_] = rbf_kernel(chunk, self.vectors_, self.gamma_)
                chunk = kernel
            yield chunk


def estimated_seconds(values: np.ndarray, labels: np.ndarray) -> float:
    """Estimate the seconds of one fit on `values` `(images, width)`, `labels`, by a timed part."""
    rows = np.random.default_rng(0).permutation(len(values))[:TIMED_IMAGES]
    if len(np.unique(labels[rows])) < 2:
        return 0.0
    started = time.perf_counter()
    SVC(cache_size=500).fit(values[rows], labels[rows])
    return (time.perf_counter() - started) * (len(values) / len(rows)) ** TIME_EXPONENT
