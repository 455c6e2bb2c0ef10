"""A classifier that augments its training batches on the device it is trained on."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from transferkit.data.loading.tf_dataset import Augmentation, finish_batch
from transferkit.training.training_model import TrainingModel


class GpuAugmentation(TrainingModel):
    """`classifier`, for training alone: its batches come as uint8, with the seeds of their draws.

    A GPU then gets a quarter of the bytes, and changes the images itself, which the CPU, busy with
    decoding, would do more slowly. Of a mirrored model each replica changes its share. Nothing of
    it is in `classifier`, which is what is saved.
    """

    def __init__(self, classifier: keras.Model, augmentation: Augmentation) -> None:
        super().__init__(classifier)
        self.augmentation = augmentation

    def train_step(self, data: Any) -> Any:
        """Run a training step on the augmented batch."""
        inputs, targets, weights = data
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        seed = inputs["seeds"][0] + tf.stack([0, tf.cast(replica, tf.int64)])
        batch = inputs["images"], targets, weights
        return super().train_step(finish_batch(self.augmentation, seed, batch))
