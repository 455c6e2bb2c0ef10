"""Files and folders that may not be read, by a user who is not root."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from transferkit.cli.look import look
from transferkit.data.manifest import Manifest
from transferkit.errors import DataError


@pytest.fixture
def as_nobody(monkeypatch, photos):
    """`as_nobody(action)` in a folder that others may enter, as a user who is not root."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    shutil.copytree(photos, folder / "photos")
    monkeypatch.chdir(folder)

    def act(action):
        root = os.geteuid() == 0
        try:
            if root:
                os.seteuid(65534)
            return action()
        finally:
            if root:
                os.seteuid(0)

    yield act
    for path in folder.rglob("*"):
        path.chmod(0o755)
    shutil.rmtree(folder)


def test_a_folder_without_permission_is_a_sentence(as_nobody):
    Path("photos").chmod(0)
    with pytest.raises(DataError) as caught:
        as_nobody(lambda: look(["photos"]))
    assert str(caught.value) == (
        "The folder 'photos' cannot be opened: Permission denied; give one that you may read, "
        "with one sub-folder per class."
    )


def test_images_without_permission_are_named(as_nobody):
    Path("photos/cat/000.png").chmod(0)
    manifest = as_nobody(lambda: Manifest.read("photos"))
    assert manifest.quarantined["problem"].tolist() == ["cannot be opened: Permission denied"]
