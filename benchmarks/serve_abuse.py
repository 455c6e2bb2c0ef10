"""Abuse of `transferkit serve`: no crash, no status 500, memory as before, good answers after.

    python benchmarks/serve_abuse.py
    python benchmarks/serve_abuse.py --uploads 1000 --examples 30

A server with a token is sent what its own OpenAPI description allows and forbids (by schemathesis,
where that is installed), damaged and hostile uploads, one of 200 MB, slow senders, many connections
at once, and requests without the token. Prints what was answered, and the memory before and after;
the exit status is 1 if something was not as it should be.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import serve as loads
import turns
from hostile_uploads import Upload, uploads
from PIL import Image

TOKEN = "a secret of the benchmark"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
TIMEOUT = 5  # seconds that the server gives a request
BACKBONE = "pocket"
CONNECTIONS, SLOW, LARGE_MEGABYTES = 500, 50, 200
WARM_UP_UPLOADS = 200
SETTLE_SECONDS = 12  # after which the server has given memory back
GROWTH = 100  # megabytes of memory by which the server may be larger than after the warm-up
PATHS = ("/", "/ready", "/metrics", "/docs", "/openapi.json", "/v1/models", "/v1/models/run")
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance"
CHECKS += ",response_schema_conformance"


def main() -> None:
    """Abuse a server in each way, and compare it with before."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--uploads", type=int, default=1000)
    parser.add_argument("--examples", type=int, default=20, help="of schemathesis, by address")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        place, port = Path(scratch), loads.free_port()
        run = place / "run"
        turns.take(loads.save_network, backbone=BACKBONE, weights="embedded", folder=str(run))
        options = ["--port", str(port), "--timeout", str(TIMEOUT), "--feedback", str(place / "f")]
        command = [sys.executable, "-m", "transferkit", "serve", str(run), *options]
        os.environ["TRANSFERKIT_TOKEN"] = TOKEN
        with loads.started(command, port) as process:
            faults = abused(f"http://127.0.0.1:{port}", process.pid, asked)
            if process.poll() is not None:
                faults.append("the server has ended")
        outside = {path.name for path in place.iterdir()} - {"run", "f"}
        faults += [f"{name} was written outside of the folder" for name in outside]
    print("\n".join(faults) if faults else "Nothing went wrong.")
    raise SystemExit(bool(faults))


def abused(address: str, process: int, asked: argparse.Namespace) -> list[str]:
    """Return what went wrong."""
    good = png(np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8))
    expected = ask(address, good)
    # Libraries keep some memory of the largest work that they have done.
    send_all(address, uploads(good, WARM_UP_UPLOADS, seed=asked.seed + 1))
    asyncio.run(connections(address, good))
    faults: list[str] = []
    time.sleep(SETTLE_SECONDS)
    before = resident(process)
    print(f"memory before: {before:.0f} MB", flush=True)
    answered = send_all(address, uploads(good, asked.uploads, seed=asked.seed))
    report("hostile uploads", answered, faults)
    report(f"{LARGE_MEGABYTES} MB", Counter([send_large(address)]), faults)
    report(f"{SLOW} slow senders", asyncio.run(slow_senders(address, good)), faults)
    report(f"{CONNECTIONS} connections", asyncio.run(connections(address, good)), faults)
    report("without the token", without_token(address, good), faults, allowed=(401,))
    faults += by_schemathesis(address, asked.examples)
    time.sleep(SETTLE_SECONDS)
    after = resident(process)
    print(f"memory after: {after:.0f} MB")
    if after > before + GROWTH:
        faults.append(f"the memory grew by {after - before:.0f} MB")
    if ask(address, good) != expected:
        faults.append("the next good request was answered otherwise")
    return faults


def report(
    name: str, answered: Counter[int], faults: list[str], *, allowed: tuple[int, ...] = ()
) -> None:
    """Print the statuses of answers; 0 is a connection that the server closed."""
    print(f"{name}: {dict(sorted(answered.items()))}", flush=True)
    wrong = {
        status: count
        for status, count in answered.items()
        if (status not in allowed if allowed else status in (500, 502))
    }
    if wrong:
        faults.append(f"{name}: {wrong}")


def ask(address: str, content: bytes) -> Any:
    """Return the predictions for the image `content`."""
    files = {"files": ("good.png", content)}
    answer = httpx.post(f"{address}/v1/predict", files=files, headers=HEADERS, timeout=60)
    answer.raise_for_status()
    return answer.json()["predictions"]


def send_all(address: str, requests: Iterator[Upload]) -> Counter[int]:
    """Send `requests` by several threads; return how often each status was answered."""
    local = threading.local()

    def send(request: Upload) -> int:
        if not hasattr(local, "client"):
            local.client = httpx.Client(base_url=address, headers=HEADERS, timeout=60)
        try:
            return int(local.client.request("POST", **request).status_code)
        except httpx.HTTPError:
            return 0

    with ThreadPoolExecutor(8) as pool:
        return Counter(pool.map(send, requests))


def send_large(address: str) -> int:
    """Send `LARGE_MEGABYTES` without saying so first; return the status."""

    def content() -> Iterator[bytes]:
        for _ in range(LARGE_MEGABYTES):
            yield bytes(10**6)

    headers = {**HEADERS, "Content-Type": "image/png"}
    try:
        url = f"{address}/v1/predict"
        return int(httpx.post(url, content=content(), headers=headers, timeout=60).status_code)
    except httpx.HTTPError:
        return 0


async def slow_senders(address: str, good: bytes) -> Counter[int]:
    """Send a byte a second by `SLOW` connections; a good request has its answer meanwhile."""
    host, port = address.removeprefix("http://").split(":")
    length = "Content-Length: 100000\r\nContent-Type: image/png\r\n"
    head = f"POST /v1/predict HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {TOKEN}\r\n{length}"

    async def send(number: int) -> int:
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(head.encode()[: 40 if number % 2 else None] + (b"" if number % 2 else b"\r\n"))
        end = time.monotonic() + 6 * TIMEOUT
        while time.monotonic() < end:
            try:
                answer = await asyncio.wait_for(reader.read(100), 1)
            except asyncio.TimeoutError:
                writer.write(b"a")
                continue
            except ConnectionError:
                answer = b""
            writer.close()
            return int(answer[9:12]) if answer else 0
        return 500  # it was never cut off

    slow = [asyncio.create_task(send(number)) for number in range(SLOW)]
    await asyncio.sleep(1)
    await asyncio.to_thread(ask, address, good)
    return Counter(await asyncio.gather(*slow))


async def connections(address: str, good: bytes) -> Counter[int]:
    """Send a good image by `CONNECTIONS` at once."""
    limits = httpx.Limits(max_connections=CONNECTIONS)
    async with httpx.AsyncClient(headers=HEADERS, limits=limits, timeout=120) as client:

        async def send() -> int:
            try:
                files = {"files": ("a.png", good)}
                return int((await client.post(f"{address}/v1/predict", files=files)).status_code)
            except httpx.HTTPError:
                return 0

        return Counter(await asyncio.gather(*(send() for _ in range(CONNECTIONS))))


def without_token(address: str, good: bytes) -> Counter[int]:
    """Return the statuses of requests that do not have the token."""
    wrong = [
        {},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Cookie": f"transferkit_session={TOKEN}"},
        {"Cookie": 'transferkit_session="' + 60_000 * "\\" + '"'},  # seconds for http.cookies
        {"X-Forwarded-For": "127.0.0.1"},
    ]
    statuses: Counter[int] = Counter()
    for headers in wrong:
        with httpx.Client(base_url=address, headers=headers, timeout=60) as client:
            statuses.update(client.get(path).status_code for path in PATHS)
            for path in ("/v1/predict", "/v1/models/run:predict", "/v1/feedback/run"):
                answer = client.post(path, files={"files": good}, data={"label": "class 1"})
                statuses[answer.status_code] += 1
    return statuses


def by_schemathesis(address: str, examples: int) -> list[str]:
    """Return what schemathesis finds against the description of the server."""
    if find_spec("schemathesis") is None:
        print("schemathesis is not installed: left out")
        return []
    script = "import sys; from schemathesis.cli import schemathesis; schemathesis()"
    options = ["--checks", CHECKS, "--max-examples", str(examples), "--header"]
    options += [f"Authorization: Bearer {TOKEN}", "--no-color", "--request-timeout", "60"]
    options += ["--suppress-health-check", "all", "--seed", "0", "--phases", "examples,fuzzing"]
    command = [sys.executable, "-c", script, "run", f"{address}/openapi.json", *options]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tempfile.gettempdir())
    for line in done.stdout.splitlines():
        if re.search(r"Operations:|Test cases:|cases|generated|Tested:|No issues|failures", line):
            print(f"schemathesis: {line.strip()}")
    return [] if done.returncode == 0 else [f"schemathesis:\n{done.stdout}{done.stderr}"]


def resident(process: int) -> float:
    """Return the resident memory of a process in megabytes."""
    pages = int(Path(f"/proc/{process}/statm").read_text("utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def png(pixels: np.ndarray) -> bytes:
    """Return RGB `pixels` as a PNG."""
    content = BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


if __name__ == "__main__":
    main()
