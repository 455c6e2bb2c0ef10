"""Output in any bytes and any encoding, and how a process ends."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading

import pytest

from transferkit.errors import DataError
from transferkit.runtime.process import (
    BYTES,
    Stopped,
    native_stderr_silenced,
    run_as_script,
    stopped_by_signals,
)
from transferkit.runtime.progress import log


def written(text: str, encoding: str) -> bytes:
    """What a stream of `encoding` has got when `text` was printed."""
    kept = io.BytesIO()
    stream = io.TextIOWrapper(kept, encoding=encoding, newline="")
    stream.reconfigure(errors=BYTES)
    print(text, file=stream, end="", flush=True)
    return kept.getvalue()


@pytest.mark.parametrize(
    ("text", "encoding", "content"),
    [
        ("\u2500 \xb1 caf\udce9", "utf-8", b"\xe2\x94\x80 \xc2\xb1 caf\xe9"),
        ("\u2500 \xb1 caf\udce9", "latin-1", b"\\u2500 \xb1 caf\xe9"),
        ("\u2500 \xb1 caf\udce9", "cp1252", b"\\u2500 \xb1 caf\xe9"),
        ("\u2500 \xb1 caf\udce9", "ascii", b"\\u2500 \\xb1 caf\xe9"),
        ("\u2500\udce9\u2500", "latin-1", b"\\u2500\xe9\\u2500"),
        ("\ud800\udce9", "utf-8", b"\\ud800\xe9"),
    ],
)
def test_every_character_is_written_and_a_file_name_keeps_its_bytes(text, encoding, content):
    assert written(text, encoding) == content


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_both_streams_take_what_their_encoding_lacks(stream):
    code = (
        "import sys; from transferkit.runtime.process import run_as_script\n"
        f"run_as_script(lambda: print('\\u2500 \\xb1 caf\\udce9', file=sys.{stream}))\n"
    )
    environment = os.environ | {"PYTHONIOENCODING": "latin-1"}
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env=environment, timeout=60
    )
    assert (ended.returncode, getattr(ended, stream)) == (0, b"\\u2500 \xb1 caf\xe9\n")


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (DataError("There is nothing."), 1, "transferkit: There is nothing.\n"),
        (KeyboardInterrupt(), 130, "transferkit: stopped.\n"),
        (Stopped(signal.SIGINT), 130, "transferkit: stopped.\n"),
        (Stopped(signal.SIGTERM), 143, "transferkit: stopped.\n"),
    ],
)
def test_what_ends_a_process_is_one_line(error, status, line, capsys):
    def action() -> None:
        raise error

    with pytest.raises(SystemExit) as caught:
        run_as_script(action)
    assert caught.value.code == status
    assert capsys.readouterr() == ("", line)


WAITING = (
    "import time; from transferkit.runtime.process import run_as_script\n"
    "def work():\n"
    "    try:\n"
    "        print('here', flush=True); time.sleep(60)\n"
    "    finally:\n"
    "        print('saved', flush=True); time.sleep({slow})\n"
    "run_as_script(work)\n"
)


def ignoring_nothing():
    """A child would inherit what is ignored, where the tests run in the background."""
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


def stopped(*signals, slow=0):
    """The status and the output of a process that got `signals` while it waited."""
    code = [sys.executable, "-c", WAITING.format(slow=slow)]
    with subprocess.Popen(
        code, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, preexec_fn=ignoring_nothing
    ) as process:
        line = process.stdout.readline()
        for number in signals:
            process.send_signal(number)
            line = process.stdout.readline() or line
        return process.wait(timeout=30), line


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
)
def test_a_signal_lets_the_work_save_what_it_has(number, status):
    assert stopped(number) == (status, b"saved\n")


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_the_process_at_once(second):
    assert stopped(signal.SIGINT, second, slow=60)[0] == -second


def test_a_signal_that_the_caller_ignores_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with stopped_by_signals():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_handlers_before_are_there_again():
    before = signal.getsignal(signal.SIGTERM)
    with stopped_by_signals():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("name", ["stdin", "stdout", "stderr"])
def test_a_closed_stream_is_empty(name, monkeypatch):
    read = []

    def action():
        print("dropped")
        log("dropped")
        read.append(sys.stdin.buffer.read())

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    monkeypatch.setattr(sys, name, None)
    run_as_script(action)
    assert read == [b""]
    getattr(sys, name).close()


def test_two_threads_silence_stderr_at_once_and_it_is_restored_after_both(capfd):
    first_is_in, second_is_in, first_is_out = (threading.Event() for _ in range(3))

    def first():
        with native_stderr_silenced():
            first_is_in.set()
            second_is_in.wait(10)
            os.write(2, b"of the first ")
        first_is_out.set()

    def second():
        first_is_in.wait(10)
        with native_stderr_silenced():
            second_is_in.set()
            first_is_out.wait(10)
            os.write(2, b"of the second ")

    threads = [threading.Thread(target=target) for target in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"
