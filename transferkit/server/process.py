"""The process of the server: its socket, its signals and its end."""

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
DRAIN_SECONDS = 0.5  # after a signal to stop, in which clients are told to close their connections
KEEP_ALIVE_SECONDS = 15
TRIM_SECONDS = 10  # after which memory that is free is given back to the system
TICKS = 10  # of uvicorn's main loop in a second


def listen(config: ServerConfig) -> socket.socket:
    """Return a socket bound to the address of `config`, before anything slow.

    Raises:
        ConfigError: the address is no address of this machine, or the port is taken.
    """
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((config.host, config.port))
    except OSError as error:
        raise _cannot_listen(bound, config, error) from error
    return bound


def _cannot_listen(bound: socket.socket, config: ServerConfig, error: OSError) -> ConfigError:
    """Close `bound` and return the error of who listens there already, or cannot."""
    bound.close()
    return ConfigError(
        f"The server cannot listen on {config.host}, port {config.port}: "
        f"{error.strerror or error}; choose another --host or --port (0 is a free one)."
    )


def address_of(bound: socket.socket) -> str:
    """Return the address of a socket for a browser."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server(uvicorn.Server):
    """uvicorn's server, which reloads its models on SIGHUP and stops in two steps.

    At the first SIGTERM or SIGINT every answer closes its connection, for a moment; then nothing
    new is accepted, and what is under way is finished. A second one ends it at once.
    """

    def __init__(self, config: uvicorn.Config, service: Service, hangup: Event) -> None:
        super().__init__(config)
        self.service, self.hangup = service, hangup
        self._reloading: asyncio.Task[None] | None = None
        self._trimmed_at = 0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to accept connections, and log at which address."""
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
        """Give memory back from time to time, where images have been computed."""
        images = self.service.computed
        if counter % (TRIM_SECONDS * TICKS) == 0 and images != self._trimmed_at:
            self._trimmed_at = images
            await asyncio.to_thread(trim_memory)
        return await super().on_tick(counter)

    def _stop(self) -> None:
        if self.service.stopping:
            self.force_exit = self.should_exit = True
            return
        log("Stopping: what is under way is finished.")
        self.service.stopping = True
        asyncio.get_running_loop().call_later(DRAIN_SECONDS, self._exit)

    def _exit(self) -> None:
        self.should_exit = True

    def _reload(self) -> None:
        if self._reloading is not None and not self._reloading.done():
            log("Reload: one is under way already.")
            return
        log("Reload: reading the runs anew.")
        self._reloading = asyncio.create_task(asyncio.to_thread(self.service.registry.reload))


def trim_memory() -> None:
    """Have the C library give free memory back, where it is glibc: it keeps what large images took.

    https://man7.org/linux/man-pages/man3/malloc_trim.3.html
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def run_server(app: FastAPI, service: Service, bound: socket.socket, hangup: Event) -> None:
    """Serve `app` on the socket `bound` until a signal stops it.

    If `hangup` is set, SIGHUP has come before: the models are reloaded at the start.

    Raises:
        ConfigError: since it was bound, another server has begun to listen there.
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
