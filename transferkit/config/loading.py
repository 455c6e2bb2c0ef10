"""Settings from a YAML file, laid over others; YAML with the plain words and numbers of 1.2."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import yaml

from transferkit.config.settings import Config
from transferkit.errors import ConfigError, unknown_name

MERGE = "tag:yaml.org,2002:merge"


class _Loader(yaml.SafeLoader):
    """YAML with the plain words of version 1.2: `off` is text, and 1e-3 is a number.

    A key that is there twice is an error, as that version has it; PyYAML takes the last.
    """

    def get_single_data(self) -> Any:
        node = self.get_single_node()
        if node is None:
            return None
        _require_keys_once(node, set())  # before merging, which puts keys of others in
        return self.construct_document(node)


def _require_keys_once(node: yaml.Node, seen: set[int]) -> None:
    """Raise where a mapping within `node`, but for those `seen` by their `id`, repeats a key."""
    if id(node) in seen or isinstance(node, yaml.ScalarNode):
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _require_keys_once(item, seen)
        return
    names = set()
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and key.tag != MERGE:
            if (key.tag, key.value) in names:
                problem = f"{key.value!r} is there twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            names.add((key.tag, key.value))
        _require_keys_once(value, seen)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, words) for tag, words in pairs if not tag.endswith((":bool", ":float"))]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_NUMBER = r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
for _kind, _words, _firsts in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("float", _NUMBER, "-+.0123456789"),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_kind}", re.compile(f"^({_words})$"), list(_firsts)
    )


def load_yaml(path: str | Path) -> Any:
    """Return the content of the YAML file `path`.

    Raises:
        ConfigError: it cannot be read, or is not YAML.
    """
    try:
        return yaml.load(Path(path).read_text(encoding="utf-8"), Loader=_Loader)
    except OSError as error:
        raise ConfigError(
            f"The settings file {str(path)!r} cannot be opened: {error.strerror}; "
            "give the config.yaml of a run, or one like it."
        ) from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "its text"
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ConfigError(
            f"The settings file {str(path)!r} is not YAML at {where} ({what}): "
            "the config.yaml of a run shows how it should look."
        ) from error


def read_config(path: str | Path, base: Config = Config()) -> Config:
    """Return `base` with the settings of the YAML file `path`.

    Raises:
        ConfigError: the file cannot be read, is not YAML, or has a setting that is wrong.
    """
    changes = load_yaml(path)
    return _updated(base, {} if changes is None else changes, where=repr(str(path)))


def _updated(settings: Any, changes: Any, *, where: str) -> Any:
    if not isinstance(changes, dict):
        raise ConfigError(f"{where}: got {changes!r}, where lines of `name: value` should be.")
    names = [field.name for field in dataclasses.fields(settings)]
    values = {}
    for name, value in changes.items():
        if name not in names:
            raise ConfigError(f"{where}: {_unknown_setting(settings, name, names)}")
        old = getattr(settings, name)
        if dataclasses.is_dataclass(old):
            values[name] = _updated(old, value, where=f"{where}, {name}")
        elif isinstance(old, tuple) and isinstance(value, list):
            values[name] = tuple(value)  # YAML has no tuples: `to_yaml` wrote a list
        elif isinstance(old, str) and type(value) is int:
            values[name] = str(value)  # `unfreeze: 2` is meant as `--train.unfreeze 2` is
        else:
            values[name] = value
    try:
        return dataclasses.replace(settings, **values)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error


def _unknown_setting(settings: Any, name: object, names: list[str]) -> str:
    for section in names:
        if hasattr(getattr(settings, section), str(name)) and str(name).isidentifier():
            return f"The setting {name!r} belongs under {section!r}."
    return str(unknown_name("setting", name, names))
