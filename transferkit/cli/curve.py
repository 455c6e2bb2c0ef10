"""`transferkit curve`: accuracy by number of training images."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated

import tyro

from transferkit.baselines.catalog import suitable_baselines
from transferkit.cli.compare import baseline_names
from transferkit.cli.job import Job, parse_job
from transferkit.config.validation import Between, check_settings
from transferkit.experiment import quiet_tfds, run_name
from transferkit.runtime.printing import guarded
from transferkit.runtime.process import silence_tensorflow
from transferkit.runtime.progress import log, show
from transferkit.storage.files import write_json, write_text
from transferkit.storage.locks import locked
from transferkit.storage.output_folder import CURVE, claim, folder_for
from transferkit.storage.run import Run

FOLDER, PAGE = "curves", CURVE.marker


@dataclasses.dataclass(frozen=True)
class CurveJob(Job):
    """Plot accuracy by number of training images, and estimate the gain from twice the images."""

    out: str = ""
    """The folder to make; if not given, curves/NAME, numbered."""
    overwrite: bool = False
    """Replace the curve in that folder."""
    baselines: Annotated[str, tyro.conf.arg(metavar="NAME,NAME")] = "default"
    """Comma-separated names from `transferkit baselines`; default, or none."""
    draws: Annotated[int, Between(1, 100)] = 5
    """Random subsets for each number of images; fewer for the largest numbers."""

    def __post_init__(self) -> None:
        check_settings(self)

    def check(self) -> None:
        """Check as any job, but the folder is for a curve: a training run is not overwritten.

        Raises:
            ConfigError, WeightsError: as for any job.
            RunError: the folder is taken, or holds no curve, or a network too.
        """
        Job.check(dataclasses.replace(self, out=""))
        self.claim()

    def claim(self) -> None:
        """Raise an error for a folder that is taken; nothing is touched.

        Raises:
            RunError: as `check`.
        """
        if self.out:
            claim(self.out, CURVE, overwrite=self.overwrite)


def curve(arguments: Sequence[str]) -> None:
    """`transferkit curve DIR`: print a table, and write a page, JSON and CSV."""
    job = parse_job(CurveJob, arguments, program="transferkit curve")
    job.check()
    run_curve(job)


def run_curve(job: CurveJob) -> Run:
    """Print the curve of `job` and write its folder.

    Raises:
        TransferkitError: what is wrong with the images, the settings or the folder.
    """
    names = None if job.baselines == "default" else baseline_names(job.baselines, job.settings)
    config = job.settings
    quiet_tfds(job.source)
    manifest = job.read_manifest()
    silence_tensorflow()
    from transferkit.learning_curves.run import CURVE_BASELINES, learning_curve
    from transferkit.report.learning_curve.page import curve_page

    chosen = suitable_baselines(config, CURVE_BASELINES) if names is None else names
    name = run_name(manifest.source, config.model.backbone)
    with folder_for(job.out, FOLDER, name) as folder, locked(folder):
        curve = learning_curve(manifest, config, baselines=chosen, draws=job.draws)
        job.claim()  # it may have been taken meanwhile
        run = Run(folder)
        write_text(run / "config.yaml", config.to_yaml())
        (run / PAGE).unlink(missing_ok=True)  # what has it is whole; the others are replaced
        manifest.save(run / "manifest.csv")
        write_json(run / "curve.json", curve.to_json())
        write_text(run / "curve.csv", curve.frame().map(guarded).to_csv(index=False))
        write_text(run / PAGE, curve_page(curve, config))
    show(curve)
    log(f"Learning curve: {run / PAGE}")
    return run
