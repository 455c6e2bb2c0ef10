"""Status of the server: `/health`, `/ready`, `/metrics` and `/v1/models`."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from transferkit.server.answers import json_response
from transferkit.server.errors import busy
from transferkit.server.metrics import CONTENT_TYPE
from transferkit.server.schemas import ERRORS, TEXT, json_answer, listed, record
from transferkit.server.service import Service

STATE = record(status=TEXT)
MODEL = record(
    name=TEXT,
    version={"type": "integer"},
    classes=listed(TEXT),
    image_size={"type": "integer"},
    engine=TEXT,
)


def status_router(service: Service) -> APIRouter:
    """Return the status routes of `service`."""
    router = APIRouter(tags=["server"])
    state = json_answer("The status.", STATE)

    @router.get("/health", summary="Liveness: the process responds", responses={200: state})
    async def health() -> Response:
        return json_response({"status": "ok"})

    @router.get(
        "/ready",
        summary="Readiness: the server accepts requests",
        responses={200: state, 401: ERRORS[401], 403: ERRORS[403], 503: ERRORS[503]},
    )
    async def ready() -> Response:
        if service.stopping:
            raise busy("The server is stopping.")
        return json_response({"status": "ready"})

    @router.get(
        "/metrics",
        summary="Metrics for Prometheus",
        responses={
            200: {"description": "The metrics.", "content": {"text/plain": {"schema": TEXT}}},
            401: ERRORS[401],
            403: ERRORS[403],
        },
        response_class=Response,
    )
    async def metrics() -> Response:
        return Response(service.metrics.text(), media_type=CONTENT_TYPE)

    @router.get(
        "/v1/models",
        summary="The models that are served",
        responses={
            200: json_answer("The models, the default one first.", record(models=listed(MODEL))),
            401: ERRORS[401],
            403: ERRORS[403],
        },
    )
    async def models() -> Response:
        return json_response({"models": models_of(service)})

    return router


def models_of(service: Service) -> list[dict[str, object]]:
    """Return the description of each served model, as JSON values."""
    return [
        {
            "name": model.name,
            "version": model.version,
            "classes": list(model.classes),
            "image_size": model.image_size,
            "engine": model.predictor.spec.title,
        }
        for model in service.registry.models.values()
    ]
