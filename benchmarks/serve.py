"""Requests a second and latencies of `transferkit serve`, beside `model.predict` in FastAPI.

    python benchmarks/serve.py
    python benchmarks/serve.py DIR --backbone mobilenet_v2 --seconds 10

Both serve the same network, whose head has random weights, in a process each. Clients send images
of DIR as multipart, one after the other, each as soon as it has its answer; the two servers take
turns for each number of clients. The clients are wrk's where it is installed, and else of asyncio.
Prints, for each server and number of clients, the median over --rounds of requests a second and of
the latencies that a half and a hundredth of the requests exceed; at the end, the ratios.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

import turns

import transferkit as tk
from transferkit.config.settings import DEFAULT_BACKBONE

CLIENTS = (1, 8, 64)
IMAGES = 16  # that are sent in turn
CLASSES = 5
BOUNDARY = "benchmark"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"
START_SECONDS = 180
WARM_UP_SECONDS = 2.0
IDLE_SECONDS, IDLE_SHARE = 0.5, 0.1  # of a processor
LONGER = 3  # times the seconds, for the most clients
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}  # of wrk, in milliseconds
PLAIN = """
import io, sys
import keras, numpy as np, uvicorn
from fastapi import FastAPI, UploadFile
from PIL import Image

app, model = FastAPI(), keras.saving.load_model(sys.argv[1])
side = model.input_shape[1]
names = [f"class {number}" for number in range(model.output_shape[1])]

@app.get("/health")
def health():
    return {}

@app.post("/v1/predict")
def predict(files: UploadFile):
    image = Image.open(files.file).convert("RGB").resize((side, side))
    row = model.predict(np.asarray(image, np.float32)[None], verbose=0)[0]
    best = int(row.argmax())
    return {"class": names[best], "probabilities": dict(zip(names, row.tolist()))}

model.predict(np.zeros((1, side, side, 3), np.float32), verbose=0)
uvicorn.run(app, port=int(sys.argv[2]), log_level="warning")
"""
LUA = """
local bodies = {}
for path in io.lines("%s") do
  local file = io.open(path, "rb")
  table.insert(bodies, file:read("*a"))
  file:close()
end
local headers = {["Content-Type"] = "%s"}
local turn = 0
request = function()
  turn = turn %% #bodies + 1
  return wrk.format("POST", "/v1/predict", headers, bodies[turn])
end
"""


class Load(NamedTuple):
    """Requests a second, and two latencies in milliseconds."""

    rate: float
    p50: float
    p99: float


def main() -> None:
    """Serve a network in two ways, and load them in turn."""
    parser = turns.parser(__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="of each load")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        folder = turns.folder_of(asked, place)
        backbone = asked.backbone or DEFAULT_BACKBONE
        run = place / "run"
        turns.take(save_network, backbone=backbone, weights=asked.weights, folder=str(run))
        bodies = write_bodies(list(tk.Manifest.read(folder).usable["path"]), place)
        loads = measured(run, bodies, rounds=asked.rounds, seconds=asked.seconds)
    client = "wrk" if shutil.which("wrk") else "asyncio"
    print(f"{backbone}, {os.cpu_count()} cores, clients of {client}")
    print_table(loads)


def save_network(*, backbone: str, weights: str, folder: str) -> turns.Found:
    """Write a run with a network of `backbone` whose head has learnt nothing."""
    from transferkit.runtime.process import silence_tensorflow

    silence_tensorflow()
    from transferkit.models.classifier import build_classifier
    from transferkit.models.network import Network

    classes = tuple(f"class {number}" for number in range(CLASSES))
    model = build_classifier(tk.ModelConfig(backbone=backbone, weights=weights), classes)
    run = tk.Run.create(folder)
    (run / "config.yaml").write_text(f"model: {{backbone: {backbone}}}\n", encoding="utf-8")
    Network(backbone, model, classes, tk.DataConfig()).save(run.folder)
    return {}


def write_bodies(paths: list[str], place: Path) -> Path:
    """Write requests with images from all of `paths` as files, and return the list of these."""
    names = []
    for number, path in enumerate(paths[:: max(1, len(paths) // IMAGES)][:IMAGES]):
        head = (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{number}"'
            "\r\nContent-Type: application/octet-stream\r\n\r\n"
        )
        body = place / f"{number}.body"
        end = f"\r\n--{BOUNDARY}--\r\n".encode()
        body.write_bytes(head.encode() + Path(path).read_bytes() + end)
        names.append(str(body))
    listed = place / "bodies.txt"
    listed.write_text("\n".join(names) + "\n", encoding="utf-8")
    return listed


def measured(
    run: Path, bodies: Path, *, rounds: int, seconds: float
) -> dict[tuple[str, int], list[Load]]:
    """Return the loads by server and number of clients."""
    ports = {"transferkit": free_port(), "model.predict": free_port()}
    kit, plain = ports.values()
    loads: dict[tuple[str, int], list[Load]] = {}
    own = [sys.executable, "-m", "transferkit", "serve", str(run), "--port", str(kit)]
    usual = [sys.executable, "-c", PLAIN, str(run / "model.keras"), str(plain)]
    measure = by_wrk if shutil.which("wrk") else by_asyncio
    with started(own, kit) as first, started(usual, plain) as second:
        processes = dict(zip(ports, (first, second), strict=True))
        for port in ports.values():
            measure(port, bodies, 2, WARM_UP_SECONDS)
        for _ in range(rounds):
            for clients in CLIENTS:
                # Of many clients of a slow server, the first has to be answered before the end.
                lasting = seconds * (LONGER if clients == max(CLIENTS) else 1)
                for name, port in ports.items():
                    for process in processes.values():
                        wait_until_idle(process.pid)
                    found = measure(port, bodies, clients, lasting)
                    loads.setdefault((name, clients), []).append(found)
    return loads


def wait_until_idle(process: int) -> None:
    """Wait until a process computes nothing: it goes on with requests whose clients have left."""
    before = -1.0
    while (now := processor_seconds(process)) - before > IDLE_SHARE * IDLE_SECONDS:
        before = now
        time.sleep(IDLE_SECONDS)


def processor_seconds(process: int) -> float:
    """Return the time of processors that a process has used, in seconds."""
    fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def started(command: list[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The process of a server on `port`, as long as the context is active."""
    environment = dict(os.environ, TF_CPP_MIN_LOG_LEVEL="3")
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            end = time.monotonic() + START_SECONDS
            while not is_there(port):
                if process.poll() is not None or time.monotonic() > end:
                    raise SystemExit(f"{command[:3]} does not serve.")
                time.sleep(0.2)
            yield process
        finally:
            process.terminate()


def is_there(port: int) -> bool:
    """Ask the server on `port` for its health; False if none answers."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def free_port() -> int:
    """Return a port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


def by_wrk(port: int, bodies: Path, clients: int, seconds: float) -> Load:
    """Measure by wrk; an answer that is an error ends the benchmark."""
    script = bodies.with_suffix(".lua")
    script.write_text(LUA % (bodies, CONTENT_TYPE), encoding="utf-8")
    options = ["-t", "1", "-c", str(clients), "-d", f"{round(seconds)}s", "--timeout", "60s"]
    command = ["wrk", *options, "--latency", "-s", str(script), f"http://127.0.0.1:{port}"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        raise SystemExit(text)
    rate = float(re.findall(r"Requests/sec:\s+([\d.]+)", text)[0])
    return Load(rate, in_milliseconds(text, "50%"), in_milliseconds(text, "99%"))


def in_milliseconds(text: str, share: str) -> float:
    """Return a latency of the distribution that wrk prints."""
    value, unit = re.findall(rf"^\s+{share}\s+([\d.]+)(\w+)", text, re.MULTILINE)[0]
    return float(value) * UNITS[unit]


def by_asyncio(port: int, bodies: Path, clients: int, seconds: float) -> Load:
    """Measure by connections of asyncio."""
    contents = [Path(name).read_bytes() for name in bodies.read_text("utf-8").split()]
    times: list[float] = []

    async def ask(number: int, end: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < end:
            body = contents[number % len(contents)]
            number += 1
            began = time.perf_counter()
            head = (
                f"POST /v1/predict HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                f"Content-Type: {CONTENT_TYPE}\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            writer.write(head.encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in answer[:15]:
                raise SystemExit(answer.decode())
            length = re.findall(rb"content-length: (\d+)", answer.lower())[0]
            await reader.readexactly(int(length))
            times.append(1000 * (time.perf_counter() - began))
        writer.close()

    async def ask_all() -> None:
        end = time.perf_counter() + seconds
        await asyncio.gather(*(ask(number, end) for number in range(clients)))

    began = time.perf_counter()
    asyncio.run(ask_all())
    taken = time.perf_counter() - began
    cuts = statistics.quantiles(times, n=100)
    return Load(len(times) / taken, cuts[49], cuts[98])


def print_table(loads: dict[tuple[str, int], list[Load]]) -> None:
    """Print a row for each server and number of clients, and the ratios."""
    medians = {
        key: Load(*(statistics.median(column) for column in zip(*found, strict=True)))
        for key, found in loads.items()
    }
    print(f"{'server':<15}{'clients':>8}{'requests/s':>12}{'p50, ms':>10}{'p99, ms':>10}")
    for (name, clients), found in medians.items():
        print(f"{name:<15}{clients:>8}{found.rate:>12.1f}{found.p50:>10.1f}{found.p99:>10.1f}")
    for clients in CLIENTS:
        own, plain = (medians[name, clients] for name in ("transferkit", "model.predict"))
        print(
            f"{clients} clients: {own.rate / plain.rate:.1f} times the requests, "
            f"p99 {own.p99 / plain.p99:.2f} of the plain way's"
        )


if __name__ == "__main__":
    main()
