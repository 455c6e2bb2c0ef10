"""Every notebook runs from top to bottom, and is kept as a reader should find it: not run yet."""

from __future__ import annotations

import ast
import base64
import io
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image

pytestmark = pytest.mark.slow

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
NOWHERE = "http://127.0.0.1:9"  # the discard port: a connection is refused at once
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def executed(shapes: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """`executed(path)`: the notebook with its outputs, run without a network when first asked."""
    made: dict[Path, Any] = {}

    def run(path: Path) -> Any:
        if path not in made:
            folder = tmp_path_factory.mktemp(path.stem)
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("KERAS_HOME", str(folder / "keras"))
                patch.setenv("TRANSFERKIT_MIRROR", NOWHERE)
                patch.setenv("TRANSFERKIT_NOTEBOOK_DATA", str(shapes))
                patch.setenv("TRANSFERKIT_NOTEBOOK_BACKBONES", "pocket mobilenet_025")
                patch.setenv("TRANSFERKIT_NOTEBOOK_FEATURES", "colour")
                patch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
                notebook = nbformat.read(path, as_version=4)
                place = {"metadata": {"path": str(folder)}}
                NotebookClient(
                    notebook, timeout=300, kernel_name="python3", resources=place
                ).execute()
            made[path] = notebook
        return made[path]

    return run


def outputs(notebook: Any, kind: str) -> list[str]:
    """What the cells of `notebook` show as `kind`, a MIME type."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    found = [each.get("data", {}) for cell in cells for each in cell.outputs]
    return [data[kind] for data in found if kind in data]


@every_notebook
def test_a_notebook_is_valid(path: Path) -> None:
    assert nbformat.validate(nbformat.read(path, as_version=4)) is None


@every_notebook
def test_a_notebook_stores_no_output(path: Path) -> None:
    cells = [each for each in nbformat.read(path, as_version=4).cells if each.cell_type == "code"]
    assert [cell.source for cell in cells if cell.outputs or cell.execution_count] == []


@every_notebook
def test_a_notebook_defines_no_function(path: Path) -> None:
    cells = [each for each in nbformat.read(path, as_version=4).cells if each.cell_type == "code"]
    code = "\n".join(re.sub(r"^%.*$", "", cell.source, flags=re.MULTILINE) for cell in cells)
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    assert [node for node in ast.walk(ast.parse(code)) if isinstance(node, defined)] == []


@every_notebook
def test_a_notebook_starts_with_a_way_to_install_that_is_commented_out(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    first = next(cell for cell in cells if cell.cell_type == "code")
    assert "# %pip install transferkit" in first.source.splitlines()


@every_notebook
def test_a_notebook_leads_only_to_notebooks_that_are_there(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    links = re.findall(r"\]\(([^)]+\.ipynb)\)", "\n".join(cell.source for cell in cells))
    assert [link for link in links if not (path.parent / link).is_file()] == []


@every_notebook
def test_a_notebook_runs_and_shows_pictures(path: Path, executed: Any) -> None:
    pictures = outputs(executed(path), "image/png")
    sizes = [Image.open(io.BytesIO(base64.b64decode(each))).size for each in pictures]
    assert sizes
    assert min(min(size) for size in sizes) > 100


@pytest.mark.parametrize("path", NOTEBOOKS[:2], ids=lambda path: path.stem)
def test_a_notebook_shows_the_report(path: Path, executed: Any) -> None:
    tables = [each for each in outputs(executed(path), "text/html") if "log loss" in each]
    assert len(tables) == 1
    assert "majority" in tables[0]


def test_a_notebook_says_plainly_that_weights_are_missing(executed: Any) -> None:
    cells = [cell for cell in executed(NOTEBOOKS[2]).cells if cell.cell_type == "code"]
    streams = [each for cell in cells for each in cell.outputs if each.output_type == "stream"]
    sentence = "mobilenet_025 is left out. The ImageNet weights of 'mobilenet_025'"
    assert sentence in "".join(each.text for each in streams)


def test_without_a_folder_of_the_readers_own_a_sample_is_written(tmp_path: Path) -> None:
    notebook = nbformat.read(NOTEBOOKS[1], as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.cell_type == "code"][:3]
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("TRANSFERKIT_NOTEBOOK_DATA", raising=False)
        place = {"metadata": {"path": str(tmp_path)}}
        NotebookClient(notebook, timeout=120, kernel_name="python3", resources=place).execute()
    assert "&lt;Manifest of 10 classes: " in notebook.cells[2].outputs[0]["data"]["text/html"]
