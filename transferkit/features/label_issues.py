"""Labels that may be wrong, by the out-of-fold probabilities of a linear probe."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import softmax

from transferkit.backbones.resolve import resolve_model
from transferkit.config.settings import Config
from transferkit.data.folds import make_folds
from transferkit.data.manifest import Manifest
from transferkit.evaluation.label_issues import rank_label_issues
from transferkit.features.extract import extract_features
from transferkit.features.extractor_pool import DEFAULT_POOL, ExtractorPool
from transferkit.features.linear_probe import solve_probe
from transferkit.features.spec import FeatureSpec
from transferkit.runtime.progress import log

ROUNDS = 3  # of cross-validation, each with other folds, whose probabilities are averaged
COLUMNS = ("path", "label", "suggested", "doubt", "split")


def find_label_issues(
    manifest: Manifest, config: Config = Config(), *, pool: ExtractorPool = DEFAULT_POOL
) -> pd.DataFrame:
    """Every usable image, the one whose label is most doubted first; a frame of `COLUMNS`.

    A linear probe on the frozen features of the backbone judges each image, by stratified
    cross-validation in which the images of one group stay together; `rank_label_issues` compares
    what it says with the label. `doubt` is 0..1: above a half, `suggested` is likelier than the
    label. A class that is too small to be divided is not judged, and has a doubt of 0.

    Raises:
        ConfigError: the backbone has random weights, which say nothing.
        DataError: an image cannot be read.
        WeightsError: the backbone's weights are not available.
    """
    rows = manifest.usable.reset_index(drop=True)
    labels = manifest.label_indices(rows)
    config = manifest.settled(dataclasses.replace(config, model=resolve_model(config.model)))
    spec = FeatureSpec.from_config(config)
    features = extract_features(spec, list(rows["path"]), pool=pool)
    log(f"Checking {len(rows):,} labels by cross-validation.")
    classes = manifest.classes
    probabilities, judged = out_of_fold_probabilities(
        features.values, labels, list(rows["group"]), classes=len(classes), seed=config.seed
    )
    doubts = rank_label_issues(labels, probabilities)
    frame = rows.iloc[[issue.image for issue in doubts]].reset_index(drop=True)
    # Objects, since pandas may keep `str` as UTF-8, and not every folder's name is.
    suggested = [classes[issue.suggested] for issue in doubts]
    frame["suggested"] = pd.Series(suggested, frame.index, dtype=object)
    frame["doubt"] = [issue.doubt if judged[issue.image] else 0.0 for issue in doubts]
    return frame.sort_values("doubt", ascending=False, kind="stable", ignore_index=True)[
        list(COLUMNS)
    ]


def out_of_fold_probabilities(
    features: np.ndarray, labels: np.ndarray, groups: list[str], *, classes: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return out-of-fold probabilities of linear probes, and which images have them.

    `(images, classes)` probabilities, and `(images,)` bool: false of a class that cannot be
    divided, for which the label itself stands. The regularisation is chosen once, of all images:
    a single number that no label can hide in.
    """
    ones = np.ones(len(labels))
    options: Any = {"classes": classes, "seed": seed}
    c = solve_probe(features, labels, weights=ones, groups=groups, **options).c
    total, times = np.zeros((len(labels), classes)), np.zeros(len(labels))
    for number in range(ROUNDS):
        for train, validation in make_folds(labels, groups, seed + number):
            if len(train) == len(labels):  # nothing can be divided
                continue
            probe = solve_probe(
                features[train],
                labels[train],
                weights=ones[train],
                groups=(),
                c_values=(c,),
                **options,
            )
            total[validation] += softmax(features[validation] @ probe.kernel + probe.bias, axis=1)
            times[validation] += 1
    judged = times > 0
    total[judged] /= times[judged, None]
    total[~judged] = np.eye(classes)[labels[~judged]]
    return total, judged
