"""`transferkit cache`: what is kept between runs, and emptying it."""

from __future__ import annotations

import os
import re

import numpy as np
import pytest

from transferkit.data.manifest import Manifest
from transferkit.features.cache.table import Table
from transferkit.storage.disk_cache import NETWORKS, features_folder


@pytest.fixture
def kept():
    """The features of three images by pocket and of two by vgg16, the former used last."""
    for images, backbone, image_size in ((2, "vgg16", 224), (3, "pocket", 96)):
        said = [(np.full((images, 5), 0.5, np.float32), 1.0)]
        keys = [bytes([image]) * 16 for image in range(images)]
        more = {"layer": "block4", "view": {"number": 2}} if backbone == "pocket" else {}
        table = Table({"backbone": backbone, "image_size": image_size} | more, bound=10**6)
        table.read(keys, lambda places, said=said: said)
        for path in table.store.folder.glob("*.block"):
            os.utime(path, (1.7e9 + images, 1.7e9 + images))
    return features_folder()


def test_one_line_per_table_the_last_used_first(command, kept):
    said = command("cache")
    head, *lines, last = said.out.splitlines()
    assert (said.status, said.err) == (0, "")
    assert head.split() == ["extractor", "px", "contents", "images", "MB", "last", "used", "folder"]
    assert [line.split()[:count] for line, count in zip(lines, (7, 6), strict=True)] == [
        ["pocket", "96", "input", "of", "block4,", "view", "2"],
        ["vgg16", "224", "features", "2", "0.0", "2023-11-14"],
    ]
    assert re.search(r"2023-11-1\d \d\d:\d\d  [0-9a-f]{16}$", lines[0])
    assert last == f"5 rows of features, 0.0 MB in '{kept}'."


def test_nothing_is_kept_at_first(command):
    assert command("cache") == (0, f"0 rows of features, 0.0 MB in '{features_folder()}'.\n", "")
    assert not features_folder().exists()


def test_clearing_says_what_was_freed(command, kept):
    assert command("cache", "--clear") == (
        0,
        "Removed 5 rows of features: 0.0 MB are free again.\n",
        "",
    )
    assert command("cache").out == f"0 rows of features, 0.0 MB in '{kept}'.\n"


def test_clearing_nothing_is_fine(command):
    assert command("cache", "--clear").status == 0
    assert not features_folder().exists()


def test_a_folder_of_which_nothing_is_known_is_still_listed(command, kept):
    for about in kept.glob("*/about.json"):
        about.write_text("{")
    assert [line.split()[0] for line in command("cache").out.splitlines()[1:3]] == ["unknown"] * 2


def test_what_is_remembered_of_files_is_named_and_forgotten(command, tmp_path, monkeypatch, shapes):
    monkeypatch.setenv("TRANSFERKIT_CACHE", str(tmp_path))
    Manifest.read(shapes)
    size = sum(path.stat().st_size for path in (tmp_path / "files").iterdir()) / 1e6
    assert command("cache").out.splitlines()[-1] == (
        f"File information: {size:.1f} MB in '{tmp_path / 'files'}'."
    )
    command("cache", "--clear")
    assert command("cache").out.splitlines() == [
        f"0 rows of features, 0.0 MB in '{features_folder()}'."
    ]


def test_quantised_networks_are_counted_and_removed(command, kept):
    folder = kept / NETWORKS
    folder.mkdir()
    (folder / "0.network").write_bytes(bytes(2_500_000))
    assert command("cache").out.splitlines()[-1] == f"Networks in int8: 2.5 MB in '{folder}'."
    assert command("cache", "--clear").out == (
        "Removed 5 rows of features and the networks in int8: 2.5 MB are free again.\n"
    )
    assert not folder.exists()
