"""A file from the network into Keras' cache: in bounded time, tried again, whole or not at all."""

from __future__ import annotations

import contextlib
import io
import os
import queue
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

RETRY_DELAYS = (0.0, 0.5, 1.0)  # seconds before each attempt
CONNECT_TIMEOUT = 5.0  # seconds until a server has answered
READ_TIMEOUT = 30.0  # seconds without a byte in the middle of a file


def download(address: str, folder: Path, *, is_whole: Callable[[Path], bool]) -> Path:
    """Fetch `address` into `folder` under its own name, by `keras.utils.get_file`.

    Keras takes another folder where the home of this one cannot be written to. The file appears
    under its name once it is there and `is_whole`: a killed download leaves nothing that looks
    like it.

    Raises:
        OSError: the reason, after the last attempt; a server that stays silent has only one.
    """
    failure: OSError = OSError(f"no attempt was made at {address}")
    for wait in RETRY_DELAYS:
        time.sleep(wait)
        try:
            _await_answer(address)
            return _fetch(address, folder, is_whole)
        except TimeoutError as error:
            raise OSError(str(error)) from error
        except OSError as error:
            failure = error
    raise failure


def _await_answer(address: str) -> None:
    """Return once the server has answered anything at all.

    Asked in a thread, since neither the look-up of its name nor the sum of its many addresses
    has a time limit of its own: where packets are dropped, that takes minutes.

    Raises:
        TimeoutError: it has not within `CONNECT_TIMEOUT` seconds.
        OSError: it cannot be asked.
    """
    answers: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()

    def ask() -> None:
        try:
            urlopen(Request(address, method="HEAD"), timeout=2 * CONNECT_TIMEOUT).close()
            answers.put(None)
        except Exception as error:
            answers.put(None if isinstance(error, HTTPError) else error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        failure = answers.get(timeout=CONNECT_TIMEOUT)
    except queue.Empty:
        raise TimeoutError(f"no answer in {CONNECT_TIMEOUT:g} seconds") from None
    if failure is not None:
        raise OSError(_reason(failure)) from failure


def _fetch(address: str, folder: Path, is_whole: Callable[[Path], bool]) -> Path:
    import keras

    name = address.rpartition("/")[2]
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        with _quiet(), _no_endless_silence():
            downloaded = keras.utils.get_file(
                f".partial-{os.getpid()}-{name}",
                address,
                cache_dir=str(folder.parent),
                cache_subdir=folder.name,
            )
    except Exception as error:  # get_file raises a bare Exception where a server refuses
        raise OSError(_reason(error.__context__ or error)) from error
    partial = Path(downloaded)
    if not is_whole(partial):
        partial.unlink()
        raise OSError("what arrived is not that file, or not all of it")
    return partial.replace(partial.with_name(name))


def _reason(error: BaseException) -> str:
    """Return the cause of an error, without the layers that urllib wraps it in."""
    return str(getattr(error, "reason", error))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keras prints its progress: to the terminal if there is one, never among the results."""
    stream = sys.stderr if sys.stderr.isatty() else io.StringIO()
    with contextlib.redirect_stdout(stream):
        yield


@contextlib.contextmanager
def _no_endless_silence() -> Iterator[None]:
    """get_file takes no time limit, so the one that new sockets start with is set."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(READ_TIMEOUT)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
