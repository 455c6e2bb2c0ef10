"""Folders that cannot be learnt from: the sentence, the exit status, and nothing lost."""

import os
import shutil
import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

Drawn = Callable[..., Path]
KNOWN = "JPEG, PNG, WEBP, GIF, BMP, TIFF, PPM"


def jpeg(image_size: int = 64) -> bytes:
    content = BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (image_size, image_size), dtype=np.uint8)
    Image.fromarray(noise).save(content, "JPEG", quality=95)
    return content.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that says it is `width` × `height` and has next to nothing in it."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))]
    chunks += [(b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    parts = [b"\x89PNG\r\n\x1a\n"]
    for name, body in chunks:
        parts += [
            struct.pack(">I", len(body)),
            name,
            body,
            struct.pack(">I", zlib.crc32(name + body)),
        ]
    return b"".join(parts)


def nothing(here: Path, drawn: Drawn) -> None:
    """The folder that is asked for is not there."""


def empty_folder(here: Path, drawn: Drawn) -> None:
    (here / "photos").mkdir()


def a_file(here: Path, drawn: Drawn) -> None:
    (here / "photos").write_bytes(jpeg())


def no_class_folders(here: Path, drawn: Drawn) -> None:
    drawn(".", ("photos",), 3)


def empty_class_folders(here: Path, drawn: Drawn) -> None:
    (here / "photos/cat").mkdir(parents=True)
    (here / "photos/dog").mkdir()


def one_class(here: Path, drawn: Drawn) -> None:
    drawn("photos", ("cat",), 3)


def one_image_a_class(here: Path, drawn: Drawn) -> None:
    drawn("photos", ("cat", "dog"), 1)


def val_without_train(here: Path, drawn: Drawn) -> None:
    drawn("photos/val", ("cat", "dog"), 2)
    drawn("photos/test", ("cat", "dog"), 2, seed=1)
    (here / "photos/train/cat").mkdir(parents=True)


def same_file_in_both_classes(here: Path, drawn: Drawn) -> None:
    drawn("photos", ("cat",), 1)
    shutil.copytree(here / "photos/cat", here / "photos/dog")


def both_classes_of(name: str, content: bytes) -> Callable[[Path, Drawn], None]:
    def build(here: Path, drawn: Drawn) -> None:
        for label in ("cat", "dog"):
            (here / "photos" / label).mkdir(parents=True)
            (here / "photos" / label / name).write_bytes(content)

    return build


def loop_of_links(here: Path, drawn: Drawn) -> None:
    for label in ("cat", "dog"):
        (here / "photos" / label).mkdir(parents=True)
        (here / "photos" / label / "a.jpg").symlink_to("b.jpg")
        (here / "photos" / label / "b.jpg").symlink_to("a.jpg")


def pipes(here: Path, drawn: Drawn) -> None:
    for label in ("cat", "dog"):
        (here / "photos" / label).mkdir(parents=True)
        os.mkfifo(here / "photos" / label / "a.jpg")


def unusable(count: int, name: str, problem: str) -> str:
    return (
        f"None of the {count} files of 'photos' can be used: the first, '{{here}}/photos/{name}', "
        f"{problem}; put whole images ({KNOWN}) there."
    )


TABLE = (
    (nothing, "There is no folder 'photos': give one with one sub-folder per class."),
    (empty_folder, "The folder 'photos' is empty: put one sub-folder per class into it."),
    (
        a_file,
        "'photos' is a file: give a folder with one sub-folder per class, or a .csv file with "
        "the columns path,label.",
    ),
    (
        no_class_folders,
        "The folder 'photos' holds 3 files and no class folders: put the images of each class into "
        "a sub-folder with the class's name.",
    ),
    (
        empty_class_folders,
        "The class folders of 'photos' hold no files: put the images of each into it.",
    ),
    (
        one_class,
        "'photos' has one class with images that can be read, 'cat': there should be at least two; "
        "add images of another.",
    ),
    (
        one_image_a_class,
        "No image of 'photos' can be kept for the test: no class has two that are not copies of "
        "each other or of one group; add images.",
    ),
    (
        val_without_train,
        "Images are in the splits test, validation and none is in train: put images to learn from "
        "there, give no splits, or have those of a folder taken for parts of one set, which is "
        "split anew, by --data.layout parts.",
    ),
    (
        same_file_in_both_classes,
        unusable(
            2,
            "cat/000.png",
            "is the same file as '{here}/photos/dog/000.png', which is under the label 'dog'",
        ),
    ),
    (both_classes_of("a.jpg", b""), unusable(2, "cat/a.jpg", "is empty (0 bytes)")),
    (
        both_classes_of("a.jpg", b"<!DOCTYPE html><title>404</title>"),
        unusable(
            2,
            "cat/a.jpg",
            f"is not an image of a known format ({KNOWN}): it starts with '<!DOCTYPE html><'",
        ),
    ),
    (
        both_classes_of("a.jpg", jpeg()[:1000]),
        unusable(
            2,
            "cat/a.jpg",
            "is truncated or damaged: image file is truncated",
        ),
    ),
    (
        both_classes_of("a.jpg", b"\xff\xd8\xff\xe0"),
        unusable(
            2,
            "cat/a.jpg",
            "is JPEG with a damaged or unusual header (the file ends in it): "
            "if other programs show it, save it with one of them as PNG",
        ),
    ),
    (
        both_classes_of("a.png", png_header(64, 64)),
        unusable(
            2,
            "cat/a.png",
            "is truncated or damaged: image file is truncated (0 bytes not processed)",
        ),
    ),
    (
        both_classes_of("a.png", png_header(30_000, 3_000)),
        unusable(
            2,
            "cat/a.png",
            "would unpack to 90000000 pixels, more than the 89478485 of --data.max-pixels",
        ),
    ),
    (
        both_classes_of("a.png", png_header(200_000, 200_000)),
        unusable(
            2,
            "cat/a.png",
            "would unpack to 40000000000 pixels, more than the 89478485 of --data.max-pixels",
        ),
    ),
    (
        loop_of_links,
        unusable(4, "cat/a.jpg", "cannot be opened: Too many levels of symbolic links"),
    ),
    (pipes, unusable(2, "cat/a.jpg", "cannot be opened: it is not a regular file")),
)


@pytest.mark.parametrize(("build", "sentence"), TABLE)
@pytest.mark.parametrize("name", ["look", "train", "compare"])
def test_a_bad_folder_is_one_sentence_and_exit_status_1(
    name, build, sentence, command, tmp_path, drawn
):
    build(tmp_path, drawn)
    outcome = command(name, "photos")
    assert outcome.sentences == ["transferkit: " + sentence.replace("{here}", str(tmp_path))]
    assert outcome.status == 1
    assert outcome.new == []


def test_a_name_too_long_for_the_file_system_is_a_sentence(command):
    name = "x" * 300
    assert command("look", name).sentences == [
        f"transferkit: The folder {name!r} cannot be opened: File name too long; give one that "
        "you may read, with one sub-folder per class."
    ]


def test_a_strict_job_ends_at_an_image_that_cannot_be_read(command, photos):
    (photos / "cat/broken.jpg").write_bytes(b"")
    outcome = command("train", "photos", "--data.strict")
    assert outcome.sentences == [
        "transferkit: 1 of 9 files have a problem, and --strict is set; the first, "
        f"'{photos}/cat/broken.jpg', is empty (0 bytes): mend or remove them, or leave "
        "--strict out."
    ]
    assert (outcome.status, outcome.new) == (1, [])
