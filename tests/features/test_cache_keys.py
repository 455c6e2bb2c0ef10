"""A change of decoding or of features changes the keys of the caches."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from feature_worlds import spec_of

from transferkit.baselines.image_features import ImageFeatures
from transferkit.config.settings import Config, ModelConfig
from transferkit.data.augmentation.policies import find_policy
from transferkit.data.augmentation.views import View
from transferkit.data.quality.scan_cache import cache_key

POCKET = Config(model=ModelConfig(backbone="pocket", weights="embedded"))
DECODING = "transferkit.data.decoding.DECODING_FORMAT"
OF_SPECS = ("transferkit.features.spec.FORMAT", "transferkit.__version__")
OF_HOG = ("transferkit.baselines.image_features.FORMAT", "transferkit.__version__")
OF_SCANS = ("transferkit.data.quality.scan_cache.FORMAT", "transferkit.__version__")


def features() -> object:
    return spec_of(POCKET).cache_table("an engine").store.about


def views() -> object:
    view = View(find_policy("flip"), 1)
    return spec_of(POCKET).with_view(view).cache_table("an engine").store.about


def activations() -> object:
    return spec_of(POCKET).cache_table("an engine", layer="top").store.about


def hog() -> object:
    return ImageFeatures("hog").cache_key


@pytest.mark.parametrize(
    ("key", "name"),
    [
        *((key, name) for key in (features, views, activations) for name in (DECODING, *OF_SPECS)),
        *((hog, name) for name in (DECODING, *OF_HOG)),
        *((cache_key, name) for name in (DECODING, *OF_SCANS)),
    ],
)
def test_another_version_of_what_computes_is_another_key(
    key: Callable[[], object], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = key()
    monkeypatch.setattr(name, "another")
    assert key() != before


def test_the_three_keys_of_a_backbone_differ() -> None:
    assert len({features(), views(), activations()}) == 3
