"""Files of an export beside the model: labels.txt, README.md and predict.py."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from transferkit.export.formats import ExportFormat
from transferkit.export.record import ExportRecord
from transferkit.export.writers import CALIBRATION_IMAGES, labels_text
from transferkit.storage.files import write_text

if TYPE_CHECKING:
    from transferkit.models.network import Network

SCRIPT, LABELS, PAGE = "predict.py", "labels.txt", "README.md"
TEMPLATES = Path(__file__).parent / "templates"


def write_script(row: ExportFormat, folder: Path, network: Network) -> None:
    """Write labels.txt, and predict.py, which decodes images as `network` does."""
    write_text(folder / LABELS, labels_text(network.classes))
    data = network.data
    text = (
        _environment()
        .get_template(f"{SCRIPT}.jinja")
        .render(
            format=row.name,
            model=row.model,
            packages=", ".join(("pillow", "numpy", *row.packages)),
            image_size=network.image_size,
            resize=data.resize,
            value_range=data.value_range,
        )
    )
    write_text(folder / SCRIPT, text)


def write_page(row: ExportFormat, folder: Path, record: ExportRecord) -> None:
    """Write README.md: how to use the export, and the figures of the comparison."""
    text = (
        _environment()
        .get_template(f"{PAGE}.jinja")
        .render(
            row=row,
            record=dataclasses.replace(record, classes=tuple(map(_one_line, record.classes))),
            parity=record.parity,
            pixels=record.parity["pixels"],
            calibration_images=record.parity["calibration_images"] or CALIBRATION_IMAGES,
        )
    )
    write_text(folder / PAGE, text)


def _one_line(name: str) -> str:
    return " ".join(name.splitlines()).replace("|", r"\|").replace("<", "&lt;")


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{100 * share:.1f} %"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["percent"] = _percent
    return environment
