import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from transferkit.errors import ConfigError, DataError, RunError
from transferkit.storage.files import write_json, write_text, written_atomically
from transferkit.storage.run import Run


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_there_when_it_is_whole(tmp_path):
    with written_atomically(tmp_path / "a.txt") as path:
        path.write_text("whole")
        assert not (tmp_path / "a.txt").exists()
    assert (tmp_path / "a.txt").read_text() == "whole"


def test_an_error_on_the_way_leaves_what_was_there(tmp_path):
    (tmp_path / "a.txt").write_text("before")
    with pytest.raises(UnicodeEncodeError), written_atomically(tmp_path / "a.txt") as path:
        path.write_text("half" * 10_000 + "\udce9", encoding="utf-8")
    assert (tmp_path / "a.txt").read_text() == "before"
    assert names(tmp_path) == ["a.txt"]


def test_a_killed_process_leaves_what_was_there(tmp_path):
    (tmp_path / "a.txt").write_text("before")
    code = (
        "import sys, time; from pathlib import Path\n"
        "from transferkit.storage.files import written_atomically\n"
        "with written_atomically(Path(sys.argv[1])) as path:\n"
        "    path.write_text('half'); print('here', flush=True); time.sleep(60)\n"
    )
    arguments = [sys.executable, "-c", code, str(tmp_path / "a.txt")]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"here\n"
        process.send_signal(signal.SIGKILL)
    assert (tmp_path / "a.txt").read_text() == "before"


def test_the_temporary_name_keeps_the_ending(tmp_path):
    with written_atomically(tmp_path / "model.keras") as path:
        assert path.suffix == ".keras"


def test_folders_on_the_way_are_made(tmp_path):
    write_text(tmp_path / "a/b/c.txt", "text")
    assert (tmp_path / "a/b/c.txt").read_text() == "text"


@pytest.fixture
def umask():
    """`umask(0o077)` for the length of the test."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_the_umask_says_who_may_read_what_is_written(tmp_path, umask, mask, mode):
    umask(mask)
    write_text(tmp_path / "runs/a.txt", "text")
    assert (tmp_path / "runs/a.txt").stat().st_mode & 0o777 == mode
    assert (tmp_path / "runs").stat().st_mode & 0o777 == 0o777 & ~mask


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link.txt").symlink_to("a.txt")
    write_text(tmp_path / "link.txt", "text")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "a.txt").read_text() == "text"


@pytest.mark.parametrize("name", ["/dev/full", "/dev/null"])
def test_a_device_is_not_replaced(name):
    with pytest.raises(RunError) as caught:
        write_text(Path(name), "text")
    assert str(caught.value) == (
        f"{name!r} is not a regular file: choose another place with --out."
    )
    assert Path(name).is_char_device()


def test_a_full_disk_is_a_sentence(tmp_path):
    with pytest.raises(RunError) as caught, written_atomically(tmp_path / "a.txt"):
        Path("/dev/full").write_text("text")
    assert str(caught.value) == (
        f"'{tmp_path}/a.txt' cannot be written: No space left on device; free some space or choose "
        "another folder with --out."
    )
    assert names(tmp_path) == []


def test_text_with_a_name_that_is_not_utf_8_is_written(tmp_path):
    write_text(tmp_path / "a.txt", "caf\udce9\r\n")
    assert (tmp_path / "a.txt").read_bytes() == b"caf\xe9\r\n"


def test_json_is_read_back(tmp_path):
    write_json(tmp_path / "a.json", {"é": [1, None, 0.5, "caf\udce9"]})
    assert Run(tmp_path).json("a.json") == {"é": [1, None, 0.5, "caf\udce9"]}


def test_a_number_that_json_does_not_know_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="Out of range float"):
        write_json(tmp_path / "a.json", float("nan"))
    assert names(tmp_path) == []


@pytest.fixture
def run(tmp_path):
    run = Run.create(tmp_path / "run")
    for name in ("config.yaml", "model.keras", "report.html", "baselines/majority.skops"):
        write_text(run / name, "seed: 3")
    return run


def test_a_run_that_was_created_is_opened(run):
    assert repr(Run.open(run.folder)) == f"Run({str(run.folder)!r})"


def test_an_empty_folder_is_taken(tmp_path):
    assert Run.create(tmp_path).folder == tmp_path


def test_a_folder_that_is_taken_is_a_sentence(run):
    with pytest.raises(RunError) as caught:
        Run.create(run.folder)
    assert str(caught.value) == (
        f"{str(run.folder)!r} exists already: choose another folder with --out, or pass "
        "--overwrite to replace the run in it."
    )


def test_overwriting_removes_what_a_run_writes_and_nothing_else(run):
    write_text(run / "notes.txt", "mine")
    write_text(run / "baselines/notes.txt", "mine")
    write_text(run / ".partial-x.keras", "of a killed run")
    Run.create(run.folder, overwrite=True)
    assert names(run.folder) == ["baselines", "notes.txt"]
    assert names(run / "baselines") == ["notes.txt"]


def test_a_folder_with_files_and_no_run_is_not_overwritten(tmp_path):
    write_text(tmp_path / "notes.txt", "mine")
    with pytest.raises(RunError) as caught:
        Run.create(tmp_path, overwrite=True)
    assert str(caught.value) == (
        f"{str(tmp_path)!r} holds files but no run (no config.yaml), so it is not overwritten: "
        "choose another folder with --out."
    )


@pytest.mark.parametrize("name", ["gone", "x" * 300])
def test_a_folder_without_a_run_is_a_sentence(tmp_path, name):
    with pytest.raises(RunError) as caught:
        Run.open(tmp_path / name)
    assert str(caught.value) == (
        f"'{tmp_path}/{name}' is not a run folder: it has no config.yaml; `transferkit train DIR "
        "--out RUN` makes one."
    )


def test_a_missing_json_file_is_a_sentence(run):
    with pytest.raises(RunError) as caught:
        run.json("scores.json")
    assert str(caught.value) == (
        f"The run {str(run.folder)!r} has no scores.json: it did not finish."
    )


def test_a_damaged_json_file_is_a_sentence(run):
    write_text(run / "scores.json", "{")
    with pytest.raises(RunError) as caught:
        run.json("scores.json")
    assert str(caught.value) == (
        f"'{run.folder}/scores.json' cannot be read: Expecting property name enclosed in double "
        "quotes: line 1 column 2 (char 1)."
    )


def test_settings_are_those_of_the_file(run):
    assert run.settings() == {"seed": 3}


SETTINGS = (
    ("", "'{file}' has no settings in it: it was changed."),
    (
        "a: [",
        "The settings file '{file}' is not YAML at line 1 (expected the node content, but found "
        "'<stream end>'): the config.yaml of a run shows how it should look.",
    ),
)


@pytest.mark.parametrize(("text", "sentence"), SETTINGS)
def test_damaged_settings_are_a_sentence(run, text, sentence):
    write_text(run / "config.yaml", text)
    with pytest.raises(RunError) as caught:
        run.settings()
    assert str(caught.value) == sentence.replace("{file}", str(run / "config.yaml"))


def fail(run, error, *written):
    with run.or_nothing():
        for name in written:
            write_text(run / name, "seed: 3")
        raise error("It is wrong.")


def test_settings_that_turn_out_wrong_leave_no_folder(tmp_path):
    run = Run.create(tmp_path / "run")
    with pytest.raises(ConfigError):
        fail(run, ConfigError, "config.yaml")
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("error", "written"),
    [(ConfigError, ["config.yaml", "history.csv"]), (DataError, ["config.yaml"])],
)
def test_what_was_learnt_before_an_error_stays(tmp_path, error, written):
    run = Run.create(tmp_path / "run")
    with pytest.raises(error):
        fail(run, error, *written)
    assert names(run.folder) == written


def test_an_empty_folder_that_was_there_stays(tmp_path):
    run = Run.create(tmp_path)
    with pytest.raises(ConfigError):
        fail(run, ConfigError, "config.yaml")
    assert names(tmp_path) == []
