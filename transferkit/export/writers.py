"""Writers of the model files of every format, by the exporters of Keras."""

from __future__ import annotations

import logging
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np

from transferkit.errors import ExportError, brief
from transferkit.export.agreement import augmentation_hint
from transferkit.export.decoding_graph import decode_batch
from transferkit.export.formats import ExportFormat
from transferkit.export.runtimes import ENCODED
from transferkit.runtime.process import native_stderr_silenced

if TYPE_CHECKING:
    from transferkit.models.network import Network

CALIBRATION_IMAGES = 100  # training images that set the ranges of 8-bit integers; 300 are no better
CHATTY = ("tf2onnx", "absl", "tensorflow")  # loggers that log every step


def write_model(
    network: Network, row: ExportFormat, folder: Path, calibration: np.ndarray | None = None
) -> None:
    """Write the model of `network` in the format `row` into `folder`, class names included.

    `calibration` is `(images, image_size, image_size, 3)` uint8 RGB, training images that
    set the ranges of 8-bit integers.

    Raises:
        ExportError: Keras cannot export this network to the format.
    """
    path = row.path(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with _quiet():
            WRITERS[row.name](network, path, calibration)
    except Exception as error:  # converters raise many types of errors
        cure = augmentation_hint(str(error)) or "; another format may do"
        raise ExportError(
            f"The network cannot be exported to {row.title}: {type(error).__name__}: "
            f"{brief(error)}{cure}."
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the output of converters, in C++ too, and their warnings about deprecated names."""
    loggers = [logging.getLogger(name) for name in CHATTY]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with native_stderr_silenced(), redirect_stdout(StringIO()), warnings.catch_warnings():
            warnings.filterwarnings("ignore", r".*`np\.object`", FutureWarning)
            warnings.filterwarnings("ignore", r".*`np\.object`", DeprecationWarning)
            warnings.filterwarnings("ignore", r"\s*Warning: tf\.lite\.Interpreter", UserWarning)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _keras(network: Network, path: Path, calibration: np.ndarray | None) -> None:
    network.save(path.parent)


def _saved_model(network: Network, path: Path, calibration: np.ndarray | None) -> None:
    import tensorflow as tf

    model, size, resize = network.model, network.image_size, network.data.resize
    archive = keras.export.ExportArchive()
    archive.track(model)
    pixels = tf.TensorSpec((None, size, size, 3), tf.float32, name="images")
    contents = tf.TensorSpec((None,), tf.string, name="image_bytes")

    def serve(images: tf.Tensor) -> tf.Tensor:
        return model(images, training=False)

    def encoded(image_bytes: tf.Tensor) -> tf.Tensor:
        return model(decode_batch(image_bytes, size, resize), training=False)

    archive.add_endpoint("serve", serve, input_signature=[pixels])
    archive.add_endpoint(ENCODED, encoded, input_signature=[contents])
    archive.write_out(str(path), verbose=False)
    extra = path / "assets.extra"  # TensorFlow Serving ignores it
    extra.mkdir()
    (extra / "labels.txt").write_text(labels_text(network.classes), "utf-8", "surrogateescape")


def _litert(network: Network, path: Path, calibration: np.ndarray | None) -> None:
    _export(network, path, "litert")
    _add_labels(network, path)


def _litert_int8(network: Network, path: Path, calibration: np.ndarray | None) -> None:
    from transferkit.export.eight_bits import quantize_network

    assert calibration is not None, "8-bit integers need training images"
    path.write_bytes(quantize_network(network, calibration))
    _add_labels(network, path)


def _export(network: Network, path: Path, kind: str) -> None:
    """Export with Keras, for any batch size."""
    size = network.image_size
    # Without a signature, Keras refuses a model that has not been called yet.
    images = keras.InputSpec(shape=(None, size, size, 3), dtype="float32", name="images")
    network.model.export(str(path), format=kind, verbose=False, input_signature=[images])


def _add_labels(network: Network, path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive:  # as LiteRT's metadata library adds its files
        archive.writestr("labels.txt", labels_text(network.classes).encode(errors="replace"))


def _onnx(network: Network, path: Path, calibration: np.ndarray | None) -> None:
    import onnx

    _export(network, path, "onnx")
    model = onnx.load(str(path))
    for name, value in _metadata(network).items():
        model.metadata_props.add(key=name, value=value)
    onnx.save(model, str(path))


def _openvino(network: Network, path: Path, calibration: np.ndarray | None) -> None:
    from transferkit.inference.openvino.core import openvino_core
    from transferkit.inference.openvino.no_telemetry import import_without_telemetry

    openvino = import_without_telemetry("openvino")
    plain = path.with_name("plain.xml")
    _export(network, plain, "openvino")
    model = openvino_core().read_model(str(plain))
    for name, value in _metadata(network).items():
        model.set_rt_info(value, ["model_info", name])
    openvino.save_model(model, str(path), compress_to_fp16=False)
    del model  # it reads its weights from the file lazily
    for part in (plain, plain.with_suffix(".bin")):
        part.unlink()


def _metadata(network: Network) -> dict[str, str]:
    """Return the metadata of a model file."""
    names = labels_text(network.classes).encode(errors="replace").decode()
    return {"labels": names, "input": "RGB, 0 to 255", "made_by": "transferkit"}


def labels_text(classes: tuple[str, ...]) -> str:
    """Return the class names, one per line, in the order of the probabilities."""
    return "".join(f"{' '.join(name.splitlines())}\n" for name in classes)


WRITERS: dict[str, Callable[[Network, Path, np.ndarray | None], None]] = {
    "keras": _keras,
    "saved_model": _saved_model,
    "litert": _litert,
    "litert-int8": _litert_int8,
    "onnx": _onnx,
    "openvino": _openvino,
}
