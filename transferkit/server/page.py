"""`/`: the page to try a model in a browser, and the endpoints that only the page uses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from transferkit.errors import DataError
from transferkit.server.answers import json_response
from transferkit.server.capacity import Capacity
from transferkit.server.errors import RequestError
from transferkit.server.explain import explanation
from transferkit.server.feedback import Feedback
from transferkit.server.html import rendered
from transferkit.server.schemas import ERRORS, FILES, TEXT, json_answer, listed, record
from transferkit.server.served_model import ServedModel
from transferkit.server.service import Service
from transferkit.server.similar import Similar
from transferkit.server.status_routes import models_of

MAX_WAITING = 8  # images; Grad-CAM of one takes several times as long as its prediction
Value = TypeVar("Value")
EXPLANATION = record(explained=TEXT, picture=TEXT, overlay=TEXT)
SIMILAR = record(
    state={"type": "string", "enum": ["ready", "preparing", "missing"]},
    reason=TEXT,
    images=listed(record(label=TEXT, similarity={"type": "number"}, picture=TEXT)),
)
SAVED = record(saved=TEXT, label=TEXT)


class PageTasks:
    """Grad-CAM, similar images and feedback of the page: one image at a time, in a thread."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.waiting = Capacity(MAX_WAITING, "other images are being explained")
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="page")
        folder = service.config.feedback
        self.feedback = Feedback(Path(folder)) if folder else None
        self._similar: dict[str, Similar] = {}

    async def run(self, function: Callable[..., Value], *arguments: Any) -> Value:
        """Return `function(*arguments)`, computed in the thread after earlier calls.

        Raises:
            RequestError: too many calls are waiting (503).
        """
        with self.waiting.lease(1):
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self.thread, function, *arguments)

    def similar(self, model: ServedModel) -> Similar:
        """Return the training images of `model`."""
        similar = self._similar.get(model.name)
        if similar is None or similar.model is not model:
            similar = self._similar[model.name] = Similar(model)
        return similar

    def close(self) -> None:
        """Stop the thread."""
        self.thread.shutdown(wait=False, cancel_futures=True)


def page_router(tasks: PageTasks) -> APIRouter:
    """Return the route of the page, and those of the endpoints that it uses."""
    router = APIRouter(tags=["page"])
    service = tasks.service

    @router.get("/", include_in_schema=False)
    async def page() -> Response:
        return HTMLResponse(page_of(tasks))

    @router.post("/v1/explain/{name}", summary="Grad-CAM of an image", **_image_route(EXPLANATION))
    async def explain(name: str, request: Request) -> Response:
        model = service.registry.find(name)
        async with service.body(request) as body:
            content, fields = await _one_image(service, request, body)
            class_name = fields.get("class", "")
            return json_response(await tasks.run(explanation, model, content, class_name))

    @router.post(
        "/v1/similar/{name}", summary="Training images similar to an image", **_image_route(SIMILAR)
    )
    async def similar(name: str, request: Request) -> Response:
        model = service.registry.find(name)
        if service.config.private:
            raise RequestError(404, "This server shows no training images.")
        async with service.body(request) as body:
            content, _ = await _one_image(service, request, body)
            return json_response(await tasks.run(_find_similar, tasks.similar(model), content))

    @router.post(
        "/v1/feedback/{name}", summary="Save an image with its class", **_image_route(SAVED)
    )
    async def feedback(name: str, request: Request) -> Response:
        model = service.registry.find(name)
        if tasks.feedback is None:
            raise RequestError(
                404, "This server saves no images; `transferkit serve RUN --feedback DIR` would."
            )
        async with service.body(request) as body:
            content, fields = await _one_image(service, request, body)
            label = fields.get("label", "")
            saved = await tasks.run(tasks.feedback.save, model, content, label)
        return json_response({"saved": saved, "label": label})

    return router


def page_of(tasks: PageTasks) -> str:
    """Return the HTML of the page; all names are escaped."""
    service = tasks.service
    models = models_of(service)
    settings = {
        "models": {model["name"]: model["classes"] for model in models},
        "threshold": service.config.abstain,
        "feedback": tasks.feedback is not None,
        "similar": not service.config.private,
        "maxImages": service.images.limit,
        "maxBytes": service.config.image_bytes,
    }
    title = str(models[0]["name"]) if len(models) == 1 else "Try a model"
    return rendered("serve.html", title=title, models=models, settings=json.dumps(settings))


async def _one_image(
    service: Service, request: Request, body: bytes
) -> tuple[bytes, dict[str, str]]:
    form = await service.read_form(request, body)
    if len(form.images) != 1:
        raise RequestError(400, f"Send one image: there are {len(form.images)}.")
    return form.images[0].content, form.fields


def _find_similar(similar: Similar, content: bytes) -> dict[str, Any]:
    try:
        return similar.find(content)
    except DataError as error:
        raise RequestError(422, str(error)) from error


def _image_route(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI description of a route from one image to this schema."""
    more = {"class": TEXT, "label": TEXT}
    schema = {**FILES, "properties": {**FILES["properties"], **more}}
    body = {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    return {
        "openapi_extra": {"requestBody": body},
        "responses": {200: json_answer("The result.", answer), **ERRORS},
    }
