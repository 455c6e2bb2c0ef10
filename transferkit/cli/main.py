"""The command line: `transferkit COMMAND`. What a command needs is imported when it runs."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import NamedTuple

from transferkit.errors import unknown_name


class Command(NamedTuple):
    """A command: the function `handler` of `transferkit.cli.MODULE` takes its arguments."""

    name: str
    line: str
    module: str
    handler: str


COMMANDS = (
    Command("demo", "run the main job on two samples that come with it", "demo", "demo"),
    Command("look", "what is in a folder, and what is wrong with it, as a page", "look", "look"),
    Command("train", "fine-tune a network on a folder of images", "train", "train"),
    Command("compare", "a network and the baselines on one split", "compare", "compare"),
    Command("curve", "accuracy by number of images; what more would bring", "curve", "curve"),
    Command("predict", "classes and probabilities of images, by a run", "predict", "predict"),
    Command("report", "a run's report made again; several runs side by side", "report", "report"),
    Command("backbones", "the table of networks", "catalogs", "backbones"),
    Command("baselines", "the table of baselines", "catalogs", "baselines"),
    Command("cache", "what is kept of images between runs, and emptying it", "cache", "cache"),
    Command("fetch", "write a tensorflow-datasets set out as a folder", "fetch", "fetch"),
)

USAGE = """usage: transferkit COMMAND ...

A folder of images in; a fine-tuned network beside the baselines out.

{commands}

`transferkit COMMAND --help` lists the options of one; `transferkit --version` says which this is.
Start with `transferkit demo`, or `transferkit compare DIR` for a folder with a sub-folder a class.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that `arguments` (those of the process by default) name."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(usage(), end="")
        raise SystemExit(0 if arguments else 2)
    if arguments[0] in ("-V", "--version"):
        from transferkit import __version__

        print(f"transferkit {__version__}")
        return
    command = next((command for command in COMMANDS if command.name == arguments[0]), None)
    if command is None:
        names = [command.name for command in COMMANDS]
        error = unknown_name("command", arguments[0], names, "transferkit --help")
        print(f"transferkit: {error}", file=sys.stderr)
        raise SystemExit(2)
    _run(command, arguments[1:])


def _run(command: Command, arguments: Sequence[str]) -> None:
    from transferkit.runtime.process import run_as_script

    def handle() -> None:
        module = importlib.import_module(f"transferkit.cli.{command.module}")
        getattr(module, command.handler)(arguments)

    try:
        run_as_script(handle)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read the results, such as `head`, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None


def usage() -> str:
    """The help of the whole, from the table of commands."""
    return USAGE.format(
        commands="\n".join(f"  {command.name:<11}{command.line}" for command in COMMANDS)
    )
