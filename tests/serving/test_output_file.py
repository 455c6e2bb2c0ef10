"""The file of predictions: its formats, its name and its lock."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from output_rows import ENDINGS, JOB, PATHS, chunks, read, write

from transferkit.errors import ConfigError, DataError, RunError
from transferkit.serving.output_file import OutputFile


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_has_every_row_and_nothing_is_left_beside_it(ending: str, tmp_path: Path) -> None:
    path = tmp_path / "new" / f"out.{ending}"
    output = write(path)
    found = read(path)
    assert found["path"].tolist() == PATHS
    assert found["p(cat)"].to_numpy() == pytest.approx(
        [0, 0.1, 0.2, 0.3, np.nan, 0.5, 0.6, 0.7, 0.8, 0.9], nan_ok=True
    )
    assert found["problem"].fillna("").tolist() == [""] * 4 + ["is empty"] + [""] * 5
    assert (output.progress.rows, output.progress.unreadable) == (10, 1)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_two_processes_do_not_write_one_file(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    with (
        OutputFile(path, JOB).locked(),
        pytest.raises(RunError) as caught,
        OutputFile(path, JOB).locked(),
    ):
        pass
    assert str(caught.value) == (
        f"Another process is writing '{path}' at this moment: wait for its end, or choose another "
        "file with --out."
    )
    assert list(tmp_path.iterdir()) == []


def test_a_name_without_a_format_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        OutputFile("out.xlsx", JOB)
    assert str(caught.value) == (
        "The format of 'out.xlsx' is unknown: the name should end with .csv, .jsonl or .parquet."
    )
    (tmp_path / "out.csv").mkdir()
    with pytest.raises(DataError) as caught:
        OutputFile(tmp_path / "out.csv", JOB)
    assert str(caught.value) == (
        f"'{tmp_path}/out.csv' is a folder: give the name of a file with --out."
    )


@pytest.mark.parametrize("ending", ENDINGS)
def test_names_that_are_not_utf8_survive_where_the_format_can_hold_them(
    ending: str, tmp_path: Path
) -> None:
    path, name = tmp_path / f"out.{ending}", "1\udcff.jpg"
    output = OutputFile(path, JOB)
    output.start(iter([name]), resume=False)
    assert len(list(output.write(chunks(iter([name]))))) == 1
    output.finish()
    if ending == "parquet":
        assert read(path)["path"].tolist() == ["1\\udcff.jpg"]
    else:
        assert b"1\xff.jpg" in path.read_bytes()


def test_json_lines_have_missing_numbers_as_null(tmp_path: Path) -> None:
    write(tmp_path / "out.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert (rows[4]["class"], rows[4]["probability"], rows[4]["p(cat)"]) == ("", None, None)


def test_on_a_file_system_without_locks_the_work_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def acquire(self: object, timeout: float) -> None:
        raise NotImplementedError("no flock here")

    monkeypatch.setattr("filelock.FileLock.acquire", acquire)
    output = OutputFile(tmp_path / "out.csv", JOB)
    with output.locked():
        write(output.path)
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
