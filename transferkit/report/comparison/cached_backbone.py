"""Cached features of the backbone that a network was trained from."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.resolve import is_pretrained, resolve_model, starting_weights
from transferkit.backbones.weights import cached_file
from transferkit.config.settings import Config, ModelConfig
from transferkit.data.manifest import Manifest
from transferkit.errors import TransferkitError
from transferkit.evaluation.summary import HEAD_STAGE

if TYPE_CHECKING:
    from transferkit.models.network import Network

SAMPLE_SIZE = 8  # training images, from the first to the last, that are looked for on disk


@dataclasses.dataclass(frozen=True)
class BackboneView:
    """The frozen backbone of a network, with cached features of the training images.

    Attributes:
        config: settings whose model is resolved.
        tuned: whether the network was fine-tuned after that, so that its own features differ.
        train: the rows of the training images.
    """

    config: Config
    tuned: bool
    train: pd.DataFrame

    def features(self, paths: Sequence[str]) -> np.ndarray | None:
        """Return `(images, width)` float32, or None if they are not available.

        Those of training images are cached; missing ones of other images are computed once, which
        takes less than to predict them did.
        """
        from transferkit.features.extract import extract_features  # loads TensorFlow: seconds
        from transferkit.features.spec import FeatureSpec

        try:
            spec = FeatureSpec.from_config(self.config)
            return extract_features(spec, list(paths), quiet=True).values
        except TransferkitError:  # a file went away, of images or of weights
            return None

    @property
    def words(self) -> str:
        """Name of the backbone in a sentence."""
        title = find_backbone(self.config.model.backbone).title
        return f"{title} before it was fine-tuned" if self.tuned else title


def backbone_view(network: Network, manifest: Manifest, config: Config) -> BackboneView | None:
    """Return the view of the backbone that `network` was trained from, by the settings `config`.

    None if no features are cached: it started from random weights, `--cache-gb` is 0, it was
    trained elsewhere, or the settings are not those of this network.
    """
    from transferkit.features.extract import are_cached
    from transferkit.features.spec import FeatureSpec
    from transferkit.models.grad_cam import backbone_of, classifier_of

    train = manifest.part("train")
    try:
        if config.model.backbone != backbone_of(classifier_of(network.model)).name:
            return None
        model = resolve_model(config.model)
        config = dataclasses.replace(config, model=model)
        tried = train["path"].iloc[:: max(1, len(train) // SAMPLE_SIZE)].tolist()
        if not is_here(model) or not are_cached(FeatureSpec.from_config(config), tried):
            return None
    except TransferkitError:  # what is not transferkit's own model has no view either
        return None
    tuned = network.summary.kept_stage != HEAD_STAGE
    return BackboneView(config, tuned, train)


def is_here(model: ModelConfig) -> bool:
    """Return whether the weights are on this machine: a page downloads nothing."""
    downloaded = starting_weights(model) == "imagenet"
    row = find_backbone(model.backbone)
    return is_pretrained(model) and (not downloaded or cached_file(row) is not None)
