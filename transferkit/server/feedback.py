"""Images that users marked as wrong, saved with their true class, to train on."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

from transferkit.data.decoding.decode import read_picture
from transferkit.data.decoding.formats import HEAD
from transferkit.data.decoding.image_files import ImageError, require_format
from transferkit.data.sources.csv.csv_file import read_csv_list
from transferkit.errors import RunError, TransferkitError
from transferkit.runtime.printing import csv_text
from transferkit.server.errors import RequestError
from transferkit.server.served_model import ServedModel
from transferkit.storage.files import write_atomically, write_text
from transferkit.storage.locks import awaited

LIST = "labels.csv"
COLUMNS = ("path", "label")
MAX_IMAGES = 10_000  # in a folder, so that users cannot fill the disk
DIGITS = 24  # of the SHA-256 of an image, in its file name
LOCK_SECONDS = 10.0  # to wait for another server that saves an image
READ_SIZE = 32  # pixels: the image is read whole, as far as a small one needs


class Feedback:
    """A folder of marked images, named by their content, and `labels.csv` with path and label.

    If an image is marked again, the last label replaces the earlier one. Several servers may share
    the folder.
    """

    def __init__(self, folder: Path, *, max_images: int = MAX_IMAGES) -> None:
        self.folder, self.max_images = folder, max_images
        self._lock = threading.Lock()

    def save(self, model: ServedModel, content: bytes, label: str) -> str:
        """Save the image `content` with the true class `label`; return its name in the list.

        Raises:
            RequestError: the model has no such class (400), there is no image in it (422), or the
                folder is full or cannot be written (507).
        """
        if label not in model.classes:
            raise RequestError(400, f"The model has no class {label[:100]!r}.")
        data = model.network.data
        try:
            kind = require_format(content[:HEAD])
            read_picture(
                content, READ_SIZE, max_pixels=data.max_pixels, value_range=data.value_range
            )
        except ImageError as problem:
            raise RequestError(422, f"The image {problem}.") from problem
        # Named by its content: a name from a request must never become a path.
        name = f"{hashlib.sha256(content).hexdigest()[:DIGITS]}.{kind.lower()}"
        with self._lock:
            try:
                self._add(name, content, label)
            except (OSError, TransferkitError) as error:
                raise RequestError(507, f"The image cannot be saved: {error}") from error
        return name

    def _add(self, name: str, content: bytes, label: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with awaited(self.folder, LOCK_SECONDS):  # other servers read and write the list too
            self._add_alone(name, content, label)

    def _add_alone(self, name: str, content: bytes, label: str) -> None:
        labels = self._labels()
        if name not in labels and len(labels) >= self.max_images:
            raise RunError(
                f"{str(self.folder)!r} has {self.max_images:,} images: move them elsewhere."
            )
        if not (self.folder / name).is_file():
            write_atomically(self.folder / name, content)
        labels[name] = label
        write_text(self.folder / LIST, csv_text(COLUMNS, labels.items()))

    def _labels(self) -> dict[str, str]:
        """Return the labels in the list, by path."""
        path = self.folder / LIST
        if not path.exists():
            return {}
        images = read_csv_list(path)
        return dict(zip(images.written, images.frame["label"], strict=True))
