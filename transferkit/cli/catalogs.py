"""`transferkit backbones` and `transferkit baselines`: the tables."""

from __future__ import annotations

from collections.abc import Sequence

import tyro

from transferkit.backbones.catalog import BACKBONES
from transferkit.baselines.catalog import CLASSIFIERS, DEFAULT_BASELINES, FEATURES, MAJORITY


def backbones(arguments: Sequence[str]) -> None:
    """Print one line per backbone: image sizes in pixels, width, blocks, parameters, weights."""
    _take_no_options(arguments, "backbones", "The table of backbones.")
    print(f"{'name':<20}{'side':>5}{'least':>6}{'width':>6}{'blocks':>7}{'params':>8}  weights")
    for row in BACKBONES:
        millions = f"{row.parameters / 1e6:.2f}M"
        learnt = "ImageNet" if row.has_imagenet_weights else "embedded" if row.embedded else ""
        weights = learnt or "none: trained from scratch"
        print(
            f"{row.name:<20}{row.image_size:>5}{row.smallest_side:>6}{row.width:>6}"
            f"{len(row.blocks):>7}{millions:>8}  {weights}"
        )


def baselines(arguments: Sequence[str]) -> None:
    """Print the classifiers, the features, and the default set."""
    _take_no_options(arguments, "baselines", "The baselines: classifiers and their features.")
    print(f"A baseline is CLASSIFIER_FEATURES, such as random_forest_hog, or {MAJORITY.name}.")
    print("\nClassifiers")
    for classifier in CLASSIFIERS:
        print(f"  {classifier.name:<20}{classifier.title}")
    print("\nFeatures")
    for features in FEATURES:
        print(f"  {features.name:<20}{features.title}")
    print(f"\nDefault: {', '.join(DEFAULT_BASELINES)}")


def _take_no_options(arguments: Sequence[str], command: str, about: str) -> None:
    tyro.cli(_nothing, prog=f"transferkit {command}", description=about, args=list(arguments))


def _nothing() -> None:
    """Options of a command without options."""
