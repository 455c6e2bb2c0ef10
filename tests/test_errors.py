import pytest

from transferkit import errors
from transferkit.errors import TransferkitError, unknown_name

KINDS = ("ConfigError", "DataError", "WeightsError", "DeviceError", "RunError", "ExportError")


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_a_transferkit_error(name):
    assert issubclass(getattr(errors, name), TransferkitError)


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("ConfigError", ValueError),
        ("DataError", ValueError),
        ("WeightsError", ValueError),
        ("DeviceError", RuntimeError),
    ],
)
def test_it_can_be_caught_as_the_error_of_python_that_it_is(name, base):
    assert issubclass(getattr(errors, name), base)
    assert f"(a {base.__name__}" in errors.__doc__


@pytest.mark.parametrize("name", KINDS)
def test_the_tree_at_the_top_names_every_kind(name):
    assert name in errors.__doc__


def test_a_near_name_is_asked_for():
    assert str(unknown_name("fruit", "aple", ["apple", "pear"])) == (
        "No fruit is called 'aple': did you mean 'apple'?"
    )


def test_without_a_near_name_all_are_named():
    assert str(unknown_name("fruit", "x", ["apple", "pear"])) == (
        "No fruit is called 'x': there are apple, pear."
    )


def test_the_command_that_lists_them_is_named():
    assert str(unknown_name("fruit", "aple", ["apple"], "fruits --all")) == (
        "No fruit is called 'aple': did you mean 'apple'? `fruits --all` lists them."
    )


@pytest.mark.parametrize("name", [None, 3, ["apple"], ""])
def test_a_name_may_be_anything(name):
    assert str(unknown_name("fruit", name, ["pear"])).startswith(f"No fruit is called {name!r}: ")
