"""The process of a script: exit statuses, output encoding, signals and quiet libraries."""

from __future__ import annotations

import codecs
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from types import FrameType

from transferkit.errors import TransferkitError
from transferkit.runtime.progress import log

STOPPING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # the last on Windows alone, SIGHUP not
STREAMS = {"stdin": "r", "stdout": "w", "stderr": "w"}
BYTES = "transferkit.bytes"  # the error handler of output streams


def as_bytes(error: UnicodeError) -> tuple[str | bytes, int]:
    """Handle an error of a codec by `surrogateescape`, or else by `backslashreplace`.

    A byte of a file name is written as it was read. Any other character that the encoding lacks is
    escaped, so that no message is lost for a dash. One character is handled at a time.
    """
    if isinstance(error, UnicodeEncodeError):
        error.end = error.start + 1  # the next one may be of the other kind
    try:
        return codecs.lookup_error("surrogateescape")(error)
    except UnicodeError:
        return codecs.lookup_error("backslashreplace")(error)


codecs.register_error(BYTES, as_bytes)


def run_as_script(action: Callable[[], None]) -> None:
    """Run `action`; a `TransferkitError` is one line on standard error and exit status 1.

    A file name goes out in the bytes that it came in, which need not be UTF-8, and a character
    that the streams' encoding lacks as its number. A stream that the caller has closed is empty, or
    takes what is written to it and drops it.
    """
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a notebook's is another
            stream.reconfigure(errors=BYTES)
    try:
        with stopped_by_signals():
            action()
    except TransferkitError as error:
        log(f"transferkit: {error}")
        raise SystemExit(1) from None
    except KeyboardInterrupt as stop:
        log("transferkit: stopped.")
        number = stop.number if isinstance(stop, Stopped) else signal.SIGINT
        raise SystemExit(128 + number) from None  # as in a shell: 130 is Ctrl-C, 143 SIGTERM


def _open_closed_streams() -> None:
    """Open the null device for each standard stream that is None, the lowest descriptor first."""
    for name, mode in STREAMS.items():
        if getattr(sys, name) is None:
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115 - until the end
            setattr(sys, name, stream)


class Stopped(KeyboardInterrupt):
    """A request to stop: Ctrl-C, or a signal such as that of a time limit.

    `number` is the signal's.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Raise `Stopped` at the first signal to stop; a second one ends the process at once.

    Signals with another handler (`nohup`, a shell's `&`) are left alone, and so are all of them
    outside the main thread, where Python allows no handlers.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    usual = (signal.SIG_DFL, signal.default_int_handler)
    numbers = [getattr(signal, name) for name in STOPPING if hasattr(signal, name)]
    handlers = {number: signal.getsignal(number) for number in numbers}
    before = {number: handler for number, handler in handlers.items() if handler in usual}

    def stop(number: int, frame: FrameType | None) -> None:
        for handled in before:
            signal.signal(handled, signal.SIG_DFL)
        raise Stopped(number)

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def hangups_noted() -> Iterator[threading.Event]:
    """Yield an event; while the context is active, SIGHUP sets it and does not end the process."""
    noted = threading.Event()
    if not hasattr(signal, "SIGHUP"):
        yield noted
        return
    before = signal.signal(signal.SIGHUP, lambda number, frame: noted.set())
    try:
        yield noted
    finally:
        signal.signal(signal.SIGHUP, before)


class _NativeStderr:
    """File descriptor 2 of this process, silent while one thread or several want it to be."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._saved = -1  # a copy of the descriptor while it is silent

    def silence(self) -> None:
        """Point the descriptor to the null device, unless another thread has."""
        with self._lock:
            if not self._users:
                sys.stderr.flush()
                self._saved = os.dup(2)
                with open(os.devnull, "w") as nowhere:
                    os.dup2(nowhere.fileno(), 2)
            self._users += 1

    def restore(self) -> None:
        """Undo one `silence`; the last restores the descriptor."""
        with self._lock:
            self._users -= 1
            if not self._users:
                sys.stderr.flush()
                os.dup2(self._saved, 2)
                os.close(self._saved)


_native_stderr = _NativeStderr()


@contextmanager
def native_stderr_silenced() -> Iterator[None]:
    """Drop what this process, libraries in C++ included, writes to file descriptor 2."""
    _native_stderr.silence()
    try:
        yield
    finally:
        _native_stderr.restore()


def silence_tensorflow() -> None:
    """Import TensorFlow without its log messages.

    Its C++ part writes them to file descriptor 2.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with native_stderr_silenced():
        import tensorflow
    # It warns of every new trace; here each model has its own.
    tensorflow.get_logger().setLevel("ERROR")
