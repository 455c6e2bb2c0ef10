"""The process of the server: socket, signals and shutdown."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import signal
import socket
from collections.abc import Iterator
from threading import Event
from typing import Any

import uvicorn
from fastapi import FastAPI

from transferkit.errors import ConfigError
from transferkit.runtime.progress import log
from transferkit.server.service import Service
from transferkit.server.settings import ServerConfig
from transferkit.server.timed_protocol import timed_protocol

BACKLOG = 2048  # connections that wait to be accepted
DRAIN_SECONDS = 0.5  # after a signal to stop: responses in it carry `Connection: close`
KEEP_ALIVE_SECONDS = 15
TRIM_SECONDS = 10  # between two returns of free memory to the system
TICKS = 10  # of uvicorn's main loop in a second


def listen(config: ServerConfig) -> socket.socket:
    """Return a socket bound to the address of `config`; called before anything slow.

    Raises:
        ConfigError: this machine does not have the address, or the port is in use.
    """
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    # asyncio switches Nagle's algorithm off only where the protocol is named. With it, the body of
    # a response waits up to 40 ms for the client to confirm the head.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((config.host, config.port))
    except OSError as error:
        raise _cannot_listen(bound, config, error) from error
    return bound


def _cannot_listen(bound: socket.socket, config: ServerConfig, error: OSError) -> ConfigError:
    """Close `bound` and return the error for an address that cannot be used."""
    bound.close()
    return ConfigError(
        f"The server cannot listen on {config.host}, port {config.port}: "
        f"{error.strerror or error}; choose another --host or --port (0 is a free one)."
    )


def address_of(bound: socket.socket) -> str:
    """Return the URL of a bound socket."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server(uvicorn.Server):
    """uvicorn's server, which reloads its models on SIGHUP and stops in two steps.

    After the first SIGTERM or SIGINT, responses close their connections for `DRAIN_SECONDS`. Then
    no new connection is accepted, and requests in progress are finished. A second signal stops it
    at once.
    """

    def __init__(self, config: uvicorn.Config, service: Service, hangup: Event) -> None:
        super().__init__(config)
        self.service, self.hangup = service, hangup
        self._reloading: asyncio.Task[None] | None = None
        self._trimmed_at = 0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to accept connections, and log the URL."""
        await super().startup(sockets)
        for bound in sockets or []:
            names = ", ".join(self.service.registry.models)
            log(f"Serving {names} on {address_of(bound)} (Ctrl-C stops it).")
        if self.hangup.is_set():
            self._reload()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals while the context is active, within the event loop."""
        loop = asyncio.get_running_loop()
        handlers: dict[str, Any] = {
            "SIGTERM": self._stop,
            "SIGINT": self._stop,
            "SIGHUP": self._reload,
        }
        numbers = {
            getattr(signal, name): handle
            for name, handle in handlers.items()
            if hasattr(signal, name)
        }
        before = {number: signal.getsignal(number) for number in numbers}
        for number, handle in numbers.items():
            signal.signal(number, lambda *_, handle=handle: loop.call_soon_threadsafe(handle))
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def on_tick(self, counter: int) -> bool:
        """Return free memory to the system from time to time, if images were computed."""
        images = self.service.computed
        if counter % (TRIM_SECONDS * TICKS) == 0 and images != self._trimmed_at:
            self._trimmed_at = images
            await asyncio.to_thread(trim_memory)
        return await super().on_tick(counter)

    def _stop(self) -> None:
        if self.service.stopping:
            self.force_exit = self.should_exit = True
            return
        log("Stopping after the requests in progress.")
        self.service.stopping = True
        asyncio.get_running_loop().call_later(DRAIN_SECONDS, self._exit)

    def _exit(self) -> None:
        self.should_exit = True

    def _reload(self) -> None:
        if self._reloading is not None and not self._reloading.done():
            log("Reload: another reload is in progress.")
            return
        log("Reload: checking the runs.")
        self._reloading = asyncio.create_task(asyncio.to_thread(self.service.registry.reload))


def trim_memory() -> None:
    """Make glibc return free memory to the system; it keeps what large images took.

    https://man7.org/linux/man-pages/man3/malloc_trim.3.html
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def run_server(app: FastAPI, service: Service, bound: socket.socket, hangup: Event) -> None:
    """Serve `app` on the socket `bound` until a signal stops it.

    If `hangup` is set, SIGHUP came while the models were loaded: they are reloaded at the start.

    Raises:
        ConfigError: another server has begun to listen on the address in the meantime.
    """
    config = service.config
    try:
        bound.listen(BACKLOG)  # uvicorn's own would be a traceback
    except OSError as error:
        raise _cannot_listen(bound, config, error) from error
    settings = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="on",
        backlog=BACKLOG,
        server_header=False,
        ws="none",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    settings.load()
    settings.http_protocol_class = timed_protocol(settings.http_protocol_class, config.timeout)
    Server(settings, service, hangup).run(sockets=[bound])
