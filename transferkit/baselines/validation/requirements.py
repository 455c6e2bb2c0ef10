"""Requirements on the attributes of a fitted estimator: arrays, numbers, settings, by name."""

from __future__ import annotations

from typing import Any

import numpy as np

MAX_VALUE = 1e15  # of any number in it: sums of products of such are finite still
MIN_DIVISOR = 1e-30  # float32 still holds the quotients
ROUNDING = 1e-3  # tolerance of shares that add up to 1


class StructureError(ValueError):
    """A part of a baseline that fitting cannot have made, as the end of a sentence."""


def require(condition: object, reason: str) -> None:
    """Raise `StructureError` with the `reason` unless `condition` holds."""
    if not condition:
        raise StructureError(reason)


def require_array(
    owner: Any,
    name: str,
    shape: tuple[int | None, ...],
    *,
    kinds: str = "f",
    low: float = -MAX_VALUE,
    high: float = MAX_VALUE,
) -> np.ndarray:
    """Return the array `name` of `owner`, of this shape (None: any), kind of type and range.

    Raises:
        StructureError: it is not like that.
    """
    values = vars(owner).get(name)
    where = f"{name!r} of its {type(owner).__name__}"
    require(type(values) is np.ndarray and values.dtype.kind in kinds, f"{where} is no such array")
    assert isinstance(values, np.ndarray)
    fits = values.ndim == len(shape) and all(
        wanted in (None, axis) for axis, wanted in zip(values.shape, shape, strict=True)
    )
    require(fits, f"{where} has the shape {values.shape}")
    inside = ((values >= low) & (values <= high)).all()  # NaN is in no range
    require(inside, f"{where} has numbers that it cannot have")
    return values


def require_number(
    owner: Any, name: str, *, low: float = -MAX_VALUE, high: float = MAX_VALUE, whole: bool = False
) -> float:
    """Return the number `name` of `owner`, in its range.

    Raises:
        StructureError: it is not like that.
    """
    value = vars(owner).get(name)
    kinds = (int, np.integer) if whole else (int, float, np.integer, np.floating)
    right = isinstance(value, kinds) and not isinstance(value, bool) and low <= value <= high
    require(right, f"{name!r} of its {type(owner).__name__} is {value!r:.50}")
    assert value is not None
    return value


def require_values(owner: Any, **values: Any) -> None:
    """Raise `StructureError` unless the attributes of `owner` have these `values`."""
    for name, value in values.items():
        actual = vars(owner).get(name, getattr(type(owner), name, None))
        same = type(actual) is type(value) and actual == value
        require(same, f"{name!r} of its {type(owner).__name__} is {actual!r:.50}")
