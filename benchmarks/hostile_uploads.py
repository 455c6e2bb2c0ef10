"""Uploads that are damaged, or made to do harm, for the benchmark of abuse."""

from __future__ import annotations

import json
import random
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from PIL import Image

NAMES = (
    "../../etc/passwd",
    "..\\..\\x",
    "/etc/passwd",
    "a\0b",
    "<script>",
    "x" * 5000,
    "",
    "\u202egnp",
)
Upload = dict[str, Any]
"""Arguments of a request by httpx."""


def uploads(good: bytes, count: int, *, seed: int) -> Iterator[Upload]:
    """Yield `count` hostile requests."""
    generator = random.Random(seed)
    kinds = (damaged, odd_content, bomb, strange_json, strange_multipart, strange_name)
    for number in range(count):
        yield kinds[number % len(kinds)](good, generator)


def damaged(good: bytes, generator: random.Random) -> Upload:
    """Return a truncated or altered image of some format."""
    kind = generator.choice(["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
    content = BytesIO()
    Image.open(BytesIO(good)).save(content, kind)
    changed = bytearray(content.getvalue())
    if generator.random() < 0.5:
        del changed[generator.randrange(len(changed)) :]
    for _ in range(generator.randrange(1, 30)):
        if changed:
            changed[generator.randrange(len(changed))] = generator.randrange(256)
    return {"url": "/v1/predict", "files": {"files": ("a", bytes(changed))}}


def odd_content(good: bytes, generator: random.Random) -> Upload:
    """Return something that is no image."""
    content = generator.choice(
        [
            b"",
            b"<html><script>alert(1)</script>",
            b"PK\3\4" + bytes(100),
            b"%PDF-1.7",
            b"\x89PNG\r\n\x1a\n",
            b"<svg onload=alert(1)>",
            generator.randbytes(5000),
            b"GIF89a" + b"\xff" * 2000,
            b"II*\0" + b"\xff" * 3000,
        ]
    )
    return {"url": "/v1/predict", "content": content, "headers": {"Content-Type": "image/png"}}


def bomb(good: bytes, generator: random.Random) -> Upload:
    """Return a small file that unpacks to many pixels."""
    width, height = generator.choice([(60_000, 60_000), (2**31 - 1, 1), (6_000, 4_000), (1, 2**30)])
    rows = min(height, 4_000)
    pixels = zlib.compress(bytes((1 + 3 * min(width, 6_000)) * rows), 9)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels)
    content += chunk(b"IEND", b"")
    return {"url": "/v1/predict", "files": {"files": ("bomb.png", content)}}


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk of a PNG."""
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def strange_json(good: bytes, generator: random.Random) -> Upload:
    """Return JSON that is none, deep, wide, or of other types."""
    content = generator.choice(
        [
            b"[" * 100_000,
            b'{"instances":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
            b'{"images":[' + b"[]," * 100_000 + b"[]]}",
            b'{"images":[' + b'"",' * 10_000 + b'""]}',
            b'{"instances":[' + b"1," * 100_000 + b"1]}",
            b'{"instances":[[[[1e999,0,0]]]]}',
            b'{"instances":[[[[NaN,0,0]]]]}',
            b'{"instances":[[[[' + b"9" * 6000 + b",0,0]]]]}",
            b'{"instances":[{"b64":{"b64":{}}}],"inputs":1}',
            b'{"signature_name":{},"instances":[1]}',
            b'{"inputs":{"a":{"b":{"c":1}}}}',
            b"{" + b",".join(b'"%d":0' % number for number in range(100_000)) + b"}",
            b'{"instances":[["' + b"x" * 2_000_000 + b'"' + b',""' * 4_000 + b"]]}",
            b'\xff\xfe{"images":[]}',
            b'"\\ud800"',
            b'{"images":[{"b64":"AAAA","name":"\\ud800"}]}',
            json.dumps({"instances": [[[["1", None, {}]]]]}).encode(),
        ]
    )
    url = generator.choice(["/v1/predict", "/v1/models/run:predict"])
    return {"url": url, "content": content, "headers": {"Content-Type": "application/json"}}


def strange_multipart(good: bytes, generator: random.Random) -> Upload:
    """Return a multipart body that does not keep to the rules."""
    start = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
    content = generator.choice(
        [
            start + good,
            start + good + b"\r\n--x",
            b"--x\r\n" * 10_000 + b"--x--\r\n",
            (start + b"\r\n") * 5_000 + b"--x--\r\n",
            b"--x\r\nA: " + b"b" * 100_000 + b"\r\n\r\n" + good + b"\r\n--x--\r\n",
            b"--x\r\n\r\n" + good + b"\r\n--x--\r\n",
            b"--x\nContent-Disposition: form-data\n\n--x--",
            start.replace(b"files", b"\xff\xfe") + good + b"\r\n--x--\r\n",
            b"",
        ]
    )
    boundary = generator.choice(["x", "x", "x", '"x"', "", "y" * 300, "\u00e9"])
    kind = f"multipart/form-data; boundary={boundary}".encode("latin-1")
    return {"url": "/v1/predict", "content": content, "headers": {b"Content-Type": kind}}


def strange_name(good: bytes, generator: random.Random) -> Upload:
    """Return a good image under a name that would be a path, in one of the addresses."""
    name = generator.choice(NAMES)
    kind = generator.choice(["predict", "explain", "similar", "feedback"])
    label = generator.choice(["class 1", "../x", "", name])
    return {
        "url": f"/v1/{kind}/{generator.choice(['run', 'run', '..%2f..', '%00', 'a' * 3000])}",
        "files": {"files": (name, good)},
        "data": {"label": label, "class": label},
    }
