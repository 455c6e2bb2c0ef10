"""`transferkit export`: write the network of a run in the formats of other runtimes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated, Literal

import tyro

from transferkit.cli.arguments import parse_arguments
from transferkit.runtime.process import silence_tensorflow
from transferkit.runtime.progress import log, show
from transferkit.storage.run import Run

FormatName = Literal["keras", "saved_model", "litert", "litert-int8", "onnx", "openvino"]


@dataclasses.dataclass(frozen=True)
class ExportOptions:
    """Export the network of a run to other formats.

    Each export is compared with the network on test images of the run. If they disagree, the export
    is not written.
    """

    run: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
    """The run folder."""
    to: tuple[FormatName, ...]
    """One or more formats. litert-int8 has 8-bit integers, scaled by training images."""
    out: Annotated[str, tyro.conf.arg(metavar="DIR")] = ""
    """The folder of the export; with several formats, each gets a sub-folder of it. If not given,
    RUN/export/FORMAT."""
    overwrite: bool = False
    """Replace an export that exists."""


def export(arguments: Sequence[str]) -> None:
    """`transferkit export RUN --to FORMAT...`."""
    options = parse_arguments(ExportOptions, arguments, program="transferkit export")
    silence_tensorflow()
    from transferkit.export.run import export_run

    for folder in export_run(options.run, options.to, out=options.out, overwrite=options.overwrite):
        show(folder)
    _report_again(Run.open(options.run))


def _report_again(run: Run) -> None:
    """Make the report and the model card of `run` again, with the figures of its exports.

    Raises:
        RunError: they cannot be made; the exports are in place all the same.
    """
    if not (run / "results.json").is_file():
        return
    from transferkit.report.comparison.loading import load_report

    load_report(run).save(run)
    log(f"Report: {run / 'report.html'}")
