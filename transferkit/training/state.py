"""The state that the stages of one training share, and the summary of each."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace

import keras
import numpy as np

from transferkit.backbones.catalog import BackboneSpec, find_backbone
from transferkit.backbones.resolve import is_pretrained
from transferkit.config.settings import Config
from transferkit.errors import ConfigError
from transferkit.evaluation.conformal import VALIDATION
from transferkit.evaluation.summary import HEAD_STAGE, EpochRecord, StageSummary, TrainingSummary
from transferkit.features.cache.table import MappedFeatures
from transferkit.features.extractor_pool import DEFAULT_POOL, ExtractorPool
from transferkit.features.spec import FeatureSpec
from transferkit.inference.devices import Device
from transferkit.models.classifier import HEAD, parameters
from transferkit.training.dataset import SplitData


@dataclass(frozen=True)
class CachedActivations:
    """Cached input activations of the trainable part; `above` is that part, up to probabilities.

    `train` has the activations of the training images as they are, and then those of each view.
    """

    above: keras.Model
    train: list[MappedFeatures]
    validation: MappedFeatures


@dataclass(frozen=True)
class HeldOut:
    """Logits `(rows, classes)` of held-out images, their labels `(rows,)`, and how many images.

    An image may have more than one row: `plain` are the indices of one for each, that of the image
    as it is, and `groups` the names of their groups. `source` is that of `ConformityScores`.
    """

    logits: np.ndarray
    labels: np.ndarray
    images: int
    plain: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    groups: tuple[str, ...] = ()
    source: str = VALIDATION

    @classmethod
    def of(
        cls, logits: np.ndarray, images: SplitData, rows: np.ndarray, *, source: str, plain: int
    ) -> HeldOut:
        """Return the `logits` of these `rows` of `images`, the first `plain` of which are no views.

        An image that is repeated, since several devices share a batch, is one.
        """
        first: dict[str, int] = {}
        for position, row in enumerate(rows.tolist()):
            if row < plain:
                first.setdefault(images.paths[row], position)
        chosen = np.array(list(first.values()), np.int64)
        groups = tuple(images.groups[row] for row in rows[chosen])
        distinct = len({images.paths[row] for row in rows.tolist()})
        return cls(logits, images.labels[rows], distinct, chosen, groups, source)


@dataclass
class TrainingState:
    """State of one training; `history` and `summary` grow from stage to stage."""

    classifier: keras.Model
    config: Config
    device: Device
    train: SplitData
    validation: SplitData
    blocks: int = 0
    """How many blocks of the backbone learn, from the top, in the second stage."""
    everything: SplitData | None = None
    """The images of both, on which the chosen network is fitted again; None for no refit."""
    history: list[EpochRecord] = field(default_factory=list)
    summary: TrainingSummary = TrainingSummary()
    activations: CachedActivations | None = None
    head_weights: list[np.ndarray] | None = None
    """The weights of the classifier before it was fine-tuned."""
    held_out: HeldOut | None = None
    """Predictions for images that the network was not trained on, for its temperature."""
    averaged_loss: float = math.inf
    """The validation loss of the best epochs' averaged weights, where they were kept."""
    reached: str = ""
    """The stage whose network the classifier is, where it is worth saving; empty before that."""
    pool: ExtractorPool = DEFAULT_POOL
    """The compiled extractors and features in memory."""
    borrowed_seconds: float = 0.0
    """Seconds that cached features took in earlier runs, beyond those spent here."""

    @property
    def backbone(self) -> BackboneSpec:
        return find_backbone(self.config.model.backbone)

    @property
    def pretrained(self) -> bool:
        return is_pretrained(self.config.model)

    @property
    def image_size(self) -> int:
        """Image size of the classifier in pixels."""
        return int(self.classifier.input_shape[1])

    @property
    def feature_spec(self) -> FeatureSpec:
        """The specification of the features of plain images."""
        return FeatureSpec.from_config(self.config)

    def best(self, stage: str) -> float:
        """Return the lowest validation loss of `stage`, or the training loss if there is no other.

        Infinite if none is finite.
        """
        losses = [self.monitored_loss(row) for row in self.history if row.stage == stage]
        return min(filter(math.isfinite, losses), default=math.inf)

    def monitored_loss(self, row: EpochRecord) -> float:
        """Return the validation loss of an epoch; without validation images, its training loss."""
        return row.loss if row.val_loss is None else row.val_loss


def require_finite_loss(state: TrainingState, stage: str) -> None:
    """Raise `ConfigError` if no loss of `stage` is finite: the weights are not either.

    Without validation images no best epoch is gone back to, and the last loss has to be one.
    """
    last = [row.loss for row in state.history if row.stage == stage][-1:]
    lost = not len(state.validation) and not np.isfinite(last).all()
    if lost or state.best(stage) == math.inf:
        raise ConfigError(
            f"The loss of the stage {stage!r} is not a number any more: "
            f"lower --train.learning-rate, which is {state.config.train.learning_rate}, or give "
            "other --weights."
        )


def summarise_stage(
    state: TrainingState,
    stage: str,
    started: float,
    *,
    blocks: int,
    images: str,
    solved: bool = False,
) -> None:
    """Add `stage` to the summary of training; `images` are what it was trained on, in words."""
    head_only = stage == HEAD_STAGE
    summary = StageSummary(
        epochs=sum(row.stage == stage for row in state.history),
        seconds=round(time.perf_counter() - started, 2),
        images=images,
        unfrozen_blocks=f"{blocks} of {len(state.backbone.blocks)}",
        trainable_parameters=parameters(
            state.classifier.get_layer(HEAD) if head_only else state.classifier, trainable=True
        ),
        solved=solved,
    )
    stages = {**state.summary.stages, stage: summary}
    state.summary = replace(state.summary, kept_stage=stage, stages=stages)
