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
SIGNED = {name: getattr(tk, name) for name in FUNCTIONS} | METHODS


def test_dir_lists_the_public_names_and_nothing_else():
    assert dir(tk) == sorted(tk.__all__)


def test_every_name_is_defined_where_the_package_says():
    homes = {name: importlib.import_module(f"transferkit.{tk._HOME[name]}") for name in NAMES}
    assert [name for name in NAMES if getattr(tk, name) is not getattr(homes[name], name)] == []
    callables = {name: getattr(tk, name).__module__ for name in CALLABLES}
    assert callables == {name: homes[name].__name__ for name in CALLABLES}


def test_every_name_says_what_it_is():
    lines = {name: (getattr(tk, name).__doc__ or "").partition("\n")[0] for name in CALLABLES}
    assert [name for name, line in lines.items() if not line.endswith((".", ":"))] == []
    # What a dataclass writes by itself is no docstring.
    assert [name for name, line in lines.items() if line.startswith(f"{name}(")] == []
    assert [name for name, method in METHODS.items() if not method.__doc__] == []


def test_a_table_is_a_tuple_of_frozen_rows():
    tables = {name: getattr(tk, name) for name in TABLES}
    assert [name for name, rows in tables.items() if not isinstance(rows, tuple)] == []
    kinds = {type(row) for rows in tables.values() for row in rows}
    assert {kind for kind in kinds if not kind.__dataclass_params__.frozen} == set()


def parameters_of(function):
    parameters = inspect.signature(function).parameters.values()
    return [each for each in parameters if each.name not in ("self", "cls")]


def test_everything_has_types():
    signatures = {name: inspect.signature(each) for name, each in SIGNED.items()}
    unsaid = [
        f"{name}({each.name})"
        for name, function in SIGNED.items()
        for each in parameters_of(function)
        if each.annotation is each.empty
    ]
    assert unsaid == []
    empty = inspect.Signature.empty
    assert [name for name, each in signatures.items() if each.return_annotation is empty] == []


def test_nothing_takes_more_than_three_arguments_by_position():
    counts = {
        name: sum(each.kind is each.POSITIONAL_OR_KEYWORD for each in parameters_of(function))
        for name, function in SIGNED.items()
    }
    assert {name: count for name, count in counts.items() if count > 3} == {}


def test_every_name_is_in_the_documents():
    root = Path(tk.__file__).parent.parent
    pages = [root / "README.md", *(root / "docs").rglob("*.md")]
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    assert [name for name in NAMES if f"tk.{name}" not in text] == []


def test_a_misspelt_name_is_an_attribute_error():
    with pytest.raises(AttributeError) as error:
        tk.trian  # noqa: B018
    assert str(error.value) == "module 'transferkit' has no attribute 'trian'"


def test_the_package_has_types_for_others():
    assert (Path(tk.__file__).parent / "py.typed").is_file()
