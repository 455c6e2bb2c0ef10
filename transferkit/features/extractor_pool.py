"""Pool of compiled feature extractors and recent features, held in memory for the next caller."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from threading import RLock
from typing import Any

import keras
import tensorflow as tf

from transferkit.features.cache.table import FeatureBatch
from transferkit.features.spec import FeatureSpec
from transferkit.inference.devices import chosen_strategy
from transferkit.inference.predictor import BatchPredictor
from transferkit.models.classifier import build_extractor
from transferkit.storage.files import Stamp, stamp

MAX_EXTRACTORS = 2  # networks
MAX_BATCHES = 8  # train, validation and test of two backbones, and some to spare
ExtractorKey = tuple[FeatureSpec, Stamp]
FeaturesKey = tuple[FeatureSpec, tuple[str, ...], bytes]


class ExtractorPool:
    """Compiled extractors and features in memory, the least recently added ones dropped first.

    Threads can share it. A process has `DEFAULT_POOL`; a server or a test may make its own.
    `strategy` returns the tf.distribute strategy by which networks are built.
    """

    def __init__(self, strategy: Callable[[], tf.distribute.Strategy] = chosen_strategy) -> None:
        self.strategy = strategy
        self._lock = RLock()
        self._predictors: dict[ExtractorKey, BatchPredictor] = {}
        self._borrowed: dict[ExtractorKey, Callable[[], keras.Model]] = {}
        self._features: dict[FeaturesKey, FeatureBatch] = {}

    @property
    def specs(self) -> list[FeatureSpec]:
        """Specs of the compiled extractors, the last added one last."""
        return [spec for spec, _ in self._predictors]

    def get(self, spec: FeatureSpec) -> BatchPredictor:
        """Return the extractor for `spec`, the last of whose outputs are the features."""
        key = _extractor_key(spec)
        with self._lock:
            if key not in self._predictors:
                _append(self._predictors, key, self._compiled(spec), bound=MAX_EXTRACTORS)
            return self._predictors[key]

    def put(self, spec: FeatureSpec, predictor: BatchPredictor) -> None:
        """Add `predictor`, the last of whose outputs are the features of `spec`.

        One whose outputs would change if its model learnt more is not added.
        """
        if predictor.weights_frozen:
            with self._lock:
                _append(self._predictors, _extractor_key(spec), predictor, bound=MAX_EXTRACTORS)

    @contextmanager
    def borrow(self, spec: FeatureSpec, extractor: Callable[[], keras.Model]) -> Iterator[None]:
        """While active, compile `extractor()` for `spec` in place of a newly built network.

        Its model may learn after that, so a predictor that shares its weights is dropped then.
        """
        key = _extractor_key(spec)
        with self._lock:
            before = self._predictors.get(key)
            self._borrowed[key] = extractor
        try:
            yield
        finally:
            with self._lock:
                self._borrowed.pop(key, None)
                predictor = self._predictors.get(key)
                if predictor and predictor is not before and not predictor.weights_frozen:
                    del self._predictors[key]

    def recall(self, key: FeaturesKey) -> FeatureBatch | None:
        """Return the features that were remembered under `key`, or None."""
        with self._lock:
            features = self._features.get(key)
            if features is not None:
                _append(self._features, key, features, bound=MAX_BATCHES)  # the last to be dropped
            return features

    def remember(self, key: FeaturesKey, features: FeatureBatch) -> None:
        """Hold `features`, which become read-only, for who asks for the same ones next."""
        features.values.setflags(write=False)
        with self._lock:
            _append(self._features, key, features, bound=MAX_BATCHES)

    def clear(self) -> None:
        """Forget all extractors and features, as at the start of a process."""
        with self._lock:
            self._predictors.clear()
            self._features.clear()

    def _compiled(self, spec: FeatureSpec) -> BatchPredictor:
        build = self._borrowed.get(
            _extractor_key(spec), lambda: build_extractor(spec.model, spec.image_size)
        )
        on_all_devices = spec.engine_spec.name == "keras"
        with (
            spec.resolved_precision.policy_scope(),
            self.strategy().scope() if on_all_devices else nullcontext(),
        ):
            extractor = build()  # within the scope, of which Keras takes note: all devices compute
        return spec.compiled(extractor)


DEFAULT_POOL = ExtractorPool()


def _extractor_key(spec: FeatureSpec) -> ExtractorKey:
    return spec.with_view(None), stamp(spec.model.weights)


def _append(entries: dict[Any, Any], key: Any, value: Any, *, bound: int) -> None:
    """Put `key` last, and drop the first entries where there would be more than `bound`."""
    entries.pop(key, None)
    while len(entries) >= bound:
        del entries[next(iter(entries))]
    entries[key] = value
