"""A model around a classifier, for training alone: the losses of its auxiliary heads."""

from __future__ import annotations

from typing import Any

import keras

AUXILIARY_WEIGHT = 0.3  # of the loss of each auxiliary head, beside that of the head


class TrainingModel(keras.Model):
    """`classifier`, for training alone: its outputs after the first are of auxiliary heads.

    Their losses are added in training (Szegedy et al., Going Deeper with Convolutions, CVPR 2015,
    arXiv:1409.4842), for the same targets and weights. Metrics and the validation loss are those of
    the first output alone: the network that is saved has no other.
    """

    def __init__(self, classifier: keras.Model) -> None:
        super().__init__()
        self.classifier = classifier

    def call(self, images: Any, training: bool | None = None) -> Any:
        return self.classifier(images, training=training)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Return the loss of the first output, in training with those of the others."""
        first, *auxiliary = keras.tree.flatten(y_pred)
        loss = super().compute_loss(x, y, first, sample_weight, training)
        for output in auxiliary if training else ():
            more = super().compute_loss(x, y, output, sample_weight, training)
            loss += AUXILIARY_WEIGHT * more
        return loss

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the metrics of the first output."""
        return super().compute_metrics(x, y, keras.tree.flatten(y_pred)[0], sample_weight)
