"""`transferkit look`: inspect the images of a folder before training."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from transferkit.backbones.resolve import resolve_model
from transferkit.cli.arguments import parse_arguments
from transferkit.cli.job import Job
from transferkit.config.settings import DEFAULT_BACKBONE, Config, DataConfig, ModelConfig
from transferkit.config.validation import Between, check_settings
from transferkit.data.augmentation.policies import find_policy
from transferkit.errors import ConfigError, DataError
from transferkit.experiment import quiet_tfds, run_name
from transferkit.runtime.process import silence_tensorflow
from transferkit.runtime.progress import log, show
from transferkit.storage.output_folder import LOOK, claim, folder_for

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from PIL import Image

    from transferkit.data.inspection import DatasetInspection
    from transferkit.data.manifest import Manifest
    from transferkit.data.probes import FeatureReader

SHEET_ROWS = 6  # images on a contact sheet
SHEET_PICTURE_SIZE = 160  # pixels of each picture on it


@dataclasses.dataclass(frozen=True)
class LookOptions:
    """Inspect a folder of images: classes, sizes, formats, and what may be wrong with them."""

    source: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")]
    """A folder with one sub-folder per class, a .csv of path,label[,split,group], or tfds:NAME."""
    data: DataConfig = DataConfig()
    seed: Annotated[int, Between(0, 2**32 - 1)] = 0
    """Seed of the split, of the contact sheet and of the folds of --label-issues."""
    fix: Literal["none", "manifest"] = "none"
    """manifest: also write a manifest.csv without the images that cannot be used well, for
    `transferkit compare`; the images themselves stay as they are."""
    augment: str = ""
    """Also draw a contact sheet of the images under this policy: none, flip, photo or strong."""
    label_issues: bool = False
    """Also look for wrong labels: each image is predicted by a classifier that was not trained on
    it."""
    shift: bool = False
    """Also test by the backbone's features whether test images differ from training images, and
    whether file names reveal sequences; plain image statistics are always tested."""
    backbone: str = DEFAULT_BACKBONE
    """The backbone of --label-issues and --shift, as in training."""
    weights: str = "imagenet"
    """Its weights: imagenet, embedded, none, or a file."""
    out: str = ""
    """The folder to make; if not given, looks/NAME, numbered."""
    overwrite: bool = False
    """Replace the look in that folder."""

    def __post_init__(self) -> None:
        check_settings(self)
        if self.augment:
            find_policy(self.augment)
        if not self.asks_backbone and (self.backbone, self.weights) != (
            DEFAULT_BACKBONE,
            "imagenet",
        ):
            raise ConfigError(
                "--backbone and --weights are for --label-issues and --shift alone: pass one of "
                "these too, or leave them out."
            )

    @property
    def asks_backbone(self) -> bool:
        """Whether features are needed."""
        return self.label_issues or self.shift

    @property
    def job(self) -> Job:
        """The settings of the network for --label-issues and --shift."""
        model = ModelConfig(backbone=self.backbone, weights=self.weights)
        return Job(self.source, Config(data=self.data, model=model, seed=self.seed))


def look(arguments: Sequence[str]) -> None:
    """`transferkit look DIR`: print a summary of a folder, and write a page on it."""
    options = parse_arguments(LookOptions, arguments, program="transferkit look")
    if options.asks_backbone:
        options.job.check()
    if options.out:
        claim(options.out, LOOK, overwrite=options.overwrite, protect=options.source)
    quiet_tfds(options.source)
    from transferkit.data.inspection import look as look_into

    reader = _feature_reader(options) if options.asks_backbone else None
    inspection = look_into(options.source, options.data, seed=options.seed, read_features=reader)
    show(inspection)
    name = run_name(options.source, backbone="").rstrip("-")
    # Not before the look: the folder may be within the one that is looked at.
    with folder_for(options.out, "looks", name) as folder:
        _leave_page(options, inspection, folder)


def _leave_page(options: LookOptions, inspection: DatasetInspection, folder: Path) -> None:
    from transferkit.report.inspection.folder import MANIFEST, PAGE, write_look

    fixed, refusal = _fixed(inspection) if options.fix == "manifest" else (None, None)
    again = f"--manifest {shlex.quote(str(folder / MANIFEST))}"
    command = f"transferkit compare {shlex.quote(options.source) if refusal else again}"
    issues = _label_issues(options, inspection.manifest) if options.label_issues else None
    sheet = _sheet(options, inspection.manifest) if options.augment else None
    from transferkit.report.inspection.page import look_page

    page = look_page(
        inspection,
        options.data,
        label_issues=issues,
        sheet=sheet,
        policy=options.augment,
        next_command=command if options.fix == "manifest" else "",
    )
    sheets = {options.augment: sheet} if sheet else {}
    write_look(folder, page, inspection.findings, fixed=fixed, label_issues=issues, sheets=sheets)
    log(f"Page: {folder / PAGE}")
    if refusal:
        raise refusal
    if fixed:
        log(f"Next: {command}")


def _fixed(inspection: DatasetInspection) -> tuple[Manifest | None, DataError | None]:
    """Return the cleaned manifest, or the error why there is none."""
    try:
        return inspection.fixed(), None
    except DataError as error:
        return None, error


def _feature_reader(options: LookOptions) -> FeatureReader:
    """Return a function that computes the features of the backbone when it is called."""

    def read(paths: Sequence[str]) -> np.ndarray:
        silence_tensorflow()
        settings = options.job.settings
        from transferkit.features.extract import extract_features
        from transferkit.features.spec import FeatureSpec

        config = dataclasses.replace(settings, model=resolve_model(settings.model))
        return extract_features(FeatureSpec.from_config(config), paths).values

    return read


def _label_issues(options: LookOptions, manifest: Manifest) -> pd.DataFrame:
    """Return the labels of the images, the most doubtful first."""
    silence_tensorflow()
    settings = options.job.settings
    from transferkit.features.label_issues import find_label_issues

    return find_label_issues(manifest, settings)


def _sheet(options: LookOptions, manifest: Manifest) -> Image.Image:
    """Return a contact sheet of the first images of each class under the policy."""
    silence_tensorflow()
    from transferkit.data.augmentation.preview import contact_sheet
    from transferkit.data.decoding.decode import read_images

    rows = manifest.part("train")
    # By numbers: of the names pandas may keep UTF-8, and not every folder's name is.
    labels = manifest.label_indices(rows)
    turn = rows.groupby(labels).cumcount()  # the first of every class before any second
    rows = rows.assign(turn=turn, number=labels).sort_values(["turn", "number"]).head(SHEET_ROWS)
    images = read_images(
        rows["path"].tolist(), SHEET_PICTURE_SIZE, manifest.settled_data(options.data)
    )
    return contact_sheet(
        images, find_policy(options.augment), seed=options.seed, labels=rows["label"].tolist()
    )
