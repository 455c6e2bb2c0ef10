"""Requirements on the attributes of a fitted estimator: arrays, numbers, settings, by name."""

from __future__ import annotations

from typing import Any

import numpy as np

LARGEST = 1e15  # of any number in it: sums of products of such are finite still
SMALLEST = 1e-30  # of what is divided by: float32 still holds what comes of it
ROUNDING = 1e-3  # by which shares that add up to 1 may miss it


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
    low: float = -LARGEST,
    high: float = LARGEST,
) -> np.ndarray:
    """The array `name` of `owner`: its shape (None: any), the kind of its type, its range.

    Raises:
        StructureError: it is another.
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
    owner: Any, name: str, *, low: float = -LARGEST, high: float = LARGEST, whole: bool = False
) -> float:
    """The number `name` of `owner`, in its range.

    Raises:
        StructureError: it is another.
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
        given = vars(owner).get(name, getattr(type(owner), name, None))
        same = type(given) is type(value) and given == value
        require(same, f"{name!r} of its {type(owner).__name__} is {given!r:.50}")
