"""Access control: the token, and the origin of requests from a browser.

With a token, programs send `Authorization: Bearer TOKEN`, and a browser exchanges it for a cookie
at `/login`. Without a token, a page of another origin could send requests to this machine through
the browser of a visitor. Such requests are refused. So are requests for another host name, which an
attacker can bind to 127.0.0.1 (DNS rebinding).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from transferkit.server.errors import RequestError
from transferkit.server.settings import ServerConfig, is_loopback

COOKIE = "transferkit_session"
OPEN_PATHS = ("/health",)
LOGIN = "/login"
SAFE_METHODS = ("GET", "HEAD")


class Access:
    """Middleware that refuses requests without access.

    `login()` is the page that asks for the token.
    """

    def __init__(self, app: ASGIApp, config: ServerConfig, login: Callable[[], ASGIApp]) -> None:
        self.app, self.login = app, login
        self.secret, self.is_local = config.secret, config.is_local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it."""
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        answer: ASGIApp = self.app
        try:
            self._require_own_origin(scope, headers)
            if self.secret and scope["path"] != LOGIN and not self._is_known(headers):
                raise RequestError(
                    401,
                    "The token is missing or wrong: send Authorization: Bearer TOKEN.",
                    headers={"WWW-Authenticate": "Bearer"},
                )
        except RequestError as error:
            by_browser = error.status == 401 and "text/html" in headers.get("accept", "")
            answer = self.login() if by_browser else error.response()
        await answer(scope, receive, send)

    def _is_known(self, headers: Headers) -> bool:
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and same_secret(token.strip(), self.secret):
            return True
        session = session_of(self.secret)
        return any(same_secret(value, session) for value in _sessions(headers.get("cookie", "")))

    def _require_own_origin(self, scope: Scope, headers: Headers) -> None:
        """Raise `RequestError` (403) for a page of another origin, unless it knows the token."""
        host = headers.get("host", "")
        if not self.secret and self.is_local and not _is_loopback(host):
            raise RequestError(
                403,
                "This server answers to 127.0.0.1 and localhost alone: `transferkit serve RUN "
                "--host ADDRESS --token TOKEN` has it answer to others.",
            )
        origin = headers.get("origin")
        if origin is None or scope["method"] in SAFE_METHODS:
            return
        if headers.get("authorization") and self.secret:
            return  # a page cannot send this header without the token
        if _split(origin).netloc != host:
            raise RequestError(403, "A page of another origin sent this request.")


def session_of(secret: str) -> str:
    """Return the value of the session cookie; the token cannot be read from it."""
    return hmac.new(secret.encode(), b"transferkit session", hashlib.sha256).hexdigest()


def same_secret(given: str, secret: str) -> bool:
    """Compare two texts in a time that does not depend on where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode("utf-8", "replace"))


def _sessions(header: str) -> list[str]:
    """Return the values of the session cookie in the header.

    Some versions of `http.cookies` take seconds for a quoted value of many backslashes
    (CVE-2024-7592), and anyone can send one.
    """
    cookies = (cookie.strip().partition("=") for cookie in header.split(";"))
    return [value for name, _, value in cookies if name == COOKIE]


def _is_loopback(host: str) -> bool:
    return is_loopback(_split(f"//{host}").hostname or "")


def _split(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError:  # a bracket that is not closed
        return urlsplit("")
