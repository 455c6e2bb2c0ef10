"""A network with an embedded backbone on the drawn shapes, and what it says of the test images."""

from __future__ import annotations

import dataclasses
import os

import numpy as np

from transferkit.config.settings import Config, DataConfig, ModelConfig, TrainConfig
from transferkit.data.manifest import Manifest
from transferkit.evaluation.results import Result
from transferkit.models.network import Network
from transferkit.report.html.render import standalone
from transferkit.training.train import train

CONFIG = Config(
    data=DataConfig(image_size=48),
    model=ModelConfig(backbone="pocket"),
    train=TrainConfig(unfreeze="none"),
)


@dataclasses.dataclass(frozen=True)
class World:
    """A network, its images, its answers, some made wrong, and the cache with its features."""

    network: Network
    manifest: Manifest
    result: Result
    truth: np.ndarray
    config: Config
    cache: str


def make_world(manifest: Manifest, config: Config = CONFIG, *, wrong: int = 6) -> World:
    """Trained now, so that its features are kept where they are kept now."""
    network = train(manifest, config)
    test = manifest.part("test")
    truth = manifest.label_indices(test)
    probabilities = network.probabilities(list(test["path"]))
    right = np.flatnonzero(probabilities.argmax(axis=1) == truth)
    probabilities[right[:wrong]] = np.roll(probabilities[right[:wrong]], 1, axis=1)
    result = Result(network.name, "network", probabilities, 1.0, 1.0, 1.0)
    return World(network, manifest, result, truth, config, os.environ["TRANSFERKIT_CACHE"])


def rendered(template: str, **values: object) -> str:
    """The part of the page, by the page's own rules."""
    return standalone(template, styles=(), scripts=(), **values)
