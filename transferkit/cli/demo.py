"""`transferkit demo`: compare on the samples that need no download."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Literal

import tyro

from transferkit.cli.arguments import parse_arguments
from transferkit.cli.compare import CompareJob, baseline_names
from transferkit.cli.train import run_job
from transferkit.config.settings import Config, TrainConfig
from transferkit.errors import RunError
from transferkit.runtime.progress import log
from transferkit.storage.output_folder import numbered_folder


@dataclasses.dataclass(frozen=True)
class Demo:
    """Train a network and the baselines on one sample or both."""

    out: Annotated[str, tyro.conf.arg(metavar="DIR")] = "transferkit-demo"
    """The folder for the sample images and the runs."""
    sample: Literal["patches", "digits", "both"] = "both"
    """patches: crops of 13 photographs. digits: handwritten digits, easier. both: the two in
    turn."""


@dataclasses.dataclass(frozen=True)
class Sample:
    """A sample data set that can be written without a network connection."""

    name: str
    """Name of its folder."""
    about: str
    """Description that begins with the number of its images."""
    write: Callable[[Path], Path]
    """Writes it into a folder that is free or holds it already, and gives the folder."""
    augment: str
    """The policy that leaves its labels true."""

    @property
    def config(self) -> Config:
        """The settings of its run: the head alone, which is done in seconds."""
        return Config(train=TrainConfig(augment=self.augment, unfreeze="none"))


def _digits(folder: Path) -> Path:
    from transferkit.data.samples.digits import write_digits

    return write_digits(folder)


def _patches(folder: Path) -> Path:
    from transferkit.data.samples.patches import write_patches

    return write_patches(folder)


SAMPLES = (
    Sample(
        "patches",
        "1,110 grey crops of 48 pixels from 13 photographs; the class is the photograph",
        _patches,
        "flip",
    ),
    Sample("digits", "1,797 handwritten digits, from scikit-learn", _digits, "none"),
)


def demo(arguments: Sequence[str]) -> None:
    """`transferkit demo`: compare on the samples, without any download."""
    options = parse_arguments(Demo, arguments, program="transferkit demo")
    folder = Path(options.out)
    samples = [sample for sample in SAMPLES if options.sample in (sample.name, "both")]
    # All of them first: errors of a folder come before the training.
    sources = [sample.write(folder / sample.name) for sample in samples]
    reports, failures = [], []
    for pair in zip(samples, sources, strict=True):
        try:
            reports.append(run_sample(*pair))
        except RunError as error:  # such as a section of its report: the next sample has its own
            failures.append(error)
    if len(reports) > 1:
        log(f"Both reports: {' and '.join(map(str, reports))}")
    for failure in failures[:-1]:
        log(f"transferkit: {failure}")
    if failures:
        raise failures[-1]


def run_sample(sample: Sample, source: Path) -> Path:
    """Compare on `sample`, which is in `source`, and return the report's path.

    What the sample is comes before its table, on standard output like that.
    """
    print(f"\n{sample.name}: {sample.about}", flush=True)
    out = numbered_folder(source.parent, f"run-{sample.name}")
    job = CompareJob(str(source), sample.config, out=str(out))
    return run_job(job, baseline_names(job.baselines, job.settings)) / "report.html"
