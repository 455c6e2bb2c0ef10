"""Identity of a prediction job: the model and the options that determine its rows."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from transferkit.serving.predict import Predictor
from transferkit.storage.files import file_digest, stamp


def job_of(run: str | Path, predictor: Predictor) -> dict[str, Any]:
    """Return the identity of a job of `predictor`, loaded from `run`, as JSON values.

    The model is identified by the SHA-256 of its file.
    """
    network = Path(run) / "model.keras"
    baseline = Path(run) / "baselines" / f"{predictor.name}.skops"
    path = str(network if predictor.classifier.kind == "network" else baseline)
    exported = getattr(predictor.classifier, "digest", "")
    options = dataclasses.asdict(predictor.options)
    return {
        "model": exported or file_digest(path, stamp(path)),
        "classifier": predictor.name,
        "--max-pixels": predictor.classifier.data.max_pixels,
        **{f"--{name.replace('_', '-')}": value for name, value in options.items()},
    }
