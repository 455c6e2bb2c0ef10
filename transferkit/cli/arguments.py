"""Command-line arguments as a dataclass of options; errors are one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import redirect_stderr
from io import StringIO
from typing import Any

import tyro

from transferkit.errors import TransferkitError
from transferkit.runtime.progress import log


def parse_arguments(
    kind: type[Any],
    arguments: Sequence[str],
    *,
    program: str,
    default: Any = None,
    about: str | None = None,
) -> Any:
    """Return the dataclass `kind` parsed from `arguments`, over `default` if given.

    A flag that cannot be read is one line on standard error and exit status 2.
    """
    box = StringIO()
    defaults = {} if default is None else {"default": default}
    try:
        with redirect_stderr(box):
            return tyro.cli(
                kind,
                prog=program,
                args=list(arguments),
                description=about,
                config=(tyro.conf.FlagCreatePairsOff,),
                **defaults,
            )
    except SystemExit as exit:
        if error := _refused_setting(exit):
            raise error from None
        if exit.code:
            log(f"transferkit: {_sentence(box.getvalue(), program)}")
        raise


def _refused_setting(exit: SystemExit) -> TransferkitError | None:
    """Return the error of a setting; tyro takes it for its own, as any `ValueError`."""
    error = exit.__context__
    while error is not None and not isinstance(error, TransferkitError):
        error = error.__context__
    return error


def _sentence(box: str, program: str) -> str:
    """Return as one sentence the message that tyro prints in a box of several paragraphs."""
    lines = [line.strip("│| ") for line in box.strip().splitlines()[1:-1]]
    text = "\n".join("" if not line.strip("─-") else line for line in lines)
    wrong, *paragraphs = text.strip().split("\n\n")
    near = [paragraph for paragraph in paragraphs if paragraph.startswith("Perhaps you meant:\n--")]
    flag = f"; did you mean {near[0].split()[3].rstrip(',')}?" if near else ";"
    return f"{wrong.replace(chr(10), ' ').rstrip('.')}{flag} `{program} --help` lists the options."
