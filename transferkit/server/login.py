"""The login page: it asks for the token and sets a cookie for later requests."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from transferkit.server.access import COOKIE, LOGIN, same_secret, session_of
from transferkit.server.bodies import read_body
from transferkit.server.html import rendered
from transferkit.server.service import Service

MAX_FORM_BYTES = 10_000
REFUSAL_SECONDS = 0.5  # delay after a wrong token, which slows guessing


def login_page(*, wrong: bool = False) -> Response:
    """Return the login form, as the response to a request without the token."""
    page = rendered("login.html", title="transferkit", action=LOGIN, wrong=wrong)
    return HTMLResponse(page, 401, {"WWW-Authenticate": "Bearer"})


def login_router(service: Service) -> APIRouter:
    """Return the route that takes the token from the form."""
    router = APIRouter()

    @router.post(LOGIN, include_in_schema=False)
    async def login(request: Request) -> Response:
        secret = service.config.secret
        with service.bytes.lease() as lease:
            body = await read_body(
                request, lease, limit=MAX_FORM_BYTES, timeout=service.config.timeout
            )
        given = parse_qs(body.decode("utf-8", "replace")).get("token", [""])[0]
        if not secret or not same_secret(given.strip(), secret):
            await asyncio.sleep(REFUSAL_SECONDS)
            return login_page(wrong=True)
        answer = RedirectResponse("/", 303)
        secure = request.url.scheme == "https"
        answer.set_cookie(
            COOKIE, session_of(secret), httponly=True, samesite="strict", secure=secure
        )
        return answer

    return router
