"""One run for all tests of the commands: LeNet on the shapes, beside two baselines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from commands_worlds import BASELINES, QUICK

from transferkit.cli.main import main


class Said(NamedTuple):
    """What a command ended with, and what it wrote."""

    status: int
    out: str
    err: str


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """`command("look", folder)` runs `transferkit look folder` in this process."""

    def run(*arguments: object) -> Said:
        capsys.readouterr()
        status = 0
        try:
            main([str(each) for each in arguments])
        except SystemExit as end:
            status = int(end.code or 0)
        return Said(status, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def compared(shapes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder that `transferkit compare` leaves; not to be written to."""
    folder = tmp_path_factory.mktemp("runs") / "shapes"
    main(["compare", str(shapes), *QUICK, "--epochs", "2", *BASELINES, "--out", str(folder)])
    return folder


@pytest.fixture(scope="session")
def circles(shapes):
    """The paths of the drawn circles."""
    return sorted(map(str, (shapes / "circles").iterdir()))
