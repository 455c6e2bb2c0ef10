"""Verification of an export: it agrees with its network in a fresh process, or is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from transferkit.data.decoding.value_range import BYTES
from transferkit.data.quality.file_info import inspect_files, wide_files
from transferkit.errors import ExportError
from transferkit.export.agreement import Agreement, diagnose, measure_agreement
from transferkit.export.decoding_graph import FORMATS as TENSORFLOW_FORMATS
from transferkit.export.formats import ExportFormat
from transferkit.export.fresh_process import (
    answers_in_fresh_process,
    encoded_in_fresh_process,
    run_script,
)
from transferkit.export.handover import SCRIPT
from transferkit.export.reference import Reference
from transferkit.export.worker import VARIANTS
from transferkit.models.network import Network

DIAGNOSED_IMAGES = 64
MAX_FILES = 200  # decoded by predict.py and by TensorFlow
MIN_SAME_TOP1_ENCODED = 0.9  # if TensorFlow decodes; one image may always differ
PLAIN_MODES = ("RGB", "L")  # of Pillow: without alpha, palette or CMYK


@dataclass(frozen=True)
class Encoded:
    """Agreement of the signature `encoded`, with which TensorFlow decodes image files.

    Attributes:
        agreement: for upright 8-bit JPEG, PNG, GIF and BMP without alpha; None if there are none.
        others: number of other files, which were not compared, since TensorFlow decodes them
            differently.
    """

    agreement: Agreement | None
    others: int


@dataclass(frozen=True)
class Verification:
    """Figures of a verified export.

    Attributes:
        pixels: agreement for decoded pixels.
        milliseconds: per image, of the export, in batches, without decoding.
        script: agreement of `predict.py`, for 8-bit files; None if there are none.
        encoded: agreement of `encoded`, for a SavedModel only.
    """

    pixels: Agreement
    milliseconds: float
    script: Agreement | None
    encoded: Encoded | None = None


def verify_export(
    row: ExportFormat, folder: Path, network: Network, reference: Reference
) -> Verification:
    """Compare the export in `folder` with the probabilities of `network`, in `reference`.

    Raises:
        ExportError: it disagrees, or its runtime cannot run it; the error names the cause if it is
            known.
    """
    answers = answers_in_fresh_process(row, folder, reference.pixels)
    agreement = measure_agreement(reference.probabilities, answers["same"], reference.labels)
    if not agreement.is_within(row):
        raise _disagreement(row, folder, agreement, reference)
    return Verification(
        agreement,
        float(answers["same milliseconds"]),
        _verify_script(row, folder, network, reference),
        _verify_encoded(row, folder, network, reference) if row.name == "saved_model" else None,
    )


def _disagreement(
    row: ExportFormat, folder: Path, agreement: Agreement, reference: Reference
) -> ExportError:
    few = reference.head(DIAGNOSED_IMAGES)
    answers = answers_in_fresh_process(row, folder, few.pixels, list(VARIANTS))
    cause = diagnose(few.probabilities, answers)
    bound = "" if row.max_difference is None else f" (the bound is {row.max_difference:g})"
    least = "" if row.min_same_top1 == 1 else f" (at least {100 * row.min_same_top1:g} % should)"
    unknown = "the cause cannot be told; another format may do"
    if row.max_difference is None and np.isfinite(agreement.max_difference):
        unknown = "8-bit integers are too coarse for it; --to litert keeps floats"
    return ExportError(
        f"The export to {row.title} disagrees with the network, so it is not written: "
        f"probabilities differ by up to {agreement.max_difference:.3g}{bound}, and "
        f"{round(agreement.same_top1 * agreement.images)} of {agreement.images} test images get "
        f"the same class{least}; {f'the cause is {cause}' if cause else unknown}."
    )


def _verify_script(
    row: ExportFormat, folder: Path, network: Network, reference: Reference
) -> Agreement | None:
    """Compare `predict.py` on 8-bit files; its docstring says how it reads others."""
    few = reference.head(MAX_FILES)
    wide = wide_files(few.paths, network.data.max_pixels)
    others = set(wide.loc[wide["values"] != BYTES, "path"])
    chosen = [index for index, path in enumerate(few.paths) if path not in others]
    if not chosen:
        return None
    rows = run_script(folder / SCRIPT, [few.paths[index] for index in chosen])
    read = [index for index, line in zip(chosen, rows, strict=True) if "problem" not in line]
    answers = [line["probabilities"] for line in rows if "problem" not in line]
    if not read:
        raise ExportError(
            f"{SCRIPT} of the export to {row.title} can read none of {len(chosen)} test images, "
            f"so it is not written: {rows[0]['problem'].rstrip('.')}."
        )
    candidate = np.array(answers, np.float32)
    agreement = measure_agreement(few.probabilities[read], candidate, few.labels[read])
    if not agreement.is_within(row):
        differences = np.abs(candidate - few.probabilities[read]).max(axis=1)
        worst = few.paths[read[int(differences.argmax())]]
        raise ExportError(
            f"{SCRIPT} of the export to {row.title} decodes images in another way than the "
            f"network, so it is not written: probabilities differ by up to "
            f"{agreement.max_difference:.3g}, most for {worst!r}."
        )
    return agreement


def _verify_encoded(
    row: ExportFormat, folder: Path, network: Network, reference: Reference
) -> Encoded:
    few = reference.head(MAX_FILES)
    chosen = _plain_files(few.paths, network)
    others = len(few.paths) - len(chosen)
    if not chosen:
        return Encoded(None, others)
    files = [few.paths[index] for index in chosen]
    answers = encoded_in_fresh_process(row, folder, files)["encoded"]
    read = np.isfinite(answers).all(axis=1)
    chosen = np.array(chosen)[read].tolist()
    others += len(read) - len(chosen)
    if not chosen:
        return Encoded(None, others)
    agreement = measure_agreement(
        few.probabilities[chosen], answers[read], few.labels[chosen], tie=0.0
    )
    differing = round((1 - agreement.same_top1) * agreement.images)
    if differing > max(1, (1 - MIN_SAME_TOP1_ENCODED) * agreement.images):
        raise ExportError(
            f"The signature of the SavedModel that decodes image files disagrees with the network, "
            f"so it is not written: {differing} of {agreement.images} test images get another "
            "class; export to keras or onnx, and decode with its predict.py."
        )
    return Encoded(agreement, others)


def _plain_files(paths: Sequence[str], network: Network) -> list[int]:
    """Return the indices of files that TensorFlow decodes as Pillow does, except for resizing."""
    files = inspect_files(paths, network.data.max_pixels, value_range=network.data.value_range)
    plain = (
        files["format"].isin(TENSORFLOW_FORMATS)
        & files["mode"].isin(PLAIN_MODES)
        & (files["orientation"] == 1)
        & (files["values"] == BYTES)
        & (files["problem"] == "")
    )
    return np.flatnonzero(plain.to_numpy()).tolist()
