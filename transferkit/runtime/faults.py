"""Faults of a report: parts that failed, while all others are made."""

from __future__ import annotations

import dataclasses
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from transferkit.errors import RunError
from transferkit.runtime.progress import log

Value = TypeVar("Value")
Attempt = Callable[[str, Callable[[], Value], Value], Value]
FILE = "errors.txt"  # in the run folder


@dataclasses.dataclass(frozen=True)
class Fault:
    """A part that could not be made: the error in one line, and its traceback."""

    part: str
    error: str
    trace: str


class Faults:
    """Collection of faults, one for each part; the first error of a part is the one reported."""

    def __init__(self) -> None:
        self._by_part: dict[str, Fault] = {}

    def attempt(self, part: str, make: Callable[[], Value], default: Value) -> Value:
        """Return `make()`, or `default` after an error, which is noted under the name `part`."""
        try:
            return make()
        except Exception as error:  # any error: it must not cost the other parts
            self.add(part, error)
            return default

    def add(self, part: str, error: Exception) -> None:
        """Note that `part` failed with `error`, and log it."""
        if part in self._by_part:
            return
        line = f"{type(error).__name__}: {error}"
        trace = "".join(traceback.format_exception(error))
        self._by_part[part] = Fault(part, line, trace)
        log(f"Report: {part} could not be made: {line}")

    def of(self, part: str) -> str:
        """Return the error of `part` in one line; empty where there was none."""
        fault = self._by_part.get(part)
        return fault.error if fault else ""

    @property
    def parts(self) -> list[str]:
        """The names of the parts that failed."""
        return list(self._by_part)

    def clear(self) -> None:
        """Forget every fault, before everything is made again."""
        self._by_part.clear()

    def text(self) -> str:
        """Return the content of errors.txt: the parts with their tracebacks."""
        return "\n".join(f"{fault.part}\n\n{fault.trace}" for fault in self._by_part.values())

    def require_none(self, folder: str | Path) -> None:
        """Raise an error where a part failed.

        Raises:
            RunError: it names the parts and the command that makes them again.
        """
        if not self._by_part:
            return
        listed = ", ".join(self.parts)
        raise RunError(
            f"These parts of the report could not be made: {listed}. Everything else is in "
            f"{str(folder)!r}, with the tracebacks in {FILE}; `transferkit report {folder}` makes "
            "the report again."
        )


def strictly(part: str, make: Callable[[], Value], default: Value) -> Value:
    """Return `make()`; an attempt that lets every error through."""
    return make()
