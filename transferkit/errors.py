"""What goes wrong because of what was asked or given, as one tree.

    TransferkitError        one sentence; the command line prints it and exits with 1
    ├── ConfigError         a setting, or a name that no table holds
    ├── DataError           a folder, a CSV, a manifest or an image
    ├── WeightsError        weights that are missing or do not fit
    ├── DeviceError         a device that was asked for and is not there
    └── RunError            a run folder that is missing, taken or incomplete

Anything else that is raised is a fault of the project and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

LONGEST = (
    300  # characters of a library's reason that are repeated; Keras gives whole configurations
)


class TransferkitError(Exception):
    """One sentence: what was got, what would be right, and what to run next."""


class ConfigError(TransferkitError):
    """A setting out of range, or a name that no table holds."""


class DataError(TransferkitError):
    """A folder, CSV, manifest or image that cannot be used."""


class WeightsError(TransferkitError):
    """Weights that are not where they should be, or are another network's."""


class DeviceError(TransferkitError):
    """A device that was asked for and is not there."""


class RunError(TransferkitError):
    """A run folder that is missing, already taken, or incomplete."""


def unknown_name(kind: str, name: object, names: Iterable[str], see: str = "") -> ConfigError:
    """The error for a `name` that is not among `names`: it names the nearest, or all of them.

    `see` is the command that lists the names, if there is one.
    """
    known = [str(each) for each in names]
    near = get_close_matches(str(name), known, n=1, cutoff=0.6)
    advice = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}."
    command = f" `{see}` lists them." if see else ""
    return ConfigError(f"No {kind} is called {name!r}: {advice}{command}")


def brief(error: BaseException) -> str:
    """Return the text of `error`, on one line of bounded length, as the end of a sentence."""
    # The text of a KeyError is the representation of its argument.
    said = error.args[0] if isinstance(error, KeyError) and error.args else error
    text = " ".join(str(said).split()) or type(error).__name__
    return (text if len(text) <= LONGEST else f"{text[:LONGEST]} ...").rstrip(".")
