"""Images of a report that need the classifiers themselves, saved in the run folder.

A report that is made again reads them from there: neither Keras nor the network is loaded.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from transferkit.errors import RunError
from transferkit.report.comparison.comparison import Comparison
from transferkit.report.comparison.explanation import (
    Explained,
    ExplainedGroup,
    Explanations,
    SimilarImage,
    explanations,
)
from transferkit.report.comparison.feature_map import FeatureMap, Point, feature_map
from transferkit.report.comparison.pixel_maps import PixelMap, pixel_maps
from transferkit.storage.files import write_json
from transferkit.storage.run import Run

VISUALS = "explanations.json"
IS_NETWORK = "is_network"  # whether the best network is one of transferkit's own
VISUAL_NAMES = ("explanations", "feature_map", "pixel_maps")


def explanations_of(comparison: Comparison) -> Explanations | str | None:
    """Return Grad-CAM pictures and similar training images for the best network."""
    return _of_best_network(comparison, "explanations", explanations)


def feature_map_of(comparison: Comparison) -> FeatureMap | str | None:
    """Return the map of the test images by the features of the best network's backbone."""
    return _of_best_network(comparison, "feature_map", feature_map)


def pixel_maps_of(comparison: Comparison) -> list[PixelMap] | str:
    """Return the pixel importance of the baselines on pixels, or why there is none."""
    visuals = comparison.visuals
    if "pixel_maps" in visuals:
        return list(visuals["pixel_maps"])
    available = [classifier for classifier in comparison.classifiers if classifier is not None]
    maps = pixel_maps(available, comparison.test)
    reasons = [reason for name, reason in comparison.absent.items() if "pixels" in name]
    if reasons:
        return maps or reasons[0]
    visuals["pixel_maps"] = maps
    return maps


def is_own_network(comparison: Comparison) -> bool:
    """Whether the best classifier is a network of transferkit that is available."""
    best, visuals = comparison.main_result, comparison.visuals
    if best.kind != "network":
        return False
    if IS_NETWORK not in visuals:
        from transferkit.models.network import Network  # loads Keras: seconds

        classifier = comparison.classifier_of(best)
        if classifier is None:
            return False
        visuals[IS_NETWORK] = isinstance(classifier, Network)
    return bool(visuals[IS_NETWORK])


def save_visuals(comparison: Comparison, run: Run) -> None:
    """Write the pictures that were made into `run`.

    Raises:
        RunError: the file cannot be written.
    """
    visuals = comparison.visuals
    content = {
        name: _plain(visuals[name]) for name in (*VISUAL_NAMES, IS_NETWORK) if name in visuals
    }
    write_json(run / VISUALS, content)


def load_visuals(run: Run) -> dict[str, Any]:
    """Read the pictures in `run`; empty where they are not there, or not as a run writes them."""
    try:
        content = run.json(VISUALS)
        readers = {"explanations": _read_explanations, "feature_map": _read_feature_map}
        visuals = {
            name: value and readers[name](value)
            for name, value in content.items()
            if name in readers
        }
        if "pixel_maps" in content:
            visuals["pixel_maps"] = [PixelMap(**fields) for fields in content["pixel_maps"]]
        if IS_NETWORK in content:
            visuals[IS_NETWORK] = bool(content[IS_NETWORK])
    except (RunError, LookupError, TypeError, ValueError, AttributeError):
        return {}
    return visuals


def are_complete(visuals: dict[str, Any]) -> bool:
    """Whether no section needs a classifier any more."""
    return set(VISUAL_NAMES) <= set(visuals)


def _of_best_network(comparison: Comparison, name: str, make: Callable[..., Any]) -> Any:
    """Return what `make` gives for the best network, or why it is not available.

    None where the best classifier is of another kind.
    """
    visuals, best = comparison.visuals, comparison.main_result
    if name not in visuals:
        if best.kind == "network" and (reason := comparison.absent.get(best.name, "")):
            return reason
        visuals[name] = (
            make(
                comparison.classifier_of(best),
                comparison.manifest,
                best,
                labels=comparison.labels,
                config=comparison.config,
            )
            if is_own_network(comparison)
            else None
        )
    return visuals[name]


def _plain(visual: Any) -> Any:
    if isinstance(visual, list):
        return [dataclasses.asdict(item) for item in visual]
    return visual if visual is None or isinstance(visual, bool) else dataclasses.asdict(visual)


def _read_explanations(content: dict[str, Any]) -> Explanations:
    groups = [
        ExplainedGroup(group["title"], tuple(map(_read_explained, group["images"])))
        for group in content["groups"]
    ]
    return Explanations(content["name"], tuple(groups), content["like_by"])


def _read_explained(content: dict[str, Any]) -> Explained:
    similar = tuple(SimilarImage(**fields) for fields in content["like"])
    return Explained(**content | {"like": similar})


def _read_feature_map(content: dict[str, Any]) -> FeatureMap:
    points = tuple(Point(**fields) for fields in content["points"])
    legend = tuple((name, images) for name, images in content["legend"])
    return FeatureMap(**content | {"points": points, "legend": legend})
