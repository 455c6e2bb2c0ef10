"""A real server in a process of its own: signals under load, slow senders, its address."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import httpx
import numpy as np
import pytest
from server_process import serving

from transferkit.errors import ConfigError
from transferkit.server.app import create_app
from transferkit.server.metrics import Metrics
from transferkit.server.process import address_of, listen, run_server, trim_memory
from transferkit.server.service import Service
from transferkit.server.settings import ServerConfig

CLIENTS = 6


class Load:
    """Clients that send an image again and again, until they are told to stop."""

    def __init__(self, address, content):
        self.address, self.content = address, content
        self.answers, self.errors, self.versions = [], [], set()
        self.stopped = threading.Event()
        self.threads = [threading.Thread(target=self._send) for _ in range(CLIENTS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def _send(self):
        with httpx.Client(timeout=60) as client:
            while not self.stopped.is_set():
                try:
                    answer = client.post(f"{self.address}/v1/predict", files={"file": self.content})
                except httpx.ConnectError:
                    return  # the server is gone, and this was not sent
                except httpx.HTTPError as error:
                    self.errors.append(repr(error))
                    return
                self.answers.append(answer.status_code)
                if answer.status_code == 200:
                    self.versions.add(answer.json()["version"])
                if answer.headers.get("connection") == "close":
                    return  # the server stops: a new connection may be reset before it is accepted

    def wait_for(self, ready):
        end = time.monotonic() + 60
        while not ready():
            assert time.monotonic() < end
            time.sleep(0.02)


@pytest.fixture
def copy(run, tmp_path):
    return shutil.copytree(run, tmp_path / "copied")


needs_hangup = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no SIGHUP here")


@needs_hangup
@pytest.mark.slow
def test_a_reload_under_load_fails_no_request(copy, files):
    with serving(str(copy)) as server, Load(server.address, files[0].read_bytes()) as load:
        load.wait_for(lambda: len(load.answers) > 20)
        (copy / "model.keras").touch()
        server.process.send_signal(signal.SIGHUP)
        load.wait_for(lambda: 2 in load.versions)
    assert (set(load.answers), load.errors, load.versions) == ({200}, [], {1, 2})


@needs_hangup
@pytest.mark.slow
def test_signals_are_survived_after_a_network_is_let_go(copy, files):
    with serving(str(copy)) as server, Load(server.address, files[0].read_bytes()) as load:
        for version in (2, 3, 4):
            (copy / "model.keras").touch()
            server.process.send_signal(signal.SIGHUP)
            load.wait_for(lambda version=version: version in load.versions)
        load.stopped.set()
        server.process.send_signal(signal.SIGTERM)
        server.stderr()
    assert (server.process.returncode, load.errors) == (0, [])


@needs_hangup
@pytest.mark.slow
def test_a_hangup_while_the_models_load_is_a_reload_afterwards(run):
    command = [sys.executable, "-m", "transferkit", "serve", str(run), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        lines = [process.stderr.readline()]  # the model is loaded, and nothing is served yet
        process.send_signal(signal.SIGHUP)
        while lines[-1] and "has not changed" not in lines[-1]:
            lines.append(process.stderr.readline())
        process.send_signal(signal.SIGTERM)
        assert "Stopping" in process.stderr.read()
    assert lines[0].startswith("Model shapes, version 1")
    assert lines[-1] == "Reload: shapes has not changed.\n"
    assert process.returncode == 0


@pytest.mark.slow
def test_a_stop_under_load_finishes_what_is_under_way(run, files):
    with serving(str(run)) as server, Load(server.address, files[0].read_bytes()) as load:
        load.wait_for(lambda: len(load.answers) > 20)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(60) == 0
    assert (set(load.answers), load.errors) == ({200}, [])
    assert server.stderr() == "Stopping after the requests in progress.\n"


@pytest.mark.slow
def test_slow_senders_are_cut_off_and_others_answered(run, files):
    with serving(str(run), "--timeout", "1") as server:
        host, port = server.address.removeprefix("http://").split(":")
        silent, head, body = (socket.create_connection((host, int(port))) for _ in range(3))
        head.sendall(b"POST /v1/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        body.sendall(
            b"POST /v1/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n"
            b"Content-Type: image/png\r\n\r\nabc"
        )
        for connection in (silent, head, body):
            connection.settimeout(20)
        good = httpx.post(f"{server.address}/v1/predict", files={"file": files[0].read_bytes()})
        answers = [connection.recv(10_000) for connection in (silent, head, body)]
        for connection in (silent, head, body):
            connection.close()
    assert good.status_code == 200
    assert answers[:2] == [b"", b""]
    assert answers[2].startswith(b"HTTP/1.1 408 ")


def send_on(connection, content):
    while True:
        connection.sendall(content)


@pytest.mark.slow
def test_a_client_that_reads_nothing_is_cut_off(run):
    with serving(str(run), "--timeout", "1") as server:
        host, port = server.address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            request = b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
            # More responses than the buffers of both ends hold; a timeout fails the test.
            with pytest.raises(ConnectionError):
                send_on(connection, 1000 * request)
        assert httpx.get(f"{server.address}/health").status_code == 200


@pytest.mark.slow
def test_the_token_is_in_no_log(run):
    with serving(str(run), TRANSFERKIT_TOKEN="hush-hush") as server:
        assert httpx.get(f"{server.address}/ready").status_code == 401
        headers = {"Authorization": "Bearer hush-hush"}
        assert httpx.get(f"{server.address}/ready", headers=headers).status_code == 200
        server.process.send_signal(signal.SIGTERM)
        assert "hush" not in server.stderr()


def test_a_port_that_is_taken_is_said_before_anything_is_loaded(run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError) as raised:
            listen(ServerConfig(port=port))
    assert str(raised.value) == (
        f"The server cannot listen on 127.0.0.1, port {port}: Address already in use; "
        "choose another --host or --port (0 is a free one)."
    )


def test_of_two_servers_that_start_at_once_the_second_is_told(registry):
    config = ServerConfig(port=0)
    first = listen(config)
    config = ServerConfig(port=first.getsockname()[1])
    second = listen(config)  # nobody listens there yet
    with first:
        first.listen()
        service = Service(registry, config, Metrics())
        with pytest.raises(ConfigError, match="cannot listen on"):
            run_server(create_app(service), service, second, threading.Event())


@pytest.mark.parametrize(
    ("host", "start"), [("127.0.0.1", "http://127."), ("::1", "http://[::1]:")]
)
def test_the_address_can_be_opened(host, start):
    with listen(ServerConfig(host=host, port=0)) as bound:
        assert address_of(bound).startswith(start)


def test_the_parts_of_a_response_are_sent_without_a_delay():
    async def delay_switched_off():
        switches = []

        def accepted(reader, writer):
            connection = writer.get_extra_info("socket")
            switches.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        bound = listen(ServerConfig(port=0))
        async with await asyncio.start_server(accepted, sock=bound):
            reader, writer = await asyncio.open_connection(*bound.getsockname())
            await reader.read()
            writer.close()
        return switches

    assert asyncio.run(delay_switched_off()) == [1]


@pytest.mark.parametrize(
    ("arguments", "status", "error"),
    [
        (["{tmp}"], 1, "is not a run folder"),
        (["{run}", "--port", "70000"], 1, "'port' is 70000: it should be between 0 and 65535"),
        (["{run}", "--prt", "1"], 2, "`transferkit serve --help` lists the options."),
    ],
    ids=["no run", "port", "flag"],
)
def test_a_mistake_is_one_line(run, tmp_path, arguments, status, error):
    given = [argument.format(run=run, tmp=tmp_path) for argument in arguments]
    command = [sys.executable, "-m", "transferkit", "serve", *given]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, env=os.environ)
    assert (ended.returncode, ended.stderr.count("\n"), error in ended.stderr) == (status, 1, True)


def test_free_memory_can_be_given_back():
    trim_memory()  # where there is no glibc, nothing happens
    assert np.zeros(10**6).sum() == 0
