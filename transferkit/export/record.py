"""Records of an export: JSON beside the model, and exports.json in the run folder."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transferkit.config.settings import DataConfig
from transferkit.errors import RunError, brief
from transferkit.evaluation.conformal import ConformityScores
from transferkit.storage.files import digest, write_json, write_text
from transferkit.storage.run import EXPORT_MARKER as RECORD
from transferkit.storage.run import EXPORTS, Run

CONFORMITY = "conformity.json"


@dataclass(frozen=True)
class ExportRecord:
    """Facts of an export, and the figures of its comparison with the network.

    Attributes:
        format: as in `--to`.
        model: path of the model within the folder.
        name: of the network.
        classes: in the order of the probabilities.
        data: settings of the decoding.
        files: SHA-256 of each model file, by its path within the folder.
        run: the run folder, and the SHA-256 of its model.keras.
        parity: figures of the comparison; empty before it.
        versions: of the packages that wrote and ran it.
    """

    format: str
    model: str
    name: str
    classes: tuple[str, ...]
    image_size: int
    data: DataConfig
    files: Mapping[str, str]
    megabytes: float
    run: Mapping[str, str]
    versions: Mapping[str, str]
    created: str
    transferkit: str
    parity: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the content of export.json."""
        return dataclasses.asdict(self) | {
            "input": f"float32 (batch, {self.image_size}, {self.image_size}, 3), RGB of 0..255",
            "output": f"float32 (batch, {len(self.classes)}), probabilities",
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> ExportRecord:
        """Return the record with the `content` of export.json.

        Raises:
            KeyError, TypeError, ValueError: it is not valid.
        """
        values = {row.name: content[row.name] for row in dataclasses.fields(cls)}
        values["classes"] = tuple(map(str, values["classes"]))
        values["data"] = DataConfig(**values["data"])
        return cls(**values)

    def save(self, folder: Path) -> None:
        """Write export.json into `folder`."""
        write_json(folder / RECORD, self.to_json())

    @classmethod
    def load(cls, folder: Path) -> ExportRecord:
        """Return the record in `folder`.

        Raises:
            RunError: there is none, or it is damaged.
        """
        path = folder / RECORD
        try:
            return cls.from_json(json.loads(path.read_text("utf-8", "surrogateescape")))
        except FileNotFoundError as error:
            raise RunError(
                f"{str(folder)!r} holds no export: it has no {RECORD}; "
                "`transferkit export RUN --to FORMAT` makes one."
            ) from error
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise RunError(f"{str(path)!r} is no record of an export: {brief(error)}.") from error

    def require_unchanged(self, folder: Path) -> None:
        """Check that the model files in `folder` are those that were verified.

        Raises:
            RunError: one is missing, added or changed.
        """
        if (found := file_digests(folder, self.model)) != dict(self.files):
            names = sorted(name for name, _ in set(found.items()) ^ set(self.files.items()))
            raise RunError(
                f"{names[0]!r} in {str(folder)!r} is not the file that was compared with the "
                "network: export it again, with `transferkit export RUN --to FORMAT --overwrite`."
            )


def save_conformity(scores: ConformityScores | None, folder: Path) -> None:
    """Write the `scores` of the network into `folder`, for prediction sets, if there are any."""
    if scores is not None:
        write_text(folder / CONFORMITY, json.dumps(scores.to_json()))


def load_conformity(folder: Path) -> ConformityScores | None:
    """Return the scores of the network in `folder`; None if there are none.

    Raises:
        RunError: they are damaged.
    """
    path = folder / CONFORMITY
    try:
        return ConformityScores.from_json(json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{str(path)!r} holds no conformity scores ({brief(error)}): export the network again, "
            "with `transferkit export RUN --to FORMAT --overwrite`."
        ) from error


def export_folder(path: str | Path) -> Path | None:
    """Return the export folder of `path`, a folder or a model file in it; None if there is none."""
    path = Path(path)
    folders = (path, path.parent, path.parent.parent)  # of a SavedModel, `model/1`
    return next((folder for folder in folders if (folder / RECORD).is_file()), None)


def file_digests(folder: Path, model: str) -> dict[str, str]:
    """Return the SHA-256 of each file of the `model` in `folder`, by its path there."""
    path = folder / model
    files = path.rglob("*") if path.is_dir() else [path, path.with_suffix(".bin")]
    return {
        file.relative_to(folder).as_posix(): digest(file.read_bytes()).hex()
        for file in sorted(files)
        if file.is_file()
    }


def add_to_run(run: Run, record: ExportRecord, folder: Path) -> None:
    """Write the figures of an export into exports.json of its `run`, for the report."""
    entry = {
        "format": record.format,
        "folder": str(folder),
        "megabytes": record.megabytes,
        "parity": record.parity,
        "created": record.created,
    }
    others = [row for row in exports_of(run) if row["format"] != record.format]
    write_json(run / EXPORTS, [*others, entry])


def exports_of(run: Run) -> list[dict[str, Any]]:
    """Return the exports of `run`, one per format.

    Raises:
        RunError: exports.json is damaged.
    """
    return list(run.json(EXPORTS)) if (run / EXPORTS).is_file() else []
