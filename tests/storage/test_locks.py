"""The lock of a folder: held by a process, let go of when it ends, whatever ends it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from transferkit.cli.job import Job
from transferkit.errors import RunError
from transferkit.storage.locks import LOCK, holds_files, locked, require_unlocked
from transferkit.storage.output_folder import RUN, claim

HOLD = (
    "import sys, time; from pathlib import Path; from transferkit.storage.locks import locked\n"
    "with locked(Path(sys.argv[1])):\n"
    "    print('here', flush=True); time.sleep(60)\n"
)


@pytest.fixture
def holder(tmp_path: Path):
    """Another process that holds the folder."""
    arguments = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"here\n"
        yield process
        process.kill()


def refusal(folder: Path) -> str:
    return (
        f"Another process is writing into {str(folder)!r} at this moment: "
        "wait for its end, or choose another folder with --out."
    )


def test_a_folder_that_another_process_holds_is_refused(holder, tmp_path):
    with pytest.raises(RunError) as caught, locked(tmp_path):
        pass
    assert str(caught.value) == refusal(tmp_path)


def test_a_job_is_refused_before_its_images_are_read(holder, tmp_path):
    with pytest.raises(RunError) as caught:
        Job("images", out=str(tmp_path), overwrite=True).check()
    assert str(caught.value) == refusal(tmp_path)


def test_the_lock_of_a_killed_process_holds_nobody(holder, tmp_path):
    holder.kill()
    holder.wait()
    assert (tmp_path / LOCK).exists()
    require_unlocked(tmp_path)
    with locked(tmp_path):
        pass


def test_a_folder_with_the_lock_of_a_killed_process_alone_is_free(tmp_path):
    (tmp_path / LOCK).touch()
    assert not holds_files(tmp_path)
    claim(tmp_path, RUN)


def test_nothing_of_a_lock_stays(tmp_path):
    with locked(tmp_path):
        assert (tmp_path / LOCK).exists()
    assert list(tmp_path.iterdir()) == []


def test_two_in_one_process_are_refused_too(tmp_path):
    with locked(tmp_path), pytest.raises(RunError), locked(tmp_path):
        pass


def test_where_a_lock_cannot_be_made_the_work_goes_on(tmp_path):
    (tmp_path / LOCK).mkdir()
    with locked(tmp_path):
        (tmp_path / "a.txt").touch()
    assert sorted(path.name for path in tmp_path.iterdir()) == [LOCK, "a.txt"]
