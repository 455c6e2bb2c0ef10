"""Typed facts of a fitted classifier: how it was trained, and the course of its epochs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from html import escape
from typing import Any, Literal, TypeVar

from transferkit.runtime.profiling import ResourceUsage

HEAD_STAGE, FINE_TUNE_STAGE, SCRATCH_STAGE = "head", "fine-tune", "from scratch"
REFIT_STAGE = "refit"  # of the chosen network, on the training and the validation images

AnySummary = TypeVar("AnySummary", bound="Summary")  # `typing.Self` is not in Python 3.10
ClassWeights = Literal["none", "balanced", "unsupported"]
"""Unsupported: rarer classes should weigh more, and this classifier takes no sample weights."""


@dataclass(frozen=True)
class EpochRecord:
    """One epoch of training.

    Attributes:
        stage: name of the training stage.
        epoch: number within the stage, from 1.
        loss: mean training loss; NaN where it is not known.
        accuracy: training accuracy, 0..1.
        val_loss: mean validation loss; of a solved head without validation images, that of its
            folds; else None.
        val_accuracy: validation accuracy, 0..1.
        learning_rate: at the end of the epoch; None for a head by L-BFGS.
        seconds: wall time, validation included.
    """

    stage: str = ""
    epoch: int = 0
    loss: float = math.nan
    accuracy: float | None = None
    val_loss: float | None = None
    val_accuracy: float | None = None
    learning_rate: float | None = None
    seconds: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the known values by name: a row of history.csv."""
        return _to_json(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> EpochRecord:
        """Return the record that `content` holds; "NaN" and "Infinity" may be text.

        Raises:
            TypeError, ValueError: a name is unknown or a value is no number.
        """
        casts = {"stage": str, "epoch": int}
        return cls(**{name: casts.get(name, float)(value) for name, value in content.items()})


@dataclass(frozen=True)
class TemperatureScaling:
    """The temperature that logits are divided by, and the validation log loss without and with it.

    The losses are None where no temperature fitted clearly better than 1.
    """

    value: float = 1.0
    loss_before: float | None = None
    loss_after: float | None = None


@dataclass(frozen=True)
class StageSummary:
    """One stage of training.

    Attributes:
        images: the augmentation or cached views that it was trained on, in words.
        unfrozen_blocks: of the backbone's, as `1 of 16`.
        solved: the head was fitted by L-BFGS, not by gradient descent.
    """

    epochs: int
    seconds: float
    images: str
    unfrozen_blocks: str
    trainable_parameters: int
    solved: bool = False


@dataclass(frozen=True)
class Summary:
    """Facts of any fitted classifier.

    Attributes:
        class_weights: whether rarer classes weighed more; None where that is not known.
        temperature: None where no calibration was asked for.
        fitted_on: the splits of the images that the final weights were learnt from, in words.
        extra: further facts, of a recipe or of a classifier of one's own, as JSON can hold them.
    """

    class_weights: ClassWeights | None = None
    temperature: TemperatureScaling | None = None
    usage: ResourceUsage | None = None
    fitted_on: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def facts(self) -> dict[str, Any]:
        """All known facts by name, those of `extra` among the others: what a report lists."""
        content = self.to_json()
        return content | content.pop("extra", {})

    def to_html(self, title: str) -> str:
        """Return `title` and a table of the facts, as HTML for a notebook."""
        rows = "".join(
            f"<tr><td>{escape(str(key))}</td><td>{escape(str(value))}</td></tr>"
            for key, value in self.facts.items()
        )
        return f"<p>{escape(title)}</p><table>{rows}</table>"

    def to_json(self) -> dict[str, Any]:
        """Return the known facts by name."""
        return _to_json(self)

    @classmethod
    def from_json(cls: type[AnySummary], content: Mapping[str, Any]) -> AnySummary:
        """Return the summary that `to_json` gave as `content`.

        Raises:
            AttributeError, TypeError, ValueError: a name is unknown or a value of another type.
        """
        return cls(**{name: READERS.get(name, str)(value) for name, value in content.items()})


@dataclass(frozen=True)
class TrainingSummary(Summary):
    """Facts of a trained network.

    Attributes:
        kept_stage: the stage whose weights the network has.
        interrupted: stage, epoch and loss of the weights, where training ended early; else empty.
        device: what it was trained on, in words.
        parameters: of the whole network.
        stages: by name, in order.
        averaged_checkpoints: epochs of fine-tuning (from 1) whose weights were averaged.
        tta: whether the mirror image is averaged in; None where that was not tried.
    """

    kept_stage: str = ""
    interrupted: str = ""
    device: str = ""
    parameters: int = 0
    stages: Mapping[str, StageSummary] = field(default_factory=dict)
    averaged_checkpoints: tuple[int, ...] = ()
    tta: bool | None = None


@dataclass(frozen=True)
class BaselineSummary(Summary):
    """Facts of a fitted baseline.

    Attributes:
        title: the classifier and its features, in words.
        chosen: the hyperparameters that cross-validation chose.
        train_images: how many it was fitted on.
        features_width: numbers per image.
    """

    title: str = ""
    chosen: Mapping[str, Any] = field(default_factory=dict)
    train_images: int = 0
    features_width: int = 0


SUMMARIES: dict[str, type[Summary]] = {
    kind.__name__: kind for kind in (Summary, TrainingSummary, BaselineSummary)
}


def _to_json(value: Any) -> Any:
    """Return a dataclass as a dict of what is known of it; a mapping of them, likewise."""
    if isinstance(value, Mapping):
        return {name: _to_json(item) for name, item in value.items()}
    if not hasattr(value, "__dataclass_fields__"):
        return list(value) if isinstance(value, tuple) else value
    facts = {row.name: getattr(value, row.name) for row in fields(value)}
    unknown: tuple[Any, ...] = (None, "", (), {})
    return {
        name: _to_json(fact)
        for name, fact in facts.items()
        if not any(fact is empty or fact == empty for empty in unknown)
    }


def _read_temperature(content: Mapping[str, Any]) -> TemperatureScaling:
    return TemperatureScaling(**{name: float(value) for name, value in content.items()})


def _read_usage(content: Mapping[str, Any]) -> ResourceUsage:
    return ResourceUsage(**{name: float(value) for name, value in content.items()})


def _read_stage(content: Mapping[str, Any]) -> StageSummary:
    casts = {"seconds": float, "images": str, "unfrozen_blocks": str, "solved": bool}
    return StageSummary(**{name: casts.get(name, int)(value) for name, value in content.items()})


READERS: dict[str, Callable[[Any], Any]] = {
    "temperature": _read_temperature,
    "usage": _read_usage,
    "extra": dict,
    "chosen": dict,
    "parameters": int,
    "train_images": int,
    "features_width": int,
    "tta": bool,
    "stages": lambda content: {name: _read_stage(stage) for name, stage in content.items()},
    "averaged_checkpoints": lambda epochs: tuple(map(int, epochs)),
}
"""How each fact is read out of JSON; all others are text."""
