"""The file of predictions: written by chunks, gone on with, put in place at the end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from transferkit.errors import ConfigError, DataError, RunError
from transferkit.serving.output_file import OutputFile
from transferkit.serving.rows import RowOptions, prediction_rows

JOB = {"model": "ab", "--top-k": 0}
PATHS = [f"{number}.jpg" for number in range(10)]
ENDINGS = ["csv", "jsonl", "parquet"]


def chunks(paths: Iterator[str], size: int = 3) -> Iterator[pd.DataFrame]:
    """Rows of two classes; the number of an image is its probability in tenths; 4 is unreadable."""
    while chunk := [path for _, path in zip(range(size), paths, strict=False)]:
        numbers = np.array([int(path[0]) / 10 for path in chunk])
        yield prediction_rows(
            chunk,
            ["is empty" if path == "4.jpg" else "" for path in chunk],
            np.stack([numbers, 1 - numbers], axis=1),
            classes=("cat", "dog"),
            options=RowOptions(),
        )


def write(path: Path, *, stop_after: int | None = None, resume: bool = False) -> OutputFile:
    """Write `PATHS`, or stop as a killed process does after so many chunks."""
    output, paths = OutputFile(path, JOB), iter(PATHS)
    output.start(paths, resume=resume)
    for number, _ in enumerate(output.write(chunks(paths)), 1):
        if number == stop_after:
            return output
    output.finish()
    return output


class Killed(BaseException):
    """The end of the process."""


def finish_until(name: str, path: Path) -> OutputFile:
    """Write `PATHS`, and stop as a killed process does when it would remove the file `name`."""
    output, unlink = write(path, stop_after=4), Path.unlink

    def stopped(file: Path, missing_ok: bool = False) -> None:
        if file.name == name:
            raise Killed
        unlink(file, missing_ok)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "unlink", stopped)
        with pytest.raises(Killed):
            output.finish()
    return output


def read(path: Path) -> pd.DataFrame:
    kinds = {".csv": pd.read_csv, ".parquet": pd.read_parquet}
    if path.suffix == ".jsonl":
        return pd.read_json(path, lines=True)
    return kinds[path.suffix](path)


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


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("stop_after", [1, 2, 4])
@pytest.mark.parametrize("torn", [b"", b"7.jpg,cat,0", b"\xff\n\n"])
def test_a_stopped_job_goes_on_and_the_file_is_the_same(
    ending: str, stop_after: int, torn: bytes, tmp_path: Path
) -> None:
    write(tmp_path / f"whole.{ending}")
    path = tmp_path / f"out.{ending}"
    output = write(path, stop_after=stop_after)
    assert not path.exists()
    with open(output.partial, "ab") as file:
        file.write(torn)
    assert write(path, resume=True).progress.rows == 10
    assert path.read_bytes() == (tmp_path / f"whole.{ending}").read_bytes()


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_job_that_was_stopped_after_its_last_step_is_complete(
    ending: str, tmp_path: Path
) -> None:
    path = tmp_path / f"out.{ending}"
    output = finish_until(f"out.{ending}.partial.json", path)
    content = path.read_bytes()
    assert (output.state.exists(), output.partial.exists()) == (True, False)
    again = OutputFile(path, JOB)
    again.start(iter(PATHS), resume=True)
    assert (again.complete, again.progress) == (True, output.progress)
    assert path.read_bytes() == content
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_job_that_was_stopped_between_its_files_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    finish_until("out.parquet.partial", path)
    assert write(path, resume=True).progress.rows == 10
    assert read(path)["path"].tolist() == PATHS
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("paths", "sentence"),
    [
        (
            [*PATHS, "new.jpg"],
            "{path} is complete with the rows of 10 images, and there are more images now: give "
            "the same ones, or remove it to start anew.",
        ),
        (
            PATHS[1:],
            "The first 10 images are not those whose rows are in {path}: files were added, removed "
            "or given in another order; give the same ones, or remove it to start anew.",
        ),
    ],
)
def test_a_complete_file_of_other_images_is_one_sentence(
    paths: list[str], sentence: str, tmp_path: Path
) -> None:
    path = tmp_path / "out.csv"
    finish_until("out.csv.partial.json", path)
    with pytest.raises(RunError) as caught:
        OutputFile(path, JOB).start(iter(paths), resume=True)
    assert str(caught.value) == sentence.format(path=repr(str(path)))


@pytest.mark.parametrize("resume", [True, False])
@pytest.mark.parametrize("removed", ["out.csv", "out.csv.partial"])
def test_without_the_rows_of_a_stopped_job_it_starts_anew(
    removed: str, resume: bool, tmp_path: Path
) -> None:
    path = tmp_path / "out.csv"
    if removed == path.name:
        finish_until("out.csv.partial.json", path)
    else:
        write(path, stop_after=2)
    (tmp_path / removed).unlink()
    write(path, resume=resume)
    assert read(path)["path"].tolist() == PATHS
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_complete_file_of_another_job_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    finish_until("out.csv.partial.json", path)
    output = OutputFile(path, JOB | {"--top-k": 5})
    output.start(iter(PATHS), resume=True)
    assert (output.complete, output.progress.rows) == (False, 0)


def test_a_job_that_was_stopped_before_its_first_chunk_starts_anew(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    output = OutputFile(path, JOB)
    output.start(iter(PATHS), resume=False)
    output.partial.unlink()  # killed between the two files
    output.partial.write_bytes(b"pa")
    write(path, resume=True)
    assert read(path)["path"].tolist() == PATHS


def test_going_on_with_nothing_is_to_start(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    write(path, resume=True)
    assert read(path)["path"].tolist() == PATHS


def test_a_stopped_job_is_not_overwritten_by_mistake(tmp_path: Path) -> None:
    output = write(tmp_path / "out.csv", stop_after=1)
    with pytest.raises(RunError) as caught:
        write(tmp_path / "out.csv")
    assert str(caught.value) == (
        f"'{output.partial}' holds the rows of a job that was stopped: continue it with --resume, "
        "or remove it to start anew."
    )


@pytest.mark.parametrize(
    ("job", "sentence"),
    [
        (JOB | {"--top-k": 5}, "another --top-k (0, now 5)"),
        (JOB | {"model": "cd"}, "another model ('ab', now 'cd')"),
        (JOB | {"--abstain": 0.5}, "another --abstain (None, now 0.5)"),
    ],
)
def test_another_job_does_not_go_on(job: dict[str, object], sentence: str, tmp_path: Path) -> None:
    partial = write(tmp_path / "out.csv", stop_after=1).partial
    with pytest.raises(RunError) as caught:
        OutputFile(tmp_path / "out.csv", job).start(iter(PATHS), resume=True)
    assert str(caught.value) == (
        f"'{partial}' was begun with {sentence}: give the same one, or remove it to start anew."
    )


@pytest.mark.parametrize("paths", [["new.jpg", *PATHS], PATHS[1:], PATHS[:2], []])
def test_other_images_do_not_go_on(paths: list[str], tmp_path: Path) -> None:
    partial = write(tmp_path / "out.csv", stop_after=1).partial
    with pytest.raises(RunError) as caught:
        OutputFile(tmp_path / "out.csv", JOB).start(iter(paths), resume=True)
    assert str(caught.value) == (
        f"The first 3 images are not those whose rows are in '{partial}': files were added, "
        "removed or given in another order; give the same ones, or remove it to start anew."
    )


@pytest.mark.parametrize("content", ["", "[]", '{"job": {}}', '{"job": {}, "progress": {"x": 1}}'])
def test_a_damaged_state_is_one_sentence(content: str, tmp_path: Path) -> None:
    output = write(tmp_path / "out.csv", stop_after=1)
    output.state.write_text(content)
    with pytest.raises(RunError) as caught:
        write(tmp_path / "out.csv", resume=True)
    assert str(caught.value) == (
        f"'{output.state}' is damaged: remove it and '{output.partial}' to start anew."
    )


def test_a_partial_file_that_lost_rows_is_one_sentence(tmp_path: Path) -> None:
    output = write(tmp_path / "out.csv", stop_after=1)
    output.partial.write_bytes(output.partial.read_bytes()[:-1])
    with pytest.raises(RunError) as caught:
        write(tmp_path / "out.csv", resume=True)
    assert str(caught.value) == (
        f"'{output.partial}' is shorter than '{output.state}' says: remove both to start anew."
    )


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
