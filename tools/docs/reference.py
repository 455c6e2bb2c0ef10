"""Reference pages made from the code: settings, commands, backbones and public names, as Markdown.

A page has a line such as `<!-- generated: settings -->` where `expand` puts the tables.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import tyro

import transferkit
from transferkit.backbones.catalog import BACKBONES
from transferkit.cli.cache import CacheOptions
from transferkit.cli.compare import CompareJob
from transferkit.cli.curve import CurveJob
from transferkit.cli.demo import Demo
from transferkit.cli.export import ExportOptions
from transferkit.cli.fetch import FetchOptions
from transferkit.cli.look import LookOptions
from transferkit.cli.main import COMMANDS
from transferkit.cli.predict import PredictOptions
from transferkit.cli.report import ReportOptions
from transferkit.cli.serve import ServeOptions
from transferkit.cli.train import TrainJob
from transferkit.config.settings import Config
from transferkit.config.validation import Between

MARK = re.compile(r"^<!-- generated: (\w+)((?: \w+)*) -->$", re.MULTILINE)
OPTIONS: dict[str, type[Any] | None] = {
    "demo": Demo,
    "look": LookOptions,
    "train": TrainJob,
    "compare": CompareJob,
    "curve": CurveJob,
    "predict": PredictOptions,
    "export": ExportOptions,
    "serve": ServeOptions,
    "report": ReportOptions,
    "backbones": None,
    "baselines": None,
    "cache": CacheOptions,
    "fetch": FetchOptions,
}


def expand(text: str) -> str:
    """Replace every mark in the Markdown `text` by what it names."""
    makers: dict[str, Callable[..., str]] = {
        "settings": settings,
        "commands": commands,
        "backbones": backbones,
        "api": api,
        "room": room,
    }
    return MARK.sub(lambda mark: makers[mark[1]](*mark[2].split()), text)


def settings() -> str:
    """Return one section for each class of settings: a table of its fields."""
    hints = get_type_hints(Config)
    sections = [
        (f"{field.name}", hints[field.name])
        for field in dataclasses.fields(Config)
        if dataclasses.is_dataclass(hints[field.name])
    ]
    parts = [
        f"## {name}\n\n{_summary(kind)}\n\n{_table(kind, prefix=f'{name}.')}"
        for name, kind in sections
    ]
    return "\n\n".join([*parts, f"## Beside the sections\n\n{_table(Config)}"])


def commands() -> str:
    """Return one section for each command: its line, its docstring, its options."""
    return "\n\n".join(_command(command.name, command.line) for command in COMMANDS)


def backbones() -> str:
    """Return the table of backbones."""
    lines = [
        "| name | side, px | least, px | features | blocks | parameters | weights | licence |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in BACKBONES:
        weights = "ImageNet" if row.has_imagenet_weights else "embedded" if row.embedded else "none"
        lines.append(
            f"| `{row.name}` | {row.image_size} | {row.smallest_side} | {row.width:,} | "
            f"{len(row.blocks)} | {row.parameters / 1e6:.2f} M | {weights} | {row.licence} |"
        )
    return "\n".join(lines)


def api(*names: str) -> str:
    """Return the blocks from which mkdocstrings renders the public `names`."""
    return "\n\n".join(
        f"::: transferkit.{transferkit._HOME[name]}.{name}\n"
        f"    options:\n      heading: tk.{name}\n      toc_label: tk.{name}"
        for name in names
    )


def room(name: str) -> str:
    """Return the table of the modules of the room `name`: path and first line of the docstring."""
    package = Path(transferkit.__file__).parent
    paths = sorted((package / name).rglob("*.py")) or [package / f"{name}.py"]
    lines = ["| module | what is in it |", "| --- | --- |"]
    for path in paths:
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        where = path.relative_to(package).as_posix().removesuffix("/__init__.py")
        lines.append(f"| `{where}` | {' '.join(text.partition(chr(10) * 2)[0].split())} |")
    return "\n".join(lines)


def field_docstrings(kind: type[Any]) -> dict[str, str]:
    """Return the docstring below each field of the dataclass `kind` and of its bases."""
    texts: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if dataclasses.is_dataclass(base):
            body = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0]
            assert isinstance(body, ast.ClassDef)
            texts |= dict(_documented(body.body))
    return texts


def _documented(body: Sequence[ast.stmt]) -> Iterator[tuple[str, str]]:
    for field, text in itertools.pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
        ):
            yield field.target.id, " ".join(str(text.value.value).split())


def _summary(kind: type[Any]) -> str:
    return " ".join((inspect.getdoc(kind) or "").split())


def _command(name: str, line: str) -> str:
    kind = OPTIONS[name]
    head = f"## {name}\n\n`transferkit {name}`: {line}."
    if kind is None:
        return f"{head} It takes no options."
    also = (
        "It also takes [every setting](configuration.md) as a flag."
        if issubclass(kind, TrainJob | CurveJob)
        else "It also takes [the settings of data](configuration.md#data) as flags."
        if kind is LookOptions
        else ""
    )
    return "\n\n".join(filter(None, [head, _summary(kind), also, _table(kind)]))


def _table(kind: type[Any], prefix: str = "") -> str:
    """Return a table of the plain fields of the dataclass `kind`; nested settings are left out."""
    hints, texts = get_type_hints(kind, include_extras=True), field_docstrings(kind)
    lines = ["| option | values | default | meaning |", "| --- | --- | --- | --- |"]
    for field in dataclasses.fields(kind):
        hint = hints[field.name]
        plain = get_args(hint)[0] if get_origin(hint) is Annotated else hint
        if dataclasses.is_dataclass(plain):
            continue
        notes = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
        flags = ", ".join(f"`{flag}`" for flag in _flags(field.name, prefix, notes))
        default = "" if field.default is dataclasses.MISSING else _value(field.default)
        cells = [flags, _values(plain, notes), default, texts.get(field.name, "")]
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines)


def _flags(name: str, prefix: str, notes: Sequence[Any]) -> list[str]:
    """Return the flags of a field, or the name of a positional argument."""
    argument = next((note for note in notes if hasattr(note, "metavar")), None)
    if tyro.conf.Positional in notes:
        return [(argument and argument.metavar) or name.upper()]
    aliases = (argument and argument.aliases) or ()
    return [f"--{prefix}{name}".replace("_", "-"), *aliases]


def _values(plain: Any, notes: Sequence[Any]) -> str:
    """Return what a field takes, in words: its choices, or its type and range."""
    bounds = [str(note) for note in notes if isinstance(note, Between)]
    if get_origin(plain) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(plain))
    optional = type(None) in get_args(plain)
    kinds = [each for each in get_args(plain) if isinstance(each, type)] or [plain]
    names = {int: "whole number", float: "number", str: "text", bool: "yes or no"}
    word = next((names[kind] for kind in kinds if kind in names), str(plain))
    word += "s" if get_origin(plain) is tuple else ""
    return " ".join([word, *bounds]) + (", or not given" if optional else "")


def _value(default: Any) -> str:
    if default is None or default in ("", ()):
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"
