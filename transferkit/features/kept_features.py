"""Whether what a frozen backbone says of images is on disk already, without computing any of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from transferkit.config.settings import DataConfig, EngineName, ModelConfig, PrecisionName
from transferkit.data.quality.file_info import content_keys
from transferkit.features.cache.store import Batch
from transferkit.features.spec import FeatureSpec
from transferkit.inference.engine import choose_engine


class _MissingError(Exception):
    """Some of it would have to be computed."""


def are_cached(
    model: ModelConfig,
    data: DataConfig,
    paths: Sequence[str],
    *,
    precision: PrecisionName = "auto",
    engine: EngineName = "auto",
) -> bool:
    """Whether `frozen_features` would read all of `paths` from disk.

    Raises:
        DeviceError: the engine is not installed.
    """
    source = FeatureSpec.of(model, data, precision=precision, engine=engine)
    if not source.keeps or not paths:
        return False

    def refuse(places: list[int]) -> Iterable[Batch]:
        raise _MissingError

    identity = choose_engine(source.engine, source.bits).identity
    try:
        source.table(identity).read(content_keys(paths), refuse)
    except _MissingError:
        return False
    return True
