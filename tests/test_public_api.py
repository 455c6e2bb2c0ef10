"""The public face: what `import transferkit as tk` offers, and that all of it is documented."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

import pytest

import transferkit as tk

NAMES = [name for name in tk.__all__ if name != "__version__"]
CALLABLES = [name for name in NAMES if callable(getattr(tk, name))]
TABLES = sorted(set(NAMES) - set(CALLABLES))
FUNCTIONS = [name for name in CALLABLES if not inspect.isclass(getattr(tk, name))]
CLASSES = sorted(set(CALLABLES) - set(FUNCTIONS))


def methods():
    """The public methods and properties of every public class of the package."""
    for name in CLASSES:
        for member, value in vars(getattr(tk, name)).items():
            plain = getattr(value, "__func__", getattr(value, "fget", value))
            if inspect.isfunction(plain) and not member.startswith("_"):
                yield f"{name}.{member}", plain


METHODS = dict(methods())


def test_dir_lists_the_public_names_and_nothing_else():
    assert dir(tk) == sorted(tk.__all__)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_comes_from_where_the_package_says(name):
    home = importlib.import_module(f"transferkit.{tk._HOME[name]}")
    assert getattr(tk, name) is getattr(home, name)


@pytest.mark.parametrize("name", CALLABLES)
def test_every_name_is_defined_where_it_is_said_to_be(name):
    assert getattr(tk, name).__module__ == f"transferkit.{tk._HOME[name]}"


@pytest.mark.parametrize("name", CALLABLES)
def test_every_name_says_what_it_is(name):
    first = (getattr(tk, name).__doc__ or "").partition("\n")[0]
    assert first.endswith((".", ":"))
    assert not first.startswith(f"{name}(")  # what a dataclass writes by itself


@pytest.mark.parametrize("name", METHODS)
def test_every_method_says_what_it_is(name):
    assert METHODS[name].__doc__


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_a_tuple_of_frozen_rows(name):
    rows = getattr(tk, name)
    assert isinstance(rows, tuple)
    assert all(type(row).__dataclass_params__.frozen for row in rows)


@pytest.mark.parametrize("name", [*FUNCTIONS, *METHODS])
def test_everything_has_types(name):
    function = METHODS.get(name) or getattr(tk, name)
    signature = inspect.signature(function)
    given = [each for each in signature.parameters.values() if each.name not in ("self", "cls")]
    assert all(each.annotation is not inspect.Parameter.empty for each in given)
    assert signature.return_annotation is not inspect.Signature.empty


@pytest.mark.parametrize("name", [*FUNCTIONS, *METHODS])
def test_nothing_takes_more_than_three_arguments_by_position(name):
    parameters = inspect.signature(METHODS.get(name) or getattr(tk, name)).parameters.values()
    given = [each for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD]
    assert len([each for each in given if each.name not in ("self", "cls")]) <= 3


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_in_the_documents(name):
    root = Path(tk.__file__).parent.parent
    pages = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    assert any(f"tk.{name}" in page.read_text(encoding="utf-8") for page in pages)


def test_a_misspelt_name_is_an_attribute_error():
    with pytest.raises(AttributeError) as error:
        tk.trian  # noqa: B018
    assert str(error.value) == "module 'transferkit' has no attribute 'trian'"


def test_the_package_has_types_for_others():
    assert (Path(tk.__file__).parent / "py.typed").is_file()
