"""A recipe run as its docstring says, in this process."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

RECIPES = Path(__file__).parents[2] / "recipes"


@pytest.fixture
def run_recipe(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`run_recipe("lenet", DIR, "--epochs", 1)`: `python recipes/lenet.py DIR --epochs 1`."""

    def run(name: str, *arguments: object) -> None:
        script = str(RECIPES / f"{name}.py")
        monkeypatch.setattr("sys.argv", [script, *map(str, arguments)])
        runpy.run_path(script, run_name="__main__")

    return run
