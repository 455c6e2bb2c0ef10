"""The file of predictions of a job that was stopped and resumed."""

from __future__ import annotations

from pathlib import Path

import pytest
from output_rows import ENDINGS, JOB, PATHS, finish_until, read, write

from transferkit.errors import RunError
from transferkit.serving.output_file import OutputFile


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
