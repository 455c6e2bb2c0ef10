"""Files of weights that other users of the machine may have made."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from transferkit.backbones import weights as weights_module
from transferkit.backbones.file_permissions import why_not_believed
from transferkit.backbones.spec import BackboneSpec
from transferkit.backbones.weights import cached_file, weights_path
from transferkit.errors import WeightsError

STRANGER = 12_345  # a user id

pytestmark = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="the system knows no owners")


@pytest.fixture
def stored(row: BackboneSpec, cache: Path, tmp_path: Path) -> Path:
    """The weights of `row` in Keras' cache."""
    cache.mkdir(parents=True)
    path = cache / "small_notop.h5"
    path.write_bytes((tmp_path / "shelf" / "small" / "small_notop.h5").read_bytes())
    return path


@pytest.fixture
def give_away(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], int]:
    """`give_away(path)`: the file or folder becomes another user's, whose id is returned.

    Only root can do so; of anybody else, all their files become another's.
    """

    def give(path: Path) -> int:
        if os.geteuid() == 0:
            os.chown(path, STRANGER, -1)
            return STRANGER
        own = os.getuid()
        monkeypatch.setattr(os, "geteuid", lambda: own + 1)
        return own

    return give


def test_a_file_of_ones_own_is_used(row: BackboneSpec, stored: Path) -> None:
    assert cached_file(row) == stored


@pytest.mark.parametrize("digest", [True, False])
@pytest.mark.parametrize("up", [0, 1, 2])
def test_a_file_of_another_user_is_not_used(
    up: int,
    digest: bool,
    row: BackboneSpec,
    stored: Path,
    give_away: Callable[[Path], int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    place = [stored, *stored.parents][up]
    user = give_away(place)
    assert cached_file(row if digest else replace(row, weights_hash="")) is None
    if os.geteuid() == 0:
        assert capsys.readouterr().err == (
            f"The weights in {str(stored)!r} are not used: {str(place)!r} belongs to another user "
            f"(uid {user}).\n"
        )


@pytest.mark.parametrize("up", [0, 1, 2])
def test_a_file_that_everybody_can_change_is_not_used(
    up: int, row: BackboneSpec, stored: Path
) -> None:
    place = [stored, *stored.parents][up]
    place.chmod(place.stat().st_mode | stat.S_IWOTH)
    assert cached_file(row) is None


@pytest.mark.parametrize(("sticky", "used"), [(True, True), (False, False)])
def test_above_the_cache_everybody_may_write_files_of_their_own(
    sticky: bool, used: bool, row: BackboneSpec, stored: Path
) -> None:
    above = stored.parents[2]
    above.chmod(0o777 | (stat.S_ISVTX if sticky else 0))
    assert (cached_file(row) is not None) == used


def test_a_link_is_as_good_as_what_it_points_to(
    row: BackboneSpec, stored: Path, tmp_path: Path, give_away: Callable[[Path], int]
) -> None:
    elsewhere = stored.rename(tmp_path / "elsewhere.h5")
    stored.symlink_to(elsewhere)
    give_away(elsewhere)
    assert cached_file(row) is None


def test_weights_in_the_shared_folder_of_another_user_are_not_used(
    row: BackboneSpec,
    stored: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    give_away: Callable[[Path], int],
) -> None:
    shared = tmp_path / "tmp" / ".keras" / "models"
    shared.mkdir(parents=True)
    stored.rename(shared / stored.name)
    give_away(shared / stored.name)
    monkeypatch.setattr(weights_module, "_cache_folders", lambda: (stored.parent, shared))
    with pytest.raises(WeightsError, match="are not in Keras' cache"):
        weights_path(row, "imagenet")


def test_what_is_not_believed_is_downloaded_anew(
    row: BackboneSpec, served: object, stored: Path
) -> None:
    stored.chmod(0o666)
    assert weights_path(row, "imagenet") == stored
    assert not why_not_believed(stored)


def test_weights_without_a_digest_must_hold_their_values(
    row: BackboneSpec, stored: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(64))
    with h5py.File(stored, "w") as file:
        file.create_dataset("values", (8,), "f8", external=[(str(secret), 0, 64)])
    assert cached_file(replace(row, weights_hash="")) is None


def test_given_weights_that_refer_to_another_file_are_one_sentence(
    row: BackboneSpec, tmp_path: Path
) -> None:
    secret, path = tmp_path / "secret", tmp_path / "given.weights.h5"
    secret.write_bytes(bytes(64))
    with h5py.File(path, "w") as file:
        file.create_dataset("layers/values", (8,), "f8", external=[(str(secret), 0, 64)])
    with pytest.raises(WeightsError) as caught:
        weights_path(row, str(path))
    assert str(caught.value) == (
        f"The weights file {str(path)!r} is refused, since '/layers/values' in it is stored in "
        "another file: give one that `model.save_weights` wrote."
    )


@pytest.mark.parametrize("kind", ["soft", "external", "virtual"])
def test_given_weights_with_links_are_refused(kind: str, row: BackboneSpec, tmp_path: Path) -> None:
    path = tmp_path / "given.weights.h5"
    with h5py.File(path, "w") as file:
        file["inner/values"] = np.zeros(4)
        if kind == "soft":
            file["link"] = h5py.SoftLink("/inner")
        elif kind == "external":
            file["inner/link"] = h5py.ExternalLink("/etc/hosts", "/")
        else:
            layout = h5py.VirtualLayout((4,), "f8")
            layout[:] = h5py.VirtualSource("other.h5", "values", (4,))
            file.create_virtual_dataset("inner/virtual", layout)
    with pytest.raises(WeightsError, match="is refused, since"):
        weights_path(row, str(path))
