"""Whether the check of a folder and decoding agree on files that are damaged at random.

    python benchmarks/fuzz.py
    python benchmarks/fuzz.py --files 10000 --seed 1

Small images of every format and of many kinds of pixels are damaged: bytes changed, cut out,
repeated or put in, the file cut short. Each is checked and then decoded, at several sides. Prints
how many there were and how many the check passed, and what must not be: a file on which the two
differ, another error than the one that is meant for users, a crash, a warning on standard error.
The slowest file and the growth of memory over the second half of the files are printed too.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin, features

from transferkit.data.decoding.decode import RESIZES, decode
from transferkit.data.decoding.formats import heif_opener
from transferkit.data.quality.file_info import inspect_files
from transferkit.errors import DataError

SIDES = (8, 96, 224)
RANGE = (0.0, 4095.0)  # by it, colours of 16 bits are read in another way than without
MOST_PIXELS = 4_000_000  # a mutated header asks for more at times
FILES_A_PROCESS = 1000
WARNING = "Warning"  # in each of Python's; libtiff has lines of its own on damaged TIFFs
SEVERE = 5.0  # seconds for one small file
SEEDS = (b"\0", b"\xff", b"\x7f", b"\x80", b"\1")  # bytes that end counts and lengths
Options = dict[str, Any]
HEAD = 200  # bytes at the start, where headers are


def main() -> None:
    """Damage files in processes of a thousand each, so that a crash is counted and not the end."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--one", nargs=2, type=int, help=argparse.SUPPRESS)
    parser.add_argument("--keep", help="a folder for the files that must not be")
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(damage_and_compare(*asked.one, keep=asked.keep)))
        return
    total = {"files": 0, "passed": 0, "crashes": 0, "noise": 0, "slowest": 0.0, "growth": 0.0}
    failures: list[str] = []
    for first in range(0, asked.files, FILES_A_PROCESS):
        count = min(FILES_A_PROCESS, asked.files - first)
        command = [sys.executable, __file__, "--one", str(asked.seed * 10**6 + first), str(count)]
        command += ["--keep", asked.keep] if asked.keep else []
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            total["crashes"] += 1
            failures.append(
                f"process from file {first}: exit {done.returncode}: {done.stderr[-800:]}"
            )
            continue
        found = json.loads(done.stdout.splitlines()[-1])
        total["files"] += found["files"]
        total["passed"] += found["passed"]
        total["noise"] += len(done.stderr.splitlines())
        total["slowest"] = max(total["slowest"], found["slowest"])
        total["growth"] = max(total["growth"], found["growth"])
        failures += found["failures"]
        failures += [f"a warning: {line}" for line in done.stderr.splitlines() if WARNING in line]
    print(
        f"{total['files']} damaged files, {total['passed']} of them passed by the check\n"
        f"failures {len(failures)}, crashes {total['crashes']}, lines on standard error "
        f"{total['noise']}\nslowest {total['slowest']:.2f} s, memory of a process grew by at most "
        f"{total['growth']:.0f} MB over its second half"
    )
    print("\n".join(failures[:20]))
    sys.exit(bool(failures))


def damage_and_compare(first: int, count: int, *, keep: str | None = None) -> dict[str, object]:
    """Compare check and decoding on `count` damaged files, by the seeds from `first` on."""
    passed, slowest, failures, middle = 0, 0.0, [], 0.0
    originals = list(corpus().items())
    with tempfile.TemporaryDirectory() as folder:
        for number in range(first, first + count):
            name, content = originals[number % len(originals)]
            content = damaged(content, random.Random(number))
            path = Path(folder) / "image"
            path.write_bytes(content)
            started = time.perf_counter()
            problem, failure = compared(path)
            seconds = time.perf_counter() - started
            slowest, passed = max(slowest, seconds), passed + (not problem)
            if seconds > SEVERE:
                failure = failure or f"took {seconds:.1f} s"
            if failure:
                failures.append(f"{name}, seed {number}: {failure}")
                if keep:
                    Path(keep, f"{name}-{number}").write_bytes(content)
            if number == first + count // 2:
                middle = peak_megabytes()
    found = {"files": count, "passed": passed, "slowest": slowest, "failures": failures}
    return found | {"growth": peak_megabytes() - middle}


def compared(path: Path) -> tuple[str, str]:
    """The problem that the check finds in a file, and in what decoding it differs, both empty."""
    _, failure = compared_by(path, ())
    problem, more = compared_by(path, RANGE)  # floats have a problem without one
    return problem, failure or more


def compared_by(path: Path, value_range: tuple[float, ...]) -> tuple[str, str]:
    """The same by one range of values of more than 8 bits."""
    try:
        files = inspect_files([str(path)], MOST_PIXELS, sketched=True, value_range=value_range)
        problem = files["problem"].iloc[0]
    except Exception as error:
        return "", f"the check raised {type(error).__name__}: {error}"
    for image_size in SIDES:
        for resize in RESIZES:
            try:
                decode(
                    path, image_size, resize=resize, max_pixels=MOST_PIXELS, value_range=value_range
                )
                said = ""
            except DataError as error:
                said = str(error)
            except Exception as error:
                return problem, f"decoding raised {type(error).__name__}: {error}"
            if bool(said) != bool(problem):
                return problem, f"the check says {problem!r}, decoding to {image_size} {said!r}"
    return problem, ""


def damaged(content: bytes, generator: random.Random) -> bytes:
    """`content` with one to four changes, most of them near its start."""
    for _ in range(generator.choice((1, 1, 1, 2, 4))):
        size = len(content)
        if not size:
            break
        at = generator.randrange(min(size, HEAD) if generator.random() < 0.5 else size)
        span = generator.choice((1, 2, 4, 16, 64))
        piece = bytes(generator.randrange(256) for _ in range(span))
        if generator.random() < 0.4:
            piece = generator.choice(SEEDS) * span
        content = generator.choice(
            (
                content[:at] + piece + content[at + span :],
                content[:at]
                + bytes([content[at] ^ 1 << generator.randrange(8)])
                + content[at + 1 :],
                content[:at] + piece + content[at:],
                content[:at] + content[at + span :],
                content[:at] + content[at : at + span] * 2 + content[at + span :],
                content[:at] if generator.random() < 0.5 else content[: size - span],
            )
        )
    return content


def corpus() -> dict[str, bytes]:
    """Images by name: every format, and of each what its files may have in them."""
    return dict(_images())


def _images() -> Iterator[tuple[str, bytes]]:
    generator = np.random.default_rng(0)
    colours = generator.integers(0, 256, (24, 32, 3), np.uint8)
    image = Image.fromarray(colours).resize((64, 48), Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "camera"
    turned: Options = {"exif": exif.tobytes()}
    for mode in ("L", "RGB", "CMYK"):
        for name in ("baseline", "progressive"):
            options = {"progressive": name == "progressive"}
            yield f"jpeg-{mode}-{name}", _encoded(image.convert(mode), "JPEG", **options)
    yield "jpeg-exif", _encoded(image, "JPEG", icc_profile=b"icc" * 99, comment=b"no", **turned)
    yield "jpeg-restarts", _encoded(image, "JPEG", restart_marker_blocks=2, subsampling="4:4:4")
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
        yield f"png-{mode}", _encoded(image.convert(mode), "PNG")
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", '<x tiff:Orientation="3"/>', zip=True)
    text.add_text("Comment", "long " * 99, zip=True)
    yield "png-texts", _encoded(image, "PNG", pnginfo=text, icc_profile=b"icc" * 99, **turned)
    yield "png-transparent", _encoded(image, "PNG", transparency=(1, 2, 3))
    frames = [image.rotate(angle) for angle in (0, 90, 180)]
    yield "png-animated", _encoded(image, "PNG", save_all=True, append_images=frames)
    yield "gif", _encoded(image, "GIF", transparency=3)
    yield "gif-animated", _encoded(image, "GIF", save_all=True, append_images=frames)
    yield "webp-lossy", _encoded(image, "WEBP")
    yield "webp-lossless", _encoded(image, "WEBP", lossless=True)
    yield "webp-exif", _encoded(image, "WEBP", **turned)
    yield "webp-alpha", _encoded(image.convert("RGBA"), "WEBP")
    yield "webp-animated", _encoded(image, "WEBP", save_all=True, append_images=frames)
    for mode in ("1", "L", "P", "RGB", "RGBA"):
        yield f"bmp-{mode}", _encoded(image.convert(mode), "BMP")
    for mode in ("1", "L", "RGB"):
        yield f"ppm-{mode}", _encoded(image.convert(mode), "PPM")
    yield "ppm-plain", b"P3\n4 2\n255\n" + b" ".join(b"%d" % (9 * each) for each in range(24))
    yield from _tiffs(image, turned)
    yield from _of_16_bits(image)
    if features.check("avif"):
        yield "avif", _encoded(image, "AVIF", **turned)
    if heif_opener() is not None:
        import pillow_heif

        content = BytesIO()
        pillow_heif.from_pillow(image).save(content, exif=exif.tobytes())
        yield "heif", content.getvalue()


def _of_16_bits(image: Image.Image) -> Iterator[tuple[str, bytes]]:
    wide = (np.asarray(image.convert("L")).astype(np.uint16) + 1) * 200
    for kind in ("PNG", "TIFF", "PPM"):
        yield f"{kind.lower()}-16-bits", _encoded(Image.fromarray(wide), kind)
    for bands in (2, 3, 4):
        yield f"png-{bands}-bands-16-bits", _png_of_16_bits(np.dstack([wide] * bands))
    stored = np.dstack([wide] * 3).astype(">u2").tobytes()
    yield "ppm-rgb-16-bits", b"P6\n64 48\n65535\n" + stored
    yield "ppm-rgb-12-bits", b"P6\n64 48\n4095\n" + stored
    for name, packed in (("", False), ("-deflate", True)):
        yield f"tiff-rgb-16-bits{name}", _tiff_of_16_bits(stored, packed=packed)


def _tiffs(image: Image.Image, turned: Options) -> Iterator[tuple[str, bytes]]:
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        yield f"tiff-{compression}", _encoded(image, "TIFF", compression=compression)
    yield "tiff-fax", _encoded(image.convert("1"), "TIFF", compression="group4")
    for mode in ("L", "P", "RGBA", "CMYK", "YCbCr"):
        yield f"tiff-{mode}", _encoded(image.convert(mode), "TIFF")
    yield "tiff-LAB", _encoded(Image.new("LAB", (9, 9), (99, 9, 9)), "TIFF")
    yield "tiff-turned", _encoded(image, "TIFF", **turned)
    yield "tiff-pages", _encoded(image, "TIFF", save_all=True, append_images=[image])
    yield "tiff-big", _encoded(image, "TIFF", big_tiff=True)
    grey = np.asarray(image.convert("L"))
    for kind in (np.int32, np.float32):
        yield f"tiff-{kind.__name__}", _encoded(Image.fromarray(grey.astype(kind)), "TIFF")


def _encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    content = BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def _png_of_16_bits(pixels: np.ndarray) -> bytes:
    """`(height, width, bands)` uint16 as a PNG, which Pillow does not write."""
    height, width, bands = pixels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 16, {2: 4, 3: 2, 4: 6}[bands], 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def _tiff_of_16_bits(colours: bytes, *, packed: bool) -> bytes:
    """64 × 48 colours, big-endian, as a TIFF."""
    pixels = zlib.compress(colours) if packed else colours
    tags = {256: 64, 257: 48, 259: 8 if packed else 1, 262: 2, 273: 8, 277: 3, 278: 48}
    tags |= {279: len(pixels)}
    entries = [struct.pack(">HHII", tag, 4, 1, value) for tag, value in tags.items()]
    place = 8 + len(pixels)
    entries.insert(2, struct.pack(">HHII", 258, 3, 3, place))
    head = b"MM\0*" + struct.pack(">I", place + 6)
    directory = struct.pack(">H", len(entries)) + b"".join(entries) + b"\0" * 4
    return head + pixels + struct.pack(">HHH", 16, 16, 16) + directory


def peak_megabytes() -> float:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


if __name__ == "__main__":
    main()
