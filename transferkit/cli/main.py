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
    Command("demo", "run the comparison on two samples that come with the package", "demo", "demo"),
    Command("look", "inspect a folder of images and list its problems", "look", "look"),
    Command("train", "fine-tune a network on a folder of images", "train", "train"),
    Command("compare", "train a network and baselines, and compare them", "compare", "compare"),
    Command("curve", "plot accuracy by number of training images", "curve", "curve"),
    Command(
        "predict", "predict the classes of images with a classifier of a run", "predict", "predict"
    ),
    Command("export", "export the network of a run to other formats", "export", "export"),
    Command("serve", "serve the networks of runs over HTTP", "serve", "serve"),
    Command("report", "make the report of a run again, or compare runs", "report", "report"),
    Command("backbones", "list the backbones", "catalogs", "backbones"),
    Command("baselines", "list the baselines", "catalogs", "baselines"),
    Command("cache", "list what is cached on disk, or remove it", "cache", "cache"),
    Command("fetch", "write a tensorflow-datasets data set as a folder", "fetch", "fetch"),
)

USAGE = """usage: transferkit COMMAND ...

Fine-tune a network on a folder of images, and compare it with classical baselines.

{commands}

`transferkit COMMAND --help` lists the options of a command. Start with `transferkit demo`, or with
`transferkit compare DIR` for a folder with one sub-folder per class.
`transferkit --version` prints the version.
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
    """Return the usage text with the table of commands."""
    return USAGE.format(
        commands="\n".join(f"  {command.name:<11}{command.line}" for command in COMMANDS)
    )
