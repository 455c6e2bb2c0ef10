"""The start of a training: the classifier, its images, and how many blocks are to learn."""

from __future__ import annotations

import dataclasses

import keras

from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.resolve import is_pretrained, resolve_model
from transferkit.backbones.spec import blocks_to_unfreeze
from transferkit.config.settings import Config
from transferkit.data.augmentation.policies import find_policy
from transferkit.data.class_weights import class_weights
from transferkit.data.manifest import Manifest
from transferkit.evaluation.summary import ClassWeights, TrainingSummary
from transferkit.features.extractor_pool import DEFAULT_POOL, ExtractorPool
from transferkit.inference.devices import Device
from transferkit.models.classifier import build_classifier, parameters
from transferkit.runtime.progress import log
from transferkit.training.dataset import read_split, read_validation
from transferkit.training.head import is_solvable
from transferkit.training.state import TrainingState

FITTED_ON = ("train", "validation")  # the splits that the chosen network is fitted on in the end
MIN_FINE_TUNE_IMAGES = (
    1_000  # docs/benchmarks.md: with a few hundred it was not better beyond noise
)


def start_fit(
    manifest: Manifest, config: Config, device: Device, *, pool: ExtractorPool = DEFAULT_POOL
) -> TrainingState:
    """Build a classifier for the classes of `manifest`, and return the state of its training.

    Raises:
        ConfigError: a name or setting that does not fit the backbone.
    """
    find_policy(config.train.augment)
    config = dataclasses.replace(config, model=resolve_model(config.model))
    row, pretrained = find_backbone(config.model.backbone), is_pretrained(config.model)
    blocks = blocks_to_unfreeze(row, config.train.unfreeze, pretrained=pretrained)
    keras.utils.set_random_seed(config.seed)
    with device.building():
        classifier = build_classifier(
            config.model, manifest.classes, image_size=config.data.image_size
        )
    by_class = class_weights(manifest, config.train)
    if by_class is not None:
        log("The classes are imbalanced: training uses class weights.")
    batch, replicas = config.train.batch_size, device.replicas
    train = read_split(manifest, "train", by_class=by_class, batch_size=batch, replicas=replicas)
    validation = read_validation(manifest, batch, replicas)
    weighed: ClassWeights = "none" if by_class is None else "balanced"
    both = read_split(
        manifest,
        *FITTED_ON,
        by_class=class_weights(manifest, config.train, FITTED_ON),
        batch_size=batch,
        replicas=replicas,
    )
    summary = TrainingSummary(
        weighed, device=device.line, parameters=parameters(classifier), fitted_on=FITTED_ON[0]
    )
    state = TrainingState(
        classifier,
        config,
        device,
        train,
        validation,
        everything=both if config.train.refit and len(validation) else None,
        blocks=_worthwhile(blocks, config, len(train)),
        summary=summary,
        pool=pool,
    )
    return _without_choice(state) if _has_no_choice(state) else state


def _has_no_choice(state: TrainingState) -> bool:
    """Return whether nothing of the network will be chosen by its validation images.

    So it is where a solved head is all that is fitted: its folds choose the regularisation.
    """
    choosing = state.blocks or state.config.train.tta
    return state.everything is not None and not choosing and is_solvable(state)


def _without_choice(state: TrainingState) -> TrainingState:
    """Return `state` with the validation images among the training images."""
    assert state.everything is not None
    log(f"The {len(state.everything):,} training and validation images are fitted on together.")
    return dataclasses.replace(
        state,
        train=state.everything,
        validation=state.validation.none,
        everything=None,
        summary=dataclasses.replace(state.summary, fitted_on=" and ".join(FITTED_ON)),
    )


def _worthwhile(blocks: int, config: Config, images: int) -> int:
    """Return how many of `blocks` to fine-tune with so many training images: logged if none."""
    if not is_pretrained(config.model) or config.train.unfreeze != "auto":
        return blocks
    if images >= MIN_FINE_TUNE_IMAGES:
        return blocks
    log(
        f"Fine-tuning is not tried: there are {images:,} training images, and with fewer than "
        f"{MIN_FINE_TUNE_IMAGES:,} it seldom pays. --train.unfreeze {blocks} tries it."
    )
    return 0
