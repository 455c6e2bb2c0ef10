"""The FastAPI application: routes, error handlers and middleware."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

import transferkit
from transferkit.server.access import Access
from transferkit.server.answers import json_response
from transferkit.server.documents import documents_router
from transferkit.server.errors import RequestError
from transferkit.server.html import static_router
from transferkit.server.login import login_page, login_router
from transferkit.server.observing import HEADERS, Observing
from transferkit.server.page import PageTasks, page_router
from transferkit.server.predict_routes import predict_router
from transferkit.server.service import Service
from transferkit.server.status_routes import status_router
from transferkit.server.tf_serving import tf_serving_router

DESCRIPTION = (
    "Image classification by networks that transferkit trained. An error is a JSON object with one "
    "sentence, `error`."
)


def create_app(service: Service) -> FastAPI:
    """Return the application for `service`."""
    tasks = PageTasks(service)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        service.close()
        tasks.close()

    app = FastAPI(
        title="transferkit",
        version=transferkit.__version__,
        description=DESCRIPTION,
        docs_url=None,  # FastAPI's own pages fetch their scripts from a CDN
        redoc_url=None,
        lifespan=lifespan,
    )
    for router in (
        predict_router(service),
        tf_serving_router(service),
        status_router(service),
        page_router(tasks),
        documents_router(app),
        login_router(service),
        static_router(),
    ):
        app.include_router(router)
    app.add_exception_handler(RequestError, _refused)
    app.add_exception_handler(HTTPException, _of_starlette)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _failed)
    app.add_middleware(Access, config=service.config, login=login_page)
    app.add_middleware(Observing, service=service)  # the outermost
    return app


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)
    return error.response()


async def _of_starlette(request: Request, error: Exception) -> Response:
    """Return the response for a path or a method without a route."""
    assert isinstance(error, HTTPException)
    return json_response({"error": str(error.detail)}, error.status_code, error.headers)


async def _gone(request: Request, error: Exception) -> Response:
    """Return a response for a client that has closed the connection; it is not sent."""
    return json_response({"error": "The request ended before its end."}, 400)


async def _failed(request: Request, error: Exception) -> Response:
    """Return the answer for an error of the server's own, which is logged with its traceback."""
    text = "The server has failed at this request: its log says why."
    return json_response({"error": text}, 500, HEADERS)  # no middleware sees this response
