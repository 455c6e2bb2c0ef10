"""The headline metric of a comparison: accuracy, or balanced accuracy for imbalanced classes."""

from __future__ import annotations

import dataclasses

import numpy as np

from transferkit.evaluation.significance import balancing_weights

MIN_IMBALANCE = 2  # largest class by smallest, from which accuracy is mostly that of the largest


@dataclasses.dataclass(frozen=True, eq=False)
class HeadlineMetric:
    """The headline metric for one set of test images.

    Attributes:
        key: accuracy or balanced_accuracy, as in `Scores`.
        weights: `(images,)` of mean 1, by which it is a mean over images; None for the accuracy.
        constant: score of always predicting the most frequent class, share 0..1.
    """

    key: str
    weights: np.ndarray | None
    constant: float

    @classmethod
    def of(cls, labels: np.ndarray) -> HeadlineMetric:
        """Return the metric for `labels` `(images,)` class indices.

        Where one class has at least `MIN_IMBALANCE` times the images of another, a classifier that
        knows only the common class seems good by its accuracy: then it is the balanced accuracy
        (Brodersen et al., 2010, doi:10.1109/ICPR.2010.764), in which any constant prediction has
        one divided by the number of classes.
        """
        counts = np.bincount(labels)
        counts = counts[counts > 0]
        if counts.max() < MIN_IMBALANCE * counts.min():
            return cls("accuracy", None, float(counts.max() / counts.sum()))
        return cls("balanced_accuracy", balancing_weights(labels), 1 / len(counts))

    @property
    def name(self) -> str:
        """Name of the measure in a sentence."""
        return self.key.replace("_", " ")

    @property
    def is_balanced(self) -> bool:
        """Whether it is the balanced accuracy."""
        return self.weights is not None

    def value(self, right: np.ndarray) -> float:
        """Return the metric of predictions whose correctness is `right` `(images,)` bool."""
        return float(np.average(right, weights=self.weights))


def majority_class(labels: np.ndarray) -> int:
    """Return the most frequent class of the test images."""
    return int(np.bincount(labels).argmax())
