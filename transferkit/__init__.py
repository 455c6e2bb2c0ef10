"""A folder of images in; a fine-tuned network beside the baselines out, with the evidence.

    import transferkit as tk

    manifest = tk.Manifest.read("photos/")
    network = tk.train(manifest)
    forest = tk.fit_baseline("random_forest_hog", manifest)
    report = tk.compare([network, forest], manifest)

Names are imported when they are first used (PEP 562), so that `import transferkit` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "BACKBONES": "backbones.catalog",
    "BASELINES": "baselines.catalog",
    "ComputeConfig": "config.settings",
    "Config": "config.settings",
    "LearningCurve": "learning_curves.curve",
    "DataConfig": "config.settings",
    "Manifest": "data.manifest",
    "ModelConfig": "config.settings",
    "Network": "models.network",
    "Predictor": "serving.predict",
    "Report": "report.comparison.report",
    "Run": "storage.run",
    "Scores": "evaluation.metrics",
    "RepeatedRuns": "report.comparison.repeats",
    "TrainConfig": "config.settings",
    "TransferkitError": "errors",
    "build_backbone": "backbones.build",
    "build_classifier": "models.classifier",
    "compare": "report.comparison.report",
    "decode": "data.decoding.decode",
    "export_run": "export.run",
    "fetch": "data.sources.tfds.catalog",
    "fit_baseline": "baselines.fit",
    "find_label_issues": "features.label_issues",
    "learning_curve": "learning_curves.run",
    "load_baseline": "baselines.baseline",
    "look": "data.inspection",
    "predict": "serving.predict",
    "recipe_main": "cli.recipe",
    "runs_side_by_side": "report.comparison.across_runs",
    "score": "evaluation.metrics",
    "suitable_baselines": "baselines.catalog",
    "train": "training.train",
    "with_preset": "config.presets",
    "write_digits": "data.samples.digits",
    "write_patches": "data.samples.patches",
}

__all__ = [*sorted(_HOME), "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'transferkit' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"transferkit.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
