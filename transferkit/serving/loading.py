"""Loading of a network, a baseline or an export from its folder."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from transferkit.errors import RunError
from transferkit.export.record import export_folder
from transferkit.storage.run import Run

if TYPE_CHECKING:
    from transferkit.baselines.baseline import Baseline
    from transferkit.export.exported import ExportedModel
    from transferkit.models.network import Network

    LoadedClassifier: TypeAlias = Network | Baseline | ExportedModel


def load_classifier(folder: str | Path, name: str = "") -> LoadedClassifier:
    """Load the network of the run in `folder`, its baseline `name`, or the export in `folder`.

    Raises:
        RunError: there is no run, it has no such classifier, or an export has changed.
        DeviceError: the runtime of an export is not installed.
    """
    if not name and export_folder(folder):
        from transferkit.export.exported import ExportedModel

        return ExportedModel.load(folder)
    run = Run.open(folder)
    if name:
        path = run / "baselines" / f"{name}.skops"
        if not path.is_file():
            saved = sorted(path.stem for path in (run / "baselines").glob("*.skops"))
            raise RunError(
                f"The run {str(folder)!r} has no baseline {name!r}: "
                f"it has {', '.join(saved) or 'none'}, and the network, which needs no name."
            )
        from transferkit.baselines.baseline import load_baseline

        return load_baseline(path)
    from transferkit.models.network import Network

    return Network.load(run.folder)


def with_max_pixels(classifier: LoadedClassifier, max_pixels: int) -> LoadedClassifier:
    """Return `classifier` for images of up to `max_pixels`.

    Raises:
        ConfigError: `max_pixels` is out of range.
    """
    data = dataclasses.replace(classifier.data, max_pixels=max_pixels)
    if not hasattr(classifier, "pipeline"):
        return dataclasses.replace(classifier, data=data)
    if hasattr(classifier.pipeline[0], "max_pixels"):  # the majority class needs no pixels
        classifier.pipeline[0].max_pixels = max_pixels
    return classifier
