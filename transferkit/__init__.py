"""A folder of images in; a fine-tuned network beside the classics out, with the evidence.

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
    "BACKBONES": "backbones.table",
    "BASELINES": "baselines.table",
    "Config": "config",
    "Curve": "baselines.growth",
    "DataConfig": "config",
    "Manifest": "data.manifest",
    "ModelConfig": "config",
    "Network": "training.network",
    "Report": "report.report",
    "Run": "runs",
    "Scores": "evidence.scores",
    "Spread": "report.spread",
    "TrainConfig": "config",
    "TransferkitError": "errors",
    "build_backbone": "backbones.networks",
    "build_classifier": "training.models",
    "compare": "report.report",
    "decode": "data.decode",
    "fetch": "data.catalogue",
    "fit_baseline": "baselines.fitting",
    "label_doubts": "training.doubting",
    "learning_curve": "baselines.curve",
    "load_baseline": "baselines.loading",
    "look": "data.doctor",
    "predict": "serving.predictor",
    "recipe_main": "recipe",
    "runs_side_by_side": "report.side_by_side",
    "score": "evidence.scores",
    "suitable_baselines": "baselines.choosing",
    "train": "training.train",
    "with_preset": "presets",
    "write_digits": "data.samples",
    "write_patches": "data.patches",
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
