"""Files that are as they were are not read again; any other change is seen."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.conftest import draw_folder
from transferkit.config.settings import DataConfig
from transferkit.data.inspection import look
from transferkit.data.manifest import Manifest
from transferkit.data.quality import scan_cache
from transferkit.data.quality.scan_cache import cached_sources, inspect_cached

pytestmark = pytest.mark.slow

SOON = -(10**12)  # nanoseconds: what the test has just written counts as written long ago


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRANSFERKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(scan_cache, "RECENT", SOON)
    return tmp_path / "cache"


def spied(patch: pytest.MonkeyPatch, name: str, noted: Callable[[Any], list[Any]]) -> list[Any]:
    """What is `noted` of the first argument of each call of `scan_cache.name`."""
    found: list[Any] = []
    real = getattr(scan_cache, name)

    def spy(first: Any, *more: Any, **options: Any) -> Any:
        found.extend(noted(first))
        return real(first, *more, **options)

    patch.setattr(scan_cache, name, spy)
    return found


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are read, as long as the test runs."""
    return spied(monkeypatch, "inspect_files", list)


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many files each search for near copies was given."""
    return spied(monkeypatch, "near_duplicates", lambda files: [len(files)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten pictures of noise, the last one nearly the first."""
    (tmp_path / "photos").mkdir()
    generator = np.random.default_rng(0)
    coarse = generator.integers(0, 256, (10, 16, 16, 3), np.uint8)
    for number, values in enumerate(coarse):
        picture = Image.fromarray(values).resize((96, 96), Image.Resampling.BICUBIC)
        picture.save(tmp_path / "photos" / f"{number}.png")
    first = Image.open(tmp_path / "photos" / "0.png")
    first.point(lambda value: min(255, value + 6)).save(tmp_path / "photos" / "9.png")
    return tmp_path / "photos"


def again(
    folder: Path, data: DataConfig = DataConfig(), *, anew: bool = False
) -> tuple[pd.DataFrame, list[tuple[int, int]]]:
    paths = [str(path) for path in sorted(folder.iterdir())]
    return inspect_cached(str(folder), paths, data, anew=anew)


def test_files_that_are_as_they_were_are_not_read(
    folder: Path, read: list[str], searches: list[int]
) -> None:
    first, near = again(folder)
    assert near == [(0, 9)]
    assert (len(read), searches) == (10, [10])
    second, same = again(folder)
    pd.testing.assert_frame_equal(first, second)
    assert same == near
    assert (len(read), searches) == (10, [10])


def test_another_picture_of_the_same_size_and_date_is_seen(folder: Path, read: list[str]) -> None:
    path = folder / "3.png"
    Image.new("RGB", (96, 96), (9, 9, 9)).save(path)
    before = again(folder)[0]["digest"][3]
    then = path.stat()
    values = bytearray(path.read_bytes())
    values[-20] ^= 1  # in the check sum of the last block, which Pillow does not look at
    path.write_bytes(values)
    os.utime(path, ns=(then.st_atime_ns, then.st_mtime_ns))
    read.clear()
    assert again(folder)[0]["digest"][3] != before
    assert read == [str(path)]


def test_what_is_new_is_read_and_what_is_gone_forgotten(
    folder: Path, read: list[str], searches: list[int]
) -> None:
    again(folder)
    read.clear()
    (folder / "9.png").unlink()
    Image.new("RGB", (50, 50)).save(folder / "new.png")
    files, near = again(folder)
    assert read == [str(folder / "new.png")]
    assert files["path"].tolist()[-2:] == [str(folder / "8.png"), str(folder / "new.png")]
    assert (near, searches) == ([], [10, 10])
    assert "9.png" not in cached_sources()[0].path.read_text()


def test_a_bad_file_is_looked_at_each_time(folder: Path, read: list[str]) -> None:
    (folder / "bad.png").write_bytes(b"no image")
    again(folder)
    read.clear()
    assert again(folder)[0]["problem"].tolist()[-1].startswith("is not an image")
    assert read == [str(folder / "bad.png")]


def test_what_was_changed_just_now_is_not_remembered(
    folder: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("TRANSFERKIT_CACHE", str(folder.parent / "cache"))
    again(folder)
    assert '"files": {}' in cached_sources()[0].path.read_text()


def test_a_file_that_became_too_large_is_refused_by_who_reads_it(folder: Path) -> None:
    again(folder)
    small = again(folder, DataConfig(max_pixels=9000))[0]
    assert small["problem"].str.contains("more than the 9000 of --data.max-pixels").all()


def test_without_a_cache_nothing_is_remembered(folder: Path, read: list[str]) -> None:
    for _ in range(2):
        again(folder, DataConfig(cache_gb=0))
    assert len(read) == 20
    assert cached_sources() == []


@pytest.mark.parametrize("damage", [b"", b"\xff", b"0" * 64 + b"\n{}", None])
def test_what_is_damaged_is_said_and_made_anew(
    folder: Path, read: list[str], damage: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    again(folder)
    whole = cached_sources()[0].path.read_bytes()
    flipped = whole.replace(b'"PNG"', b'"PNH"', 1)
    cached_sources()[0].path.write_bytes(flipped if damage is None else damage)
    again(folder)
    assert "is damaged: the files are read again" in capsys.readouterr().err
    assert len(read) == 20
    again(folder)
    assert len(read) == 20


@pytest.mark.parametrize(
    "name", ["transferkit.__version__", "transferkit.data.decoding.DECODING_FORMAT"]
)
def test_another_version_looks_itself(
    name: str, folder: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    again(folder)
    monkeypatch.setattr(name, "0.0.0")
    again(folder)
    assert len(read) == 20


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(
    folder: Path, cache: Path, read: list[str]
) -> None:
    cache.write_text("no folder")
    for _ in range(2):
        assert len(again(folder)[0]) == 10
    assert len(read) == 20


def test_the_doctor_trusts_nothing_from_before(tmp_path: Path, read: list[str]) -> None:
    folder = draw_folder(tmp_path / "shapes")
    first = look(folder)
    second = look(folder)
    assert len(read) == 2 * len(first.files)
    pd.testing.assert_frame_equal(first.files, second.files)
    Manifest.read(folder)  # what the doctor saw is remembered for others
    assert len(read) == 2 * len(first.files)


def test_a_manifest_is_the_same_from_memory(folder: Path, read: list[str]) -> None:
    for name in ("a", "b"):
        (folder / name).mkdir()
    for path in sorted(folder.glob("*.png")):
        path.rename(folder / ("a" if int(path.stem) % 2 else "b") / path.name)
    first, second = Manifest.read(folder), Manifest.read(folder)
    assert len(read) == 10
    pd.testing.assert_frame_equal(first.frame, second.frame)
    assert first.notes == second.notes


def test_what_was_of_use_the_longest_ago_goes_first(tmp_path: Path, folder: Path) -> None:
    again(folder)
    (first,) = cached_sources()
    os.utime(first.path, (1e9, 1e9))
    small = DataConfig(cache_gb=1.5 * first.size / scan_cache.SHARE / 1e9)
    other = draw_folder(tmp_path / "other") / "circles"
    again(other, small)
    (left,) = cached_sources()
    assert left.path != first.path
    again(other, DataConfig(cache_gb=1e-9))  # too little for even this one: it is left alone
    assert [each.path for each in cached_sources()] == [left.path]


def test_what_is_replaced_takes_no_room_from_others(tmp_path: Path, folder: Path) -> None:
    other = draw_folder(tmp_path / "other", images=10) / "circles"
    again(folder)
    again(other)
    both = DataConfig(cache_gb=1.2 * sum(each.size for each in cached_sources()) / 5e7)
    Image.new("RGB", (50, 50)).save(other / "new.png")
    again(other, both)
    assert len(cached_sources()) == 2


def test_a_file_that_is_not_ours_to_read_is_not_known(
    folder: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    again(folder)
    read.clear()
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).endswith("3.png"))
    again(folder)
    assert read == [str(folder / "3.png")]


def test_what_another_process_is_writing_is_no_memory(folder: Path, cache: Path) -> None:
    again(folder)
    (cache / "files" / ".partial-0.json").write_text("half")
    (cache / "files" / "gone.json").symlink_to(cache / "nothing")
    assert len(cached_sources()) == 1
    scan_cache.evict()
    assert (cache / "files" / ".partial-0.json").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has names of characters, not of bytes")
def test_names_in_any_bytes(folder: Path, read: list[str]) -> None:
    os.rename(folder / "0.png", os.fsencode(folder) + b"/\xff.png")
    assert again(folder)[0]["path"].tolist() == again(folder)[0]["path"].tolist()
    assert len(read) == 10
