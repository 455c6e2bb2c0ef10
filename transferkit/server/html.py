"""Templates and static files of the server's pages, which fetch nothing from elsewhere."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response

import transferkit
from transferkit.report.html.formatting import percent, printable
from transferkit.report.html.render import STATIC as REPORT_STATIC
from transferkit.server.errors import RequestError

HOME = Path(__file__).parent
STATIC = {
    "page.css": (REPORT_STATIC / "page.css", "text/css"),
    "serve.css": (HOME / "static" / "serve.css", "text/css"),
    **{
        name: (HOME / "static" / name, "text/javascript")
        for name in ("serve.js", "requests.js", "result.js")
    },
}
"""Path and media type of each static file, by its name."""


def rendered(template: str, **values: Any) -> str:
    """Render `template` with `values`, all of them escaped."""
    return _environment().get_template(template).render(version=transferkit.__version__, **values)


def static_router() -> APIRouter:
    """Return the route of the static files."""
    router = APIRouter()

    @router.get("/static/{name}", include_in_schema=False)
    async def static(name: str) -> Response:
        if name not in STATIC:
            raise RequestError(404, "There is no such file.")
        return Response(_content(name), media_type=f"{STATIC[name][1]}; charset=utf-8")

    return router


@cache
def _content(name: str) -> bytes:
    return STATIC[name][0].read_bytes()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HOME / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(percent=percent, printable=printable)
    return environment
