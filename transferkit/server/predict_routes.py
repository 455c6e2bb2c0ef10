"""`/v1/predict`: classes and probabilities of one or more images."""

from __future__ import annotations

from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from starlette.responses import Response

from transferkit.server.answers import json_response
from transferkit.server.errors import RequestError
from transferkit.server.schemas import ERRORS, IMAGES, PREDICTIONS, json_answer
from transferkit.server.served_model import ServedModel
from transferkit.server.service import Prediction, Service

DIGITS = 6  # of a probability: what float32 holds


def predict_router(service: Service) -> APIRouter:
    """Return the prediction routes of `service`."""
    router = APIRouter(tags=["predictions"])
    documented: dict[str, Any] = {
        "openapi_extra": {"requestBody": IMAGES},
        "responses": {200: json_answer("The predictions.", PREDICTIONS), **ERRORS},
    }

    @router.post("/v1/predict", summary="Predict images with the first model", **documented)
    async def predict(request: Request) -> Response:
        return await _predict(service, service.registry.find(), request)

    @router.post("/v1/predict/{name}", summary="Predict images with a model", **documented)
    async def predict_by_name(name: str, request: Request) -> Response:
        return await _predict(service, service.registry.find(name), request)

    return router


async def _predict(service: Service, model: ServedModel, request: Request) -> Response:
    async with service.body(request) as body:
        form = await service.read_form(request, body)
        predictions = await service.predict(model, [image.content for image in form.images])
    threshold = service.config.abstain
    rows = [
        {"name": image.name, **describe_prediction(model, prediction, threshold)}
        for image, prediction in zip(form.images, predictions, strict=True)
    ]
    answer = {"model": model.name, "version": model.version, "predictions": rows}
    if all(prediction.problem for prediction in predictions):
        problem = predictions[0].problem
        raise RequestError(
            422, f"No image can be read: {form.images[0].name!r} {problem}.", more=answer
        )
    return json_response(answer)


def describe_prediction(
    model: ServedModel, prediction: Prediction, threshold: float
) -> dict[str, Any]:
    """Return the JSON object of a prediction; if it has a problem, the other values are null."""
    row = prediction.probabilities
    if row is None:
        return {
            "class": None,
            "probability": None,
            "unsure": None,
            "probabilities": None,
            "problem": prediction.problem,
        }
    best = int(row.argmax())
    return {
        "class": model.classes[best],
        "probability": figure(row[best]),
        "unsure": bool(row[best] < threshold),
        "probabilities": dict(zip(model.classes, map(figure, row), strict=True)),
        "problem": "",
    }


def figure(value: np.floating[Any]) -> float:
    """Return a probability rounded to the digits of float32."""
    return float(f"{value:.{DIGITS}g}")
