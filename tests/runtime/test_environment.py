"""What environment.json says of the packages."""

from __future__ import annotations

from importlib import metadata

import numpy as np

from transferkit.runtime import environment


def test_versions_are_those_of_the_installed_packages():
    found = environment.environment("Device: CPU.", 3)
    assert list(found["packages"]) == list(environment.PACKAGES)
    assert found["packages"]["numpy"] == np.__version__ == metadata.version("numpy")


def test_a_package_that_is_installed_under_another_name_has_no_version():
    names = ("numpy", "tensorflow-of-a-vendor")
    packages = environment.environment("Device: CPU.", 3, packages=names)["packages"]
    assert packages == {"numpy": np.__version__, "tensorflow-of-a-vendor": None}
