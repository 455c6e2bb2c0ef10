"""`/docs`: the content of `/openapi.json` as a page, without scripts from a CDN."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.responses import HTMLResponse, Response

from transferkit.server.html import rendered


def documents_router(app: FastAPI) -> APIRouter:
    """Return the route of the page with the endpoints of `app`."""
    router = APIRouter(tags=["server"])

    @router.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        description = app.openapi()
        page = rendered(
            "docs.html",
            title="API of this server",
            groups=_groups(description),
            description=description["info"]["description"],
        )
        return HTMLResponse(page)

    return router


def _groups(description: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the operations of an OpenAPI `description` by their tag."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            body = operation.get("requestBody", {}).get("content", {})
            answers = {
                status: answer["description"] for status, answer in operation["responses"].items()
            }
            groups.setdefault(operation["tags"][0], []).append(
                {
                    "method": method.upper(),
                    "path": path,
                    "summary": operation["summary"],
                    "bodies": list(body),
                    "answers": answers,
                }
            )
    return groups
