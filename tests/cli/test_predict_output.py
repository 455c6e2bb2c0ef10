"""`transferkit predict --out`: the file of predictions, and what a kill leaves."""

from __future__ import annotations

import csv
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_file_gets_the_rows(command, compared, circles, tmp_path, ending):
    (tmp_path / "bad.png").write_bytes(b"")
    path = tmp_path / f"out.{ending}"
    said = command("predict", compared, *circles, tmp_path / "bad.png", "--out", path)
    assert (said.status, said.out) == (3, "")
    kinds = {"csv": pd.read_csv, "parquet": pd.read_parquet}
    frame = pd.read_json(path, lines=True) if ending == "jsonl" else kinds[ending](path)
    assert frame["path"].tolist() == [*circles, str(tmp_path / "bad.png")]
    assert frame["problem"].tolist()[-1] == "is empty (0 bytes)"
    assert re.search(rf"'{path}' has {len(circles) + 1} rows; [\d,]+ images/s\.\n", said.err)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["bad.png", f"out.{ending}"]


def test_a_file_of_unreadable_images_lists_them(command, compared, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"")
    said = command("predict", compared, tmp_path / "bad.png", "--out", tmp_path / "out.csv")
    assert said.status == 1
    assert pd.read_csv(tmp_path / "out.csv")["problem"].tolist() == ["is empty (0 bytes)"]


def test_what_is_wrong_with_the_file_is_said_before_anything_is_loaded(command, compared, circles):
    assert command("predict", compared, circles[0], "--out", "x.txt") == (
        1,
        "",
        "transferkit: The format of 'x.txt' is unknown: the name should end with .csv, .jsonl or "
        ".parquet.\n",
    )
    assert command("predict", compared, circles[0], "--resume") == (
        1,
        "",
        "transferkit: --resume continues a file: name it with --out FILE.\n",
    )
    said = command("predict", compared, circles[0], "--out", "x.csv", "--format", "json")
    assert said.err.startswith(
        "transferkit: --format is the format of standard output: leave it out"
    )


def test_a_file_that_is_complete_is_left_as_it_is(
    command, compared, circles, tmp_path, monkeypatch
):
    path, state = tmp_path / "out.csv", tmp_path / "out.csv.partial.json"
    unlink = Path.unlink

    def stopped(file, missing_ok=False):
        if file == state:
            raise KeyboardInterrupt
        unlink(file, missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", stopped)
        assert command("predict", compared, *circles, "--out", path).status == 130
    content = path.read_bytes()
    said = command("predict", compared, *circles, "--out", path, "--resume")
    assert said == (0, "", f"'{path}' is complete: it has {len(circles)} rows.\n")
    assert (path.read_bytes(), state.exists()) == (content, False)


@pytest.mark.slow
def test_no_row_is_lost_or_twice_after_a_kill(command, compared, circles, tmp_path):
    """The process is killed while it writes, twice; then it goes on to the end."""
    (tmp_path / "list.csv").write_text("\n".join(["path", *circles * 400]))
    out = tmp_path / "out.csv"
    arguments = ["predict", str(compared), str(tmp_path / "list.csv"), "--out", str(out)]
    done = 0
    for _ in range(2):
        process = subprocess.Popen(
            [sys.executable, "-m", "transferkit", *arguments, "--resume"],
            stderr=subprocess.DEVNULL,
        )
        state = tmp_path / "out.csv.partial.json"
        while process.poll() is None:
            rows = json.loads(state.read_text())["progress"]["rows"] if state.exists() else 0
            if rows > done:
                done = rows
                break
            time.sleep(0.005)
        process.kill()
        assert process.wait() == -signal.SIGKILL
    assert not out.exists()
    said = command(*arguments, "--resume")
    assert said.status == 0
    assert "Resuming after " in said.err
    with out.open(newline="") as file:
        assert [row["path"] for row in csv.DictReader(file)] == circles * 400
