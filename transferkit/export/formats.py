"""Table of the export formats: files, packages, and the bounds of the comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from transferkit.errors import DeviceError, unknown_name

FLOAT_BOUND = 1e-3  # on a difference of probabilities; those measured are 6e-6 at most
MIN_SAME_TOP1_INT8 = 0.98


@dataclass(frozen=True)
class ExportFormat:
    """A format that a network can be exported to.

    Attributes:
        name: as in `--to`.
        title: in sentences.
        model: path of the model within the folder of the export.
        modules: modules that write it; the last one also runs it.
        packages: pip packages that run it, besides Pillow and NumPy.
        extra: extra of transferkit that installs them; empty if none is needed.
        keras: the first version of Keras that writes it.
        max_difference: bound on the greatest difference of a probability; None for no bound.
        min_same_top1: least share of images with the same class.
    """

    name: str
    title: str
    model: str
    modules: tuple[str, ...]
    packages: tuple[str, ...]
    extra: str = ""
    keras: tuple[int, int] = (3, 12)
    max_difference: float | None = FLOAT_BOUND
    min_same_top1: float = 1.0

    def path(self, folder: str | Path) -> Path:
        """Return the path of the model in the export `folder`."""
        return Path(folder) / self.model


LITERT = ("ai_edge_litert",)
FORMATS = (
    ExportFormat("keras", "Keras", "model.keras", (), ("keras", "tensorflow")),
    ExportFormat("saved_model", "SavedModel", "model/1", (), ("tensorflow",)),
    ExportFormat(
        "litert", "LiteRT", "model.tflite", LITERT, ("ai-edge-litert",), "litert", (3, 13)
    ),
    ExportFormat(
        "litert-int8",
        "LiteRT of 8-bit integers",
        "model.tflite",
        LITERT,
        ("ai-edge-litert",),
        "litert",
        (3, 13),
        None,
        MIN_SAME_TOP1_INT8,
    ),
    ExportFormat(
        "onnx", "ONNX", "model.onnx", ("onnx", "tf2onnx", "onnxruntime"), ("onnxruntime",), "onnx"
    ),
    ExportFormat("openvino", "OpenVINO", "model.xml", ("openvino",), ("openvino",), "openvino"),
)


def find_format(name: str) -> ExportFormat:
    """Return the row of the format `name`.

    Raises:
        ConfigError: there is none.
    """
    for row in FORMATS:
        if row.name == name:
            return row
    raise unknown_name("export format", name, [row.name for row in FORMATS])


def require_runtime(row: ExportFormat) -> None:
    """Check that the runtime of the format is installed.

    Raises:
        DeviceError: it is not; the error names the extra.
    """
    _require_modules(row, row.modules[-1:])


def require_installed(row: ExportFormat, keras_version: str = "") -> None:
    """Check that the packages that write and run the format are installed.

    Raises:
        DeviceError: one is missing; the error names the extra, or the version of Keras.
    """
    _require_modules(row, row.modules)
    version = keras_version or metadata.version("keras")
    if tuple(int(part) for part in version.split(".")[:2]) < row.keras:
        least = ".".join(map(str, row.keras))
        raise DeviceError(
            f"Keras {version} cannot export to {row.title}: {least} and later can; "
            "`pip install --upgrade keras`."
        )


def _require_modules(row: ExportFormat, names: Sequence[str]) -> None:
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise DeviceError(
            f"An export to {row.title} was asked for, and {' and '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not installed: "
            f"`pip install 'transferkit[{row.extra}]'`."
        )
