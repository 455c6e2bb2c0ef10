"""Fitting a baseline on the images of a manifest."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from transferkit.backbones.resolve import resolve_model
from transferkit.baselines.backbone_features import BackboneFeatures
from transferkit.baselines.baseline import Baseline
from transferkit.baselines.catalog import MAJORITY, BaselineSpec, find_baseline
from transferkit.baselines.classifiers import can_weigh, tune_and_fit
from transferkit.baselines.image_features import ImageFeatures
from transferkit.baselines.image_transformer import ImageTransformer
from transferkit.config.settings import Config
from transferkit.data.class_weights import class_weights
from transferkit.data.splits import require_train
from transferkit.errors import DataError
from transferkit.evaluation.summary import BaselineSummary, ClassWeights, TemperatureScaling
from transferkit.runtime.profiling import measure_usage
from transferkit.runtime.progress import log
from transferkit.storage.active_run import keep_baseline

if TYPE_CHECKING:
    from transferkit.data.manifest import Manifest

FITTED_ON = ("train", "validation")


def fit_baseline(name: str, manifest: Manifest, config: Config = Config()) -> Baseline:
    """Tune and fit the baseline `name` on the training and the validation images.

    A network stops and is chosen by the validation images, so it has seen them; a baseline is
    tuned by cross-validation instead and learns from both, for neither to see fewer images. Rarer
    classes weigh more where they do for the network, by `config.train.class_weights`.

    Raises:
        ConfigError: no baseline has that name.
        DataError: there is nothing to learn from, or an image cannot be read.
        WeightsError: the backbone's weights are not available.
    """
    spec = find_baseline(name)
    parts = [manifest.part(split) for split in FITTED_ON]
    rows = pd.concat(parts, ignore_index=True)
    true_labels = manifest.label_indices(rows)
    _require_two_classes(spec, rows, manifest)
    log(f"Fitting {name}.")
    features = make_features(spec, manifest.settled(config))
    by_class = class_weights(manifest, config.train, FITTED_ON)
    with measure_usage() as usage:
        # Split by split, as the network reads them, so that a backbone reads each once for both.
        read = [] if features is None else [features.read(list(part["path"])) for part in parts]
        batches = [batch.values for batch in read]
        values = np.concatenate(batches) if batches else np.empty((len(rows), 0))
        started = time.perf_counter()
        estimator, chosen = tune_and_fit(
            spec.classifier.name,
            values,
            true_labels,
            groups=list(rows["group"]),
            seed=config.seed,
            weights=None if by_class is None else by_class[true_labels],
        )
        seconds = time.perf_counter() - started + sum(batch.seconds for batch in read)
    steps = [] if features is None else [("features", features)]
    baseline = Baseline(
        name=spec.name,
        pipeline=Pipeline([*steps, ("classifier", estimator)]),
        classes=manifest.classes,
        fit_seconds=seconds,
        summary=BaselineSummary(
            title=spec.title,
            chosen=chosen,
            train_images=len(rows),
            fitted_on=" and ".join(FITTED_ON),
            features_width=values.shape[1],
            class_weights=_class_weights(spec, by_class),
            temperature=TemperatureScaling(getattr(estimator, "temperature_", 1.0)),
            usage=usage,
        ),
    )
    keep_baseline(baseline)
    return baseline


def _class_weights(baseline: BaselineSpec, by_class: np.ndarray | None) -> ClassWeights:
    if by_class is None:
        return "none"
    return "balanced" if can_weigh(baseline.classifier.name) else "unsupported"


def make_features(baseline: BaselineSpec, config: Config) -> ImageTransformer | None:
    """Make the first step of the pipeline of `baseline`; None for the majority."""
    if baseline.features is None:
        return None
    data = config.data
    decoding: dict[str, Any] = {
        name: getattr(data, name) for name in ("resize", "max_pixels", "value_range", "cache_gb")
    }
    if baseline.features.name == "backbone":
        model = resolve_model(config.model)
        return BackboneFeatures(
            model.backbone,
            model.weights,
            model.pooling,
            image_sizes=model.image_sizes,
            precision=config.compute.precision,
            engine=config.compute.engine,
            image_size=data.image_size,
            **decoding,
        )
    return ImageFeatures(baseline.features.name, **decoding)


def _require_two_classes(baseline: BaselineSpec, rows: pd.DataFrame, manifest: Manifest) -> None:
    if rows.empty:
        require_train(rows, manifest.source)
    labels = rows["label"].unique()
    if len(labels) < 2 and baseline.classifier != MAJORITY:
        raise DataError(
            f"All {len(rows)} training images of {manifest.source!r} are of the class "
            f"{labels[0]!r}: there should be at least two classes for {baseline.name}."
        )
