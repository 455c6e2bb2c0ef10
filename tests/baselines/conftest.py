"""Baselines that are fitted once for all tests of a module."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from transferkit.baselines.baseline import Baseline
from transferkit.baselines.fit import fit_baseline
from transferkit.data.manifest import Manifest


@pytest.fixture(scope="module")
def fit(manifest: Manifest) -> Callable[[str], Baseline]:
    """Each baseline is fitted once, to the manifest of the module."""
    fitted: dict[str, Baseline] = {}
    return lambda name: fitted.get(name) or fitted.setdefault(name, fit_baseline(name, manifest))
