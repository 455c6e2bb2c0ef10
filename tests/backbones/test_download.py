"""ImageNet weights through Keras' cache, from a real server on this machine."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from transferkit.backbones import download
from transferkit.backbones.spec import BackboneSpec
from transferkit.backbones.weights import weights_path
from transferkit.errors import WeightsError


def refusal(row: BackboneSpec) -> str:
    with pytest.raises(WeightsError) as caught:
        weights_path(row, "imagenet")
    return str(caught.value)


def sentence(address: str, reason: str, cache: Path) -> str:
    return (
        f"The ImageNet weights of 'small' are not in Keras' cache, and {address} cannot be "
        f"downloaded ({reason}): put that file at {str(cache / 'small_notop.h5')!r}, name a "
        "mirror in TRANSFERKIT_MIRROR, or pass --weights FILE, --weights none, or --backbone "
        "pocket."
    )


def test_a_download_lands_under_the_name_that_keras_uses(
    served: Any, row: BackboneSpec, cache: Path
) -> None:
    assert weights_path(row, "imagenet") == cache / "small_notop.h5"


def test_a_download_leaves_nothing_else_behind(served: Any, row: BackboneSpec, cache: Path) -> None:
    weights_path(row, "imagenet")
    assert [path.name for path in cache.iterdir()] == ["small_notop.h5"]


def test_what_is_in_the_cache_is_not_downloaded_again(served: Any, row: BackboneSpec) -> None:
    weights_path(row, "imagenet")
    weights_path(row, "imagenet")
    assert served.asked == ["/small/small_notop.h5"]


def test_a_damaged_file_in_the_cache_is_replaced(
    served: Any, row: BackboneSpec, cache: Path
) -> None:
    cache.mkdir(parents=True)
    (cache / "small_notop.h5").write_bytes(b"half of it")
    found = weights_path(row, "imagenet")
    assert hashlib.md5(found.read_bytes()).hexdigest() == row.weights_hash


def test_a_server_that_fails_once_is_asked_again(
    served: Any, row: BackboneSpec, cache: Path
) -> None:
    served.failures = 1
    assert weights_path(row, "imagenet") == cache / "small_notop.h5"


def test_a_server_that_keeps_failing_is_quoted(served: Any, row: BackboneSpec, cache: Path) -> None:
    served.failures = 9
    address = f"{os.environ['TRANSFERKIT_MIRROR']}small/small_notop.h5"
    assert refusal(row) == sentence(address, "Service Unavailable", cache)


@pytest.mark.parametrize("with_hash", [True, False])
def test_a_file_that_arrives_damaged_is_refused_and_not_kept(
    served: Any, row: BackboneSpec, cache: Path, tmp_path: Path, with_hash: bool
) -> None:
    path = tmp_path / "shelf" / "small" / "small_notop.h5"
    path.write_bytes(path.read_bytes()[:-1000])
    message = refusal(row if with_hash else replace(row, weights_hash=""))
    assert "(what arrived is not that file, or not all of it)" in message
    assert list(cache.iterdir()) == []


def test_a_closed_network_is_told_in_one_sentence_within_seconds(
    row: BackboneSpec, cache: Path
) -> None:
    start = time.monotonic()
    message = refusal(row)
    assert time.monotonic() - start < 5
    address = f"{os.environ['TRANSFERKIT_MIRROR']}/small/small_notop.h5"  # of no server
    assert message == sentence(address, "[Errno 111] Connection refused", cache)


def test_a_silent_server_is_given_up_after_one_attempt(
    served: Any, row: BackboneSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.pause = 1.0
    monkeypatch.setattr(download, "CONNECT_TIMEOUT", 0.2)
    assert "(no answer in 0.2 seconds)" in refusal(row)
    assert served.asked == []


def test_a_download_prints_nothing(
    served: Any, row: BackboneSpec, capfd: pytest.CaptureFixture[str]
) -> None:
    weights_path(row, "imagenet")
    assert capfd.readouterr() == ("", "")


def test_on_a_terminal_the_progress_is_on_standard_error(
    served: Any,
    row: BackboneSpec,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    weights_path(row, "imagenet")
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Downloading data from http://127.0.0.1" in printed.err


def test_a_mirror_can_be_a_folder(
    row: BackboneSpec, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRANSFERKIT_MIRROR", (tmp_path / "shelf").as_uri())
    assert weights_path(row, "imagenet") == cache / "small_notop.h5"
