"""Errors that a user can cause and mend, as one tree that joins Python's own.

    TransferkitError        one sentence; the command line prints it and exits with 1
    ├── ConfigError         a setting, or a name that no table holds (a ValueError)
    ├── DataError           a folder, a CSV, a manifest or an image (a ValueError)
    ├── WeightsError        weights that are missing or do not fit (a ValueError, as in Keras)
    ├── DeviceError         a device that was asked for and is not there (a RuntimeError)
    ├── RunError            a run folder that is missing, taken or incomplete
    └── ExportError         an export that cannot be written, or disagrees with its network

Any other exception is a fault of the project and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

MAX_REASON = 300  # characters of a library's message; Keras gives whole configurations


class TransferkitError(Exception):
    """One sentence: what was got, what would be right, and what to run next."""


class ConfigError(TransferkitError, ValueError):
    """A setting out of range, or a name that no table holds."""


class DataError(TransferkitError, ValueError):
    """A folder, CSV, manifest or image that cannot be used."""


class WeightsError(TransferkitError, ValueError):
    """Weights that are not where they should be, or are another network's."""


class DeviceError(TransferkitError, RuntimeError):
    """A device that was asked for and is not there."""


class RunError(TransferkitError):
    """A run folder that is missing, already taken, or incomplete."""


class ExportError(TransferkitError):
    """An export that cannot be written, or that disagrees with its network."""


def unknown_name(kind: str, name: object, names: Iterable[str], see: str = "") -> ConfigError:
    """Return the error for a `name` that is not among `names`, with the nearest or all of them.

    `see` is the command that lists the names, if there is one.
    """
    known = [str(name) for name in names]
    near = get_close_matches(str(name), known, n=1, cutoff=0.6)
    advice = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}."
    command = f" `{see}` lists them." if see else ""
    return ConfigError(f"No {kind} is called {name!r}: {advice}{command}")


def brief(error: BaseException) -> str:
    """Return the text of `error`, on one line of bounded length, as the end of a sentence."""
    # The text of a KeyError is the representation of its argument.
    message = error.args[0] if isinstance(error, KeyError) and error.args else error
    text = " ".join(str(message).split()) or type(error).__name__
    return (text if len(text) <= MAX_REASON else f"{text[:MAX_REASON]} ...").rstrip(".")
