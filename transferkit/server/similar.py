"""Training images most similar to an image, by the features of the backbone before fine-tuning.

The features of the training images are usually cached since training. Missing ones are computed in
the background, at the first request.
"""

from __future__ import annotations

import dataclasses
import threading
from typing import Any

import numpy as np
import pandas as pd

from transferkit.backbones.resolve import resolve_model
from transferkit.config.loading import read_config
from transferkit.data.decoding.decode import decode_as
from transferkit.data.manifest import Manifest
from transferkit.errors import DataError, TransferkitError
from transferkit.evaluation.neighbours import nearest
from transferkit.features.extract import extract_features, extract_from_arrays
from transferkit.features.spec import FeatureSpec
from transferkit.models.grad_cam import backbone_of, classifier_of
from transferkit.report.comparison.cached_backbone import is_here
from transferkit.report.html.pictures import picture_as_seen
from transferkit.report.html.thumbnails import picture_uri
from transferkit.runtime.progress import log
from transferkit.server.served_model import ServedModel

COUNT = 4  # training images that are shown
EDGE = 160  # pixels of their longer side
MAX_IMAGES = 20_000  # training images whose features are held: 100 MB of 1,280 numbers each
READY, PREPARING, MISSING = "ready", "preparing", "missing"


class Similar:
    """The features of the training images of a served model, read on first use."""

    def __init__(self, model: ServedModel) -> None:
        self.model = model
        self.state, self.reason = PREPARING, ""
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._spec: FeatureSpec | None = None
        self._train = pd.DataFrame()
        self._features = np.empty((0, 0), np.float32)

    def find(self, content: bytes) -> dict[str, Any]:
        """Return the state and, once it is ready, the training images most similar to `content`.

        Raises:
            DataError: the image cannot be read.
        """
        self._start()
        if self.state != READY:
            return {"state": self.state, "reason": self.reason, "images": []}
        assert self._spec is not None
        image = decode_as(content, self._spec.image_size, self._spec.data)
        features = extract_from_arrays(self._spec, image[None])
        (rows,), (cosines,) = nearest(features, self._features, COUNT)
        images = [
            self._described(self._train.iloc[row], float(cosine))
            for row, cosine in zip(rows, cosines, strict=True)
        ]
        return {"state": READY, "reason": "", "images": [image for image in images if image]}

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._prepare, daemon=True)
                self._thread.start()

    def _prepare(self) -> None:
        try:
            self._read()
            self.state = READY
        except Exception as error:  # any error: the page shows the reason
            self.reason = f"There are no similar training images: {_sentence(error)}"
            self.state = MISSING
            log(f"Model {self.model.name}: {self.reason}")

    def _read(self) -> None:
        """Read the run's manifest and the features of its training images.

        Raises:
            TransferkitError: the run, an image or the weights are missing, or the settings of the
                run are not those of this network.
        """
        run = self.model.run
        config = read_config(run / "config.yaml")
        backbone = backbone_of(classifier_of(self.model.network.model)).name
        resolved = resolve_model(config.model)
        if resolved.backbone != backbone or not is_here(resolved):
            raise DataError("the weights of the backbone before training are not on this machine.")
        manifest = Manifest.load(run / "manifest.csv")
        train = manifest.part("train")
        if len(train) > MAX_IMAGES:
            train = train.sample(MAX_IMAGES, random_state=0).reset_index(drop=True)
        config = manifest.settled(dataclasses.replace(config, model=resolved))
        self._spec = FeatureSpec.from_config(config)
        self._features = extract_features(self._spec, train["path"].tolist(), quiet=True).values
        self._train = train

    def _described(self, row: pd.Series, cosine: float) -> dict[str, Any] | None:
        try:
            picture = picture_as_seen(row["path"], EDGE, self.model.network.data)
        except DataError:
            return None
        return {
            "label": row["label"],
            "similarity": round(cosine, 4),
            "picture": picture_uri(picture),
        }


def _sentence(error: Exception) -> str:
    text = str(error) if isinstance(error, TransferkitError) else type(error).__name__
    return text if text.endswith(".") else f"{text}."
