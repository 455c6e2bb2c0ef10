"""Which test images count as the same from run to run."""

from __future__ import annotations

import pandas as pd
import pytest

from transferkit.report.comparison.serialize import fingerprint

KNOWN = (
    ("/data/photos/test/circles/0.png", "circles"),
    ("/data/photos/test/squares/1.png", "squares"),
)


def of(*rows: tuple[str, str]) -> str:
    return fingerprint(pd.DataFrame(rows, columns=["path", "label"], dtype=object))


def test_a_folder_that_was_moved_has_the_same_test_images():
    moved = [(path.replace("/data/photos/test", "/mnt/other"), label) for path, label in KNOWN]
    assert of(*moved) == of(*KNOWN)


@pytest.mark.parametrize(
    "row",
    [
        ("/data/photos/test/circles/2.png", "circles"),
        ("/data/photos/test/rounds/0.png", "circles"),
        ("/data/photos/test/circles/0.png", "rounds"),
    ],
    ids=["file", "folder", "label"],
)
def test_another_name_or_label_is_another_image(row):
    assert of(row, KNOWN[1]) != of(*KNOWN)


def test_a_name_that_is_not_utf_8_is_taken():
    assert of(("/data/caf\udce9/0.png", "caf\udce9")) != of(("/data/cafe/0.png", "cafe"))
