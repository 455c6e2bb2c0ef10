"""Settings from a YAML file, laid over others."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from transferkit.config.settings import Config
from transferkit.config.yaml_files import load_yaml
from transferkit.errors import ConfigError, unknown_name


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
