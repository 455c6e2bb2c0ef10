"""TensorFlow Serving's REST API: predict, status and metadata, by model and version.

The API: https://www.tensorflow.org/tfx/serving/api_rest. Paths, responses and errors are the same,
so that clients of TensorFlow Serving work here.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from transferkit.server.answers import json_response
from transferkit.server.errors import RequestError
from transferkit.server.instances import INPUT, OUTPUT, Instances, answer_rows, read_instances
from transferkit.server.schemas import (
    BASE64,
    ERRORS,
    NUMBER,
    TEXT,
    Schema,
    json_answer,
    json_body,
    listed,
    record,
)
from transferkit.server.served_model import ServedModel
from transferkit.server.service import Service

METHOD = "tensorflow/serving/predict"
PIXELS = listed(listed(listed({"type": "integer", "minimum": 0, "maximum": 255})))
INSTANCES = listed({"anyOf": [record(b64=BASE64), PIXELS]}, minItems=1)
REQUEST = {
    "oneOf": [
        record(("instances",), instances=INSTANCES, signature_name=TEXT),
        record(("inputs",), inputs=INSTANCES, signature_name=TEXT),
    ]
}
ROWS = listed(listed(NUMBER))
ANSWER = {"oneOf": [record(predictions=ROWS), record(outputs=ROWS)]}
STATUS = record(
    model_version_status=listed(
        record(version=TEXT, state=TEXT, status=record(error_code=TEXT, error_message=TEXT))
    )
)
METADATA = record(
    model_spec=record(name=TEXT, signature_name=TEXT, version=TEXT), metadata={"type": "object"}
)


def tf_serving_router(service: Service) -> APIRouter:
    """Return the routes of TensorFlow Serving's REST API for `service`."""
    router = APIRouter(tags=["TensorFlow Serving"])
    _add_predict(router, service)
    find = service.registry.find
    status: dict[str, Any] = {"responses": {200: json_answer("The status.", STATUS), **ERRORS}}
    metadata: dict[str, Any] = {
        "responses": {200: json_answer("Inputs and outputs.", METADATA), **ERRORS}
    }

    @router.get("/v1/models/{name}", summary="Status of a model", **status)
    async def status_of(name: str) -> Response:
        return json_response(model_status(find(name)))

    @router.get("/v1/models/{name}/versions/{version}", summary="Status of a version", **status)
    async def status_of_version(name: str, version: str) -> Response:
        return json_response(model_status(find(name, version)))

    @router.get("/v1/models/{name}/metadata", summary="Metadata of a model", **metadata)
    async def metadata_of(name: str) -> Response:
        return json_response(model_metadata(find(name)))

    @router.get(
        "/v1/models/{name}/versions/{version}/metadata",
        summary="Metadata of a version",
        **metadata,
    )
    async def metadata_of_version(name: str, version: str) -> Response:
        return json_response(model_metadata(find(name, version)))

    return router


def _add_predict(router: APIRouter, service: Service) -> None:
    documented: dict[str, Any] = {
        "openapi_extra": {"requestBody": json_body(REQUEST)},
        "responses": {200: json_answer("The probabilities.", ANSWER), **ERRORS},
    }
    find = service.registry.find

    @router.post("/v1/models/{name}:predict", summary="Predict with a model", **documented)
    async def predict(name: str, request: Request) -> Response:
        return await _predict(service, find(name), request)

    @router.post(
        "/v1/models/{name}/versions/{version}:predict",
        summary="Predict with a version of a model",
        **documented,
    )
    async def predict_by_version(name: str, version: str, request: Request) -> Response:
        return await _predict(service, find(name, version), request)


async def _predict(service: Service, model: ServedModel, request: Request) -> Response:
    def read(body: bytes) -> Instances:
        return read_instances(
            body,
            model,
            max_images=service.images.limit,
            image_bytes=service.config.image_bytes,
        )

    async with service.body(request) as body:
        images, key = await service.in_thread(read, body)
        predictions = await service.predict(model, images)
    rows = []
    for index, prediction in enumerate(predictions):
        if prediction.probabilities is None:
            raise RequestError(400, f"Image {index} {prediction.problem}.")
        rows.append(prediction.probabilities)
    return json_response({key: answer_rows(rows)})


def model_status(model: ServedModel) -> dict[str, Any]:
    """Return the status of the version that is served."""
    return {
        "model_version_status": [
            {
                "version": str(model.version),
                "state": "AVAILABLE",
                "status": {"error_code": "OK", "error_message": ""},
            }
        ]
    }


def model_metadata(model: ServedModel) -> dict[str, Any]:
    """Return TensorFlow Serving's metadata of the model, with its `classes` in addition."""
    size = str(model.image_size)
    signature = {
        "inputs": {INPUT: _tensor("DT_UINT8", ["-1", size, size, "3"], INPUT)},
        "outputs": {OUTPUT: _tensor("DT_FLOAT", ["-1", str(len(model.classes))], OUTPUT)},
        "method_name": METHOD,
    }
    return {
        "model_spec": {"name": model.name, "signature_name": "", "version": str(model.version)},
        "metadata": {
            "signature_def": {"signature_def": {"serving_default": signature}},
            "classes": list(model.classes),
        },
    }


def _tensor(kind: str, sizes: list[str], name: str) -> Schema:
    dimensions = [{"size": size, "name": ""} for size in sizes]
    return {
        "dtype": kind,
        "tensor_shape": {"dim": dimensions, "unknown_rank": False},
        "name": name,
    }
