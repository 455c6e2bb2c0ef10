"""Names of models, and what happens when their files change."""

import shutil

import pytest

from transferkit.errors import ConfigError, RunError
from transferkit.server.errors import RequestError
from transferkit.server.registry import Registry, named_runs
from transferkit.server.settings import ServerConfig


@pytest.fixture
def copy(run, tmp_path):
    """A run of the test's own."""
    return shutil.copytree(run, tmp_path / "copied")


def test_a_run_is_called_as_its_folder_or_as_it_is_told(run, copy, monkeypatch):
    assert named_runs([str(run), f"mine={copy}"]) == {"shapes": run, "mine": copy}
    monkeypatch.chdir(copy)
    assert list(named_runs(["."])) == ["copied"]


def test_a_folder_with_an_equals_sign_is_a_folder(copy):
    folder = copy.rename(copy.with_name("a=b"))
    assert named_runs([str(folder)]) == {"a=b": folder}


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ([], "There is no run to serve: `transferkit serve RUN` takes its folder."),
        (
            ["a:b={run}"],
            "A model cannot be served under the name 'a:b': give it another one, as in NAME={run}.",
        ),
        (
            ["shapes={run}", "{run}"],
            "Two runs have the name 'shapes': give one another name, as in NAME={run}.",
        ),
    ],
)
def test_names_that_cannot_be(run, arguments, error):
    with pytest.raises(ConfigError) as raised:
        named_runs([argument.format(run=run) for argument in arguments])
    assert str(raised.value) == error.format(run=run)


def test_a_folder_that_is_no_run(tmp_path):
    with pytest.raises(RunError, match="is not a run folder"):
        named_runs([str(tmp_path)])


def test_a_changed_network_is_read_anew(copy, capfd):
    registry = Registry({"mine": copy}, ServerConfig())
    before = registry.find("mine")
    registry.reload()
    assert registry.find("mine") is before
    (copy / "model.keras").touch()
    registry.reload()
    assert registry.find("mine").version == 2
    with pytest.raises(RequestError, match=r"Specific\(mine, 1\); the version is 2"):
        registry.find("mine", "1")
    assert "Reload: mine has not changed.\n" in capfd.readouterr().err


def test_a_broken_network_leaves_the_old_one(copy, capfd):
    registry = Registry({"mine": copy}, ServerConfig())
    before = registry.find("mine")
    (copy / "model.keras").write_bytes(b"broken")
    registry.reload()
    assert registry.find() is before
    assert "Reload: mine stays at version 1: " in capfd.readouterr().err


def test_a_network_that_went_away_leaves_the_old_one(copy, capfd):
    registry = Registry({"mine": copy}, ServerConfig())
    (copy / "model.keras").unlink()
    registry.reload()
    assert registry.find().version == 1
    assert "There is no network in" in capfd.readouterr().err
