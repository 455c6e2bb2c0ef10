"""The batches that a stage is trained on: cached activations, or augmented pixels."""

from __future__ import annotations

from typing import Any

import keras

from transferkit.backbones.spec import STAGES
from transferkit.config.settings import TrainConfig
from transferkit.data.augmentation.policies import find_policy
from transferkit.data.augmentation.views import in_words, views_of
from transferkit.data.loading.tf_dataset import Augmentation, training_batches
from transferkit.models.auxiliary import with_auxiliary_heads
from transferkit.training.activation_batches import ActivationBatches
from transferkit.training.dataset import SplitData
from transferkit.training.gpu_augmentation import GpuAugmentation
from transferkit.training.state import TrainingState
from transferkit.training.training_model import TrainingModel

MIXUP_ALPHA = 0.2  # of the Beta distribution for mixup of cached activations: mostly one of the two


def training_data(state: TrainingState) -> tuple[keras.Model, Any, Any, str]:
    """Return the trainable model, its training and validation batches, and a line on them."""
    config = state.config.train
    if state.activations is None:
        augmentation = _augmentation(state)
        train = _batches(state, state.train, augmentation)
        images = f"augmented anew in each epoch: {config.augment}, mix: {_mix_of_pixels(config)}"
        if has_auxiliary_heads(state):
            images += f"; {len(state.backbone.auxiliary)} auxiliary heads"
        return _model(state, augmentation), train, _batches(state, state.validation), images
    activations, views, blend = state.activations, views_of(config), _blends_activations(state)
    train = ActivationBatches(
        activations.train, state.train, seed=state.config.seed, blend=MIXUP_ALPHA if blend else 0.0
    )
    images = f"{in_words(views)}; cached activations, mix: {'mixup' if blend else 'none'}"
    watched = ActivationBatches([activations.validation], state.validation)
    return activations.above, train.batches(), watched.batches(), images


def has_auxiliary_heads(state: TrainingState) -> bool:
    """Return whether auxiliary heads learn too: from random weights, where the backbone has any."""
    return bool(state.backbone.auxiliary) and not state.history


def _model(state: TrainingState, augmentation: Augmentation) -> keras.Model:
    """Return the model that learns from augmented images: the classifier, or a model around it."""
    with state.device.building():
        model = state.classifier
        if has_auxiliary_heads(state):
            model = TrainingModel(with_auxiliary_heads(model, state.config.model))
        if augmentation.deferred:
            model = GpuAugmentation(model, augmentation)
    return model


def _blends_activations(state: TrainingState) -> bool:
    """Return whether cached activations are blended: auto does so below one pooled map alone.

    With features of several stages the loss rose: on hand signs it was 0.146 in place of 0.076.
    """
    mix, pooling = state.config.train.mix, state.config.model.pooling
    return mix == "mixup" or (mix == "auto" and pooling not in STAGES)


def _mix_of_pixels(train: TrainConfig) -> str:
    """Return how images are mixed: auto mixes cached activations alone."""
    return "none" if train.mix == "auto" else train.mix


def _augmentation(state: TrainingState) -> Augmentation:
    """Return the augmentation of training images: on the GPU, where there is one."""
    train = state.config.train
    policy, mix = find_policy(train.augment), _mix_of_pixels(train)
    return Augmentation(policy, mix, state.config.seed, deferred=state.device.gpu)


def _batches(
    state: TrainingState, part: SplitData, augmentation: Augmentation | None = None
) -> Any:
    return training_batches(
        part.paths,
        part.targets,
        state.image_size,
        data=state.config.data,
        batch_size=part.batch_size,
        weights=part.weights,
        augmentation=augmentation,
    )
