"""The networks that compute features, compiled once and held in memory for who asks next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from threading import RLock

import keras

from transferkit.features.spec import FeatureSpec
from transferkit.inference.devices import chosen_strategy
from transferkit.inference.engine import choose_engine
from transferkit.inference.predictor import BatchPredictor
from transferkit.models.classifier import build_extractor
from transferkit.storage.files import Stamp, stamp

MAX_EXTRACTORS = 2  # networks
Key = tuple[FeatureSpec, Stamp]

_lock = RLock()
_held: dict[Key, BatchPredictor] = {}  # the one that was added last is the last
_lent: dict[Key, Callable[[], keras.Model]] = {}


def forward_for(source: FeatureSpec) -> BatchPredictor:
    """What computes the features of `source`, which are the last of its outputs."""
    key = _key(source)
    with _lock:
        if key not in _held:
            _hold(key, _compiled(source))
        return _held[key]


def hold(source: FeatureSpec, forward: BatchPredictor) -> None:
    """Hold `forward`, the last of whose outputs are the features of `source`, for who asks next.

    Not one that would say something else once its model has learnt more.
    """
    if forward.constant:
        with _lock:
            _hold(_key(source), forward)


@contextmanager
def lent(source: FeatureSpec, extractor: Callable[[], keras.Model]) -> Iterator[None]:
    """Within it, `extractor()` is compiled for the features of `source`; none is built for them.

    Its model may learn after that, and what would then say something else is not held.
    """
    key = _key(source)
    with _lock:
        before = _held.get(key)
        _lent[key] = extractor
    try:
        yield
    finally:
        with _lock:
            _lent.pop(key, None)
            found = _held.get(key)
            if found is not None and found is not before and not found.constant:
                del _held[key]


def _key(source: FeatureSpec) -> Key:
    return source.plain, stamp(source.model.weights)


def _hold(key: Key, forward: BatchPredictor) -> None:
    _held.pop(key, None)
    while len(_held) >= MAX_EXTRACTORS:
        del _held[next(iter(_held))]
    _held[key] = forward


def _compiled(source: FeatureSpec) -> BatchPredictor:
    make = _lent.get(_key(source), lambda: _built(source))
    everywhere = choose_engine(source.engine, source.bits).name == "keras"
    with source.bits.building(), chosen_strategy().scope() if everywhere else nullcontext():
        extractor = make()  # within the scope, of which Keras takes note: all devices compute
    return BatchPredictor(extractor, source.engine, bits=source.bits, bound=source.bound)


def _built(source: FeatureSpec) -> keras.Model:
    return build_extractor(source.model, source.data.image_size)
