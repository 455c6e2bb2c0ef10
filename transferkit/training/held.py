"""The networks that compute features, compiled once and held in memory for who asks next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

import keras

from transferkit.training.devices import chosen_strategy
from transferkit.training.engines import choose_engine
from transferkit.training.forward import Forward
from transferkit.training.models import build_extractor
from transferkit.training.source import Source, Stamp, stamp

HELD = 2  # networks
Key = tuple[Source, Stamp]

_held: dict[Key, Forward] = {}  # the one that was added last is the last
_lent: dict[Key, Callable[[], keras.Model]] = {}


def forward_for(source: Source) -> Forward:
    """What computes the features of `source`, which are the last of its outputs."""
    key = _key(source)
    if key not in _held:
        _hold(key, _compiled(source))
    return _held[key]


def hold(source: Source, forward: Forward) -> None:
    """Hold `forward`, the last of whose outputs are the features of `source`, for who asks next.

    Not one that would say something else once its model has learnt more.
    """
    if forward.constant:
        _hold(_key(source), forward)


@contextmanager
def lent(source: Source, extractor: Callable[[], keras.Model]) -> Iterator[None]:
    """Within it, `extractor()` is compiled for the features of `source`; none is built for them.

    Its model may learn after that, and what would then say something else is not held.
    """
    key = _key(source)
    _lent[key] = extractor
    try:
        yield
    finally:
        del _lent[key]
        if key in _held and not _held[key].constant:
            del _held[key]


def _key(source: Source) -> Key:
    return source.plain, stamp(source.model.weights)


def _hold(key: Key, forward: Forward) -> None:
    _held.pop(key, None)
    while len(_held) >= HELD:
        del _held[next(iter(_held))]
    _held[key] = forward


def _compiled(source: Source) -> Forward:
    extractor = _lent[_key(source)]() if _key(source) in _lent else _built(source)
    return Forward(extractor, source.engine, bits=source.bits)


def _built(source: Source) -> keras.Model:
    everywhere = choose_engine(source.engine, source.bits).name == "keras"
    with source.bits.building(), chosen_strategy().scope() if everywhere else nullcontext():
        return build_extractor(source.model, source.data.side)
