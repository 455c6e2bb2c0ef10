"""Rendering of templates into one HTML file without external resources."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

import transferkit
from transferkit.report.html.formatting import percent, printable

TEMPLATES, STATIC = (Path(__file__).parent / name for name in ("templates", "static"))


def standalone(
    template: str,
    *,
    styles: Sequence[str],
    scripts: Sequence[str],
    made: datetime | None = None,
    **values: Any,
) -> str:
    """Render `template` with `values`; all names from the user are escaped.

    The template is given the text of `styles` and `scripts`, files of this folder, as `style` and
    `script`, and the script's digest, by which the page allows this one and no other. `made` is
    the time in the footer, now if not given.
    """
    style, script = ("".join(map(_text, names)) for names in (styles, scripts))
    made = made or datetime.now(timezone.utc)
    return (
        templates()
        .get_template(template)
        .render(
            style=Markup(style),
            script=Markup(script),
            script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            version=transferkit.__version__,
            made=made.strftime("%d %B %Y, %H:%M UTC").lstrip("0"),
            **values,
        )
    )


def templates() -> Environment:
    """The HTML templates of this folder, in which every value is escaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(percent=percent, printable=printable, breakable=breakable)
    return environment


def breakable(text: object) -> Markup:
    """Return escaped text that may break after `/` and `_`, and not before a per cent sign."""
    escaped = escape(printable(text)).replace(" %", "\N{NO-BREAK SPACE}%")
    for mark in "/_":
        escaped = escaped.replace(mark, mark + Markup("<wbr>"))
    return escaped


def _text(name: str) -> str:
    return (STATIC / name).read_text("utf-8")
