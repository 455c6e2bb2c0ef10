"""Features on one scale, of which none that is all but constant becomes larger than the others."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.preprocessing import StandardScaler

LEAST = 0.001  # of the median deviation of the features that vary


class EvenScaler(StandardScaler):
    """As scikit-learn's, but a feature is divided by `LEAST` of the median deviation or more.

    A unit of a network that is zero for all training images but one has a deviation of next to
    nothing: another image, for which it is awake, would be a thousand deviations away. On 140
    images of hands, two such units of 1,760 made a validation loss of 6.0 that is 0.8 without.
    """

    def partial_fit(self, X: Any, y: None = None, sample_weight: Any = None) -> EvenScaler:  # noqa: N803
        """As scikit-learn's; `fit` calls it too."""
        super().partial_fit(X, y, sample_weight)
        deviations = np.sqrt(self.var_)
        varying = deviations[deviations > 0]
        if len(varying):
            self.scale_: np.ndarray = np.maximum(self.scale_, LEAST * np.median(varying))
        return self
