"""Export of the network of a run: written, verified in a fresh process, and put in place."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

import transferkit
from transferkit.data.manifest import Manifest
from transferkit.errors import ConfigError, RunError
from transferkit.export.formats import ExportFormat, find_format, require_installed
from transferkit.export.gate import Verification, verify_export
from transferkit.export.handover import write_page, write_script
from transferkit.export.record import ExportRecord, add_to_run, file_digests, save_conformity
from transferkit.export.reference import Reference, read_reference
from transferkit.export.writers import write_model
from transferkit.models.network import Network
from transferkit.runtime.progress import log
from transferkit.storage.files import NO_FILE, Stamp, digest, new_folder, stamp
from transferkit.storage.output_folder import EXPORT, claim
from transferkit.storage.run import EXPORT_FOLDER, Run

MODEL = "model.keras"  # of a run
MADE_BY = ("tensorflow", "keras", "numpy", "pillow")


def export_run(
    run: str | Path, to: str | Sequence[str], *, out: str | Path = "", overwrite: bool = False
) -> list[Path]:
    """Export the network of `run` to one or more formats, and return the folder of each.

    Each export is compared with the network on test images of the run, by its own runtime in a
    fresh process. If they disagree, the export is not written. `out` is the folder of the export;
    with several formats, each gets a sub-folder of it. The default is `RUN/export/FORMAT`.

    Raises:
        ConfigError: there is no such format.
        DeviceError: a package that writes or runs a format is not installed.
        RunError: the run has no network, or another one since its export began, or a folder exists
            already.
        DataError: the files of the test images do not exist any more.
        ExportError: an export disagrees with the network; exports before it stay.
    """
    rows = [find_format(name) for name in ([to] if isinstance(to, str) else dict.fromkeys(to))]
    if not rows:
        raise ConfigError("There is no format to export to: give at least one, such as onnx.")
    opened = _opened(run)
    folders = [_folder(opened, row, Path(out) if out else None, len(rows)) for row in rows]
    for row, folder in zip(rows, folders, strict=True):
        require_installed(row)
        claim(folder, EXPORT, overwrite=overwrite)
    loaded = stamp(str(opened / MODEL))
    network = Network.load(opened.folder)
    calibrated = any(row.name == "litert-int8" for row in rows)
    manifest = Manifest.load(opened / "manifest.csv")
    reference = read_reference(network, manifest, calibrated=calibrated)
    for row, folder in zip(rows, folders, strict=True):
        log(f"Exporting to {row.title}, and comparing it on {len(reference.paths)} test images.")
        record = export_network(
            network, row, folder, reference=reference, source=opened, loaded=loaded
        )
        add_to_run(opened, record, folder)
        log(_line(row, record, folder))
    return folders


def export_network(
    network: Network,
    row: ExportFormat,
    folder: Path,
    *,
    reference: Reference,
    source: Run | None = None,
    loaded: Stamp = NO_FILE,
) -> ExportRecord:
    """Export `network` into `folder` if the export agrees with the `reference`; else raise.

    On success the content of `folder` is replaced; otherwise it stays. `loaded` is the stamp that
    the model file of the run `source` had when `network` was loaded from it.

    Raises:
        ExportError: it cannot be written, or it disagrees.
        RunError: `source` has another network by now.
    """
    with new_folder(folder, replace=True) as temporary:
        write_model(network, row, temporary, reference.calibration)
        record = _record(network, row, temporary, source)
        record.save(temporary)
        save_conformity(network.conformity, temporary)
        write_script(row, temporary, network)
        verified = verify_export(row, temporary, network, reference)
        record = replace(record, parity=_parity(row, verified, reference))
        record.save(temporary)
        write_page(row, temporary, record)
        if source is not None:
            _require_same_network(source, loaded, row)
    return record


def _require_same_network(run: Run, loaded: Stamp, row: ExportFormat) -> None:
    """Check that the model file of `run` is the one with the stamp `loaded`.

    Raises:
        RunError: it has been written again, or removed.
    """
    if stamp(str(run / MODEL)) != loaded:
        raise RunError(
            f"The network of {str(run.folder)!r} was replaced while it was exported to "
            f"{row.title}, so the export is not written: when its training has ended, "
            f"`transferkit export {shlex.quote(str(run.folder))} --to {row.name} --overwrite`."
        )


def _opened(run: str | Path) -> Run:
    """Open the run `run`, and check that it has a network.

    Raises:
        RunError: there is no run, or it has only baselines.
    """
    if str(run).endswith(".skops"):
        raise RunError(
            f"{str(run)!r} is a scikit-learn baseline, and only networks are exported: "
            "give the run folder, or predict with the baseline by "
            f"`transferkit predict RUN FILES --classifier {Path(run).stem}`."
        )
    opened = Run.open(run)
    baselines = sorted(path.stem for path in (opened / "baselines").glob("*.skops"))
    if baselines and not (opened / MODEL).is_file():
        raise RunError(
            f"The run {str(run)!r} has only baselines ({', '.join(baselines)}), and only networks "
            "are exported: `transferkit train DIR --out RUN` trains one."
        )
    return opened


def _folder(run: Run, row: ExportFormat, out: Path | None, count: int) -> Path:
    if out is None:
        return run / EXPORT_FOLDER / row.name
    return out if count == 1 else out / row.name


def _record(network: Network, row: ExportFormat, folder: Path, source: Run | None) -> ExportRecord:
    files = file_digests(folder, row.model)
    run: dict[str, str] = {}
    if source is not None:
        saved = (source / MODEL).read_bytes()
        run = {"folder": str(source.folder.absolute()), "model.keras": digest(saved).hex()}
    versions = {name: _version(name) for name in dict.fromkeys((*MADE_BY, *row.packages))}
    return ExportRecord(
        format=row.name,
        model=row.model,
        name=network.name,
        classes=network.classes,
        image_size=network.image_size,
        data=network.data,
        files=files,
        megabytes=sum((folder / name).stat().st_size for name in files) / 1e6,
        run=run,
        versions={name: version for name, version in versions.items() if version},
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        transferkit=transferkit.__version__,
    )


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:  # TensorFlow has other names too
        return ""


def _parity(row: ExportFormat, verified: Verification, reference: Reference) -> dict[str, object]:
    return {
        **asdict(verified),
        "network_milliseconds": reference.milliseconds,
        "bound": {
            "max_difference": row.max_difference,
            "min_same_top1": row.min_same_top1,
        },
        "calibration_images": len(reference.calibration) if row.name == "litert-int8" else 0,
    }


def _line(row: ExportFormat, record: ExportRecord, folder: Path) -> str:
    pixels, parity = record.parity["pixels"], record.parity
    same = round(pixels["same_top1"] * pixels["images"])
    return (
        f"{row.title}: {record.megabytes:.1f} MB, {parity['milliseconds']:.1f} ms per image "
        f"(the network: {parity['network_milliseconds']:.1f}); the same class for {same} of "
        f"{pixels['images']} images, probabilities within {pixels['max_difference']:.1g}: {folder}"
    )
