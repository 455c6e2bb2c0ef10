"""A saved baseline is read back, and a file that is none is refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import skops.io
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from transferkit.baselines.baseline import load_baseline
from transferkit.errors import RunError


class Stranger:
    """A type that no baseline has."""


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "knn_hog.skops"
    with pytest.raises(RunError) as error:
        load_baseline(path)
    assert str(error.value) == (
        f"There is no baseline in {str(path)!r}: `transferkit compare DIR --out RUN` makes them."
    )


def test_a_file_with_a_foreign_type_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "knn_hog.skops"
    skops.io.dump({"pipeline": Stranger()}, path)
    with pytest.raises(RunError) as error:
        load_baseline(path)
    assert str(error.value) == (
        f"{str(path)!r} holds types that no baseline has, so it is not loaded: "
        f"{Stranger.__module__}.Stranger."
    )


@pytest.mark.parametrize("content", [b"", b"not an archive"])
def test_a_file_that_is_no_archive_is_an_error(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "knn_hog.skops"
    path.write_bytes(content)
    with pytest.raises(RunError) as error:
        load_baseline(path)
    assert str(error.value) == (
        f"{str(path)!r} is not a baseline that transferkit saved, or it is damaged: "
        "File is not a zip file."
    )


def test_another_archive_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "knn_hog.skops"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello", "world")
    with pytest.raises(RunError, match="is not a baseline that transferkit saved"):
        load_baseline(path)


def test_something_else_that_skops_saved_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "knn_hog.skops"
    skops.io.dump({"pipeline": make_pipeline(DecisionTreeClassifier())}, path)
    with pytest.raises(RunError, match="is not a baseline that transferkit saved"):
        load_baseline(path)
