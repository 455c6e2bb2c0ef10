"""The command line as a user meets it, in this process: what it says, and that nothing is lost."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image

from transferkit.cli.main import main

FAST = ("--backbone", "lenet", "--image-size", "16", "--epochs", "1", "--augment", "none")


class Outcome(NamedTuple):
    """What a command said and left; `new` are the files that were not there before."""

    status: int
    sentences: list[str]  # lines on standard error that say what is wrong
    errors: str
    out: str
    new: list[str]


def snapshot(folder: Path) -> dict[str, bytes]:
    """The bytes of each regular file below `folder`, and where each link points."""
    found = {}
    for where, folders, files in os.walk(folder):
        for name in folders + files:
            path = os.path.join(where, name)
            if os.path.islink(path):
                found[path] = os.fsencode(os.readlink(path))
            elif os.path.isfile(path):
                found[path] = Path(path).read_bytes()
    return found


def run_command(arguments: tuple[str, ...], capsys: pytest.CaptureFixture) -> Outcome:
    """`transferkit ARGUMENTS` in the working folder; fails where a file of before is not as it was.

    Files of a run that is overwritten may change: they are named in a folder called run.
    """
    here = Path.cwd()
    before, status = snapshot(here), 0
    capsys.readouterr()
    try:
        main(list(arguments))
    except SystemExit as exit:
        status = exit.code
    captured, after = capsys.readouterr(), snapshot(here)
    assert {path: after.get(path) for path in before} == before, "a file was changed or is gone"
    assert not [path for path in after if ".partial-" in path], "something half-written was left"
    new = [os.path.relpath(path, here) for path in after if path not in before]
    sentences = [line for line in captured.err.splitlines() if line.startswith("transferkit: ")]
    return Outcome(status, sentences, captured.err, captured.out, sorted(new))


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> Callable[..., Outcome]:
    """`command("train", "photos")`, in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: run_command(arguments, capsys)


@pytest.fixture
def photos(tmp_path: Path, drawn: Callable[..., Path]) -> Path:
    """The folder `photos` in the working folder: two classes of four good images."""
    return drawn("photos", ("cat", "dog"), 4, image_size=24)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, shapes: Path) -> Path:
    """The run folder of a network that saw the shapes once; not to be written to."""
    folder = tmp_path_factory.mktemp("trained") / "run"
    main(["train", str(shapes), *FAST, "--out", str(folder)])
    return folder


@pytest.fixture
def picture() -> Callable[..., None]:
    """`picture(path, (width, height))`: a grey image that is unlike every other."""
    made = iter(range(256))

    def save(path: Path, size: tuple[int, int] = (24, 24), **options: object) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", size, next(made)).save(path, **options)

    return save
