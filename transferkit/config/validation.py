"""Validation of settings by their annotations: types, choices and ranges."""

from __future__ import annotations

import dataclasses
import math
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from transferkit.errors import ConfigError, unknown_name

TYPE_NAMES: dict[Any, str] = {
    int: "a whole number",
    float: "a finite number",
    str: "text",
    bool: "true or false",
    type(None): "null",
}


@dataclasses.dataclass(frozen=True)
class Between:
    """The closed range of a number: `Annotated[float, Between(0, 1)]`."""

    low: float
    high: float = math.inf

    def __str__(self) -> str:
        if self.high == math.inf:
            return f"{self.low} or more"
        return f"between {self.low} and {self.high}"


def check_settings(settings: Any) -> None:
    """Check every field of the dataclass instance `settings` against its annotation.

    Raises:
        ConfigError: the first field whose type, choice or range is wrong, by its name.
    """
    hints = get_type_hints(type(settings), include_extras=True)
    for field in dataclasses.fields(settings):
        value, hint = getattr(settings, field.name), hints[field.name]
        ranges = [item for item in getattr(hint, "__metadata__", ()) if isinstance(item, Between)]
        plain = get_args(hint)[0] if get_origin(hint) is Annotated else hint
        check_type(field.name, value, plain)
        for bound in ranges:
            if value is not None and not bound.low <= value <= bound.high:
                raise ConfigError(f"The setting {field.name!r} is {value}: it should be {bound}.")


def check_rising(name: str, pair: tuple[float, ...]) -> None:
    """Raise `ConfigError` unless `pair` is empty, or two finite numbers that rise."""
    if pair and not (len(pair) == 2 and math.isfinite(pair[1] - pair[0]) and pair[0] < pair[1]):
        raise ConfigError(
            f"The setting {name!r} is {pair}: it should be two numbers, the lower one first."
        )


def check_type(name: str, value: Any, hint: Any) -> None:
    """Raise `ConfigError` unless `value` is of the type or choices of the annotation `hint`.

    An int passes for a float; a bool is never a number.
    """
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise unknown_name(f"choice of {name!r}", value, get_args(hint))
        return
    alternatives = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    if any(_is_a(value, kind) for kind in alternatives):
        return
    wanted = " or ".join(TYPE_NAMES.get(kind, str(kind)) for kind in alternatives)
    raise ConfigError(f"The setting {name!r} is {value!r}: it should be {wanted}.")


def _is_a(value: Any, kind: Any) -> bool:
    if get_origin(kind) is tuple:
        return isinstance(value, tuple) and all(_is_a(item, get_args(kind)[0]) for item in value)
    if isinstance(value, bool):
        return kind is bool
    if kind is float:
        return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    return isinstance(value, kind)
