"""Command-line arguments as a dataclass of options; what is wrong with them is one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import redirect_stderr
from io import StringIO
from typing import Any

import tyro

from transferkit.runtime.progress import log


def parse_arguments(
    kind: type[Any],
    arguments: Sequence[str],
    *,
    program: str,
    default: Any = None,
    about: str | None = None,
) -> Any:
    """The instance of the dataclass `kind` that `arguments` describe, over `default` if given.

    A flag that cannot be read is one line on standard error and exit status 2.
    """
    box = StringIO()
    given = {} if default is None else {"default": default}
    try:
        with redirect_stderr(box):
            return tyro.cli(
                kind,
                prog=program,
                args=list(arguments),
                description=about,
                config=(tyro.conf.FlagCreatePairsOff,),
                **given,
            )
    except SystemExit as exit:
        if exit.code:
            log(f"transferkit: {_sentence(box.getvalue(), program)}")
        raise


def _sentence(box: str, program: str) -> str:
    """What tyro says in a box of several paragraphs, as one sentence."""
    lines = [line.strip("│| ") for line in box.strip().splitlines()[1:-1]]
    text = "\n".join("" if not line.strip("─-") else line for line in lines)
    wrong, *paragraphs = text.strip().split("\n\n")
    near = [each for each in paragraphs if each.startswith("Perhaps you meant:\n--")]
    flag = f"; did you mean {near[0].split()[3].rstrip(',')}?" if near else ";"
    return f"{wrong.replace(chr(10), ' ').rstrip('.')}{flag} `{program} --help` lists the options."
