"""The life of a run: check, read, train, compare, save; shared by commands and recipes."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.resolve import is_pretrained, starting_weights
from transferkit.backbones.spec import BackboneSpec, blocks_to_unfreeze, input_size
from transferkit.config.settings import Config
from transferkit.data.augmentation.policies import find_policy
from transferkit.data.sources.tfds.metadata import TFDS_PREFIX
from transferkit.errors import ConfigError, RunError
from transferkit.runtime.process import silence_tensorflow
from transferkit.runtime.progress import log, show
from transferkit.runtime.text import MAX_NAMES
from transferkit.storage.active_run import making, reporting_what_is_left
from transferkit.storage.locks import locked, require_unlocked
from transferkit.storage.output_folder import RUN, claim, folder_for
from transferkit.storage.run import Run

if TYPE_CHECKING:
    from transferkit.data.manifest import Manifest
    from transferkit.report.comparison.report import Report

    Work = Callable[[Manifest, Config, Run], Report]

UNNAMED = re.compile(r"[^\w.-]+")  # characters that the name of a run has not


@dataclasses.dataclass(frozen=True)
class Experiment:
    """Images, settings and the run folder of one experiment.

    Attributes:
        source: a folder, a .csv or `tfds:NAME`; empty where `manifest` is given.
        out: the run folder; empty for a numbered one below `runs`.
        overwrite: whether the run in that folder is replaced.
        manifest: the manifest.csv of an earlier run, in place of a source.
    """

    source: str = ""
    settings: Config = Config()
    out: str = ""
    overwrite: bool = False
    manifest: str = ""

    def read_manifest(self) -> Manifest:
        """Read the images, and log the notes.

        Raises:
            ConfigError: neither a source nor a manifest is given, or both are.
            DataError: there is nothing to learn from.
        """
        from transferkit.data.manifest import Manifest

        self._require_source()
        config = self.settings
        manifest = Manifest.read(self.source or self.manifest, config.data, seed=config.seed)
        log(f"Images: {manifest!r} from {manifest.source!r}.")
        for note in manifest.notes:
            log(f"Note: {note}")
        bad = manifest.quarantined
        for row in bad.head(MAX_NAMES).itertuples():
            log(f"Left out: {row.path!r} {row.problem}.")
        if len(bad) > MAX_NAMES:
            log(f"Left out: {len(bad) - MAX_NAMES} more; manifest.csv names each.")
        return manifest

    @contextmanager
    def create_run(self, name: str) -> Iterator[Run]:
        """Create the run folder, and hold its lock until the end of the block.

        `name` is its name if the settings have none. The weights are downloaded first: if they are
        not available, nothing is written. If settings turn out to be wrong before training, the
        folder is removed.

        Raises:
            WeightsError: the weights are not in Keras' cache and cannot be downloaded.
            DeviceError: there are no such devices.
            RunError: the folder is taken, or another process writes into it.
        """
        silence_tensorflow()
        from transferkit.backbones.weights import weights_path

        model = self.settings.model
        self._require_blocks(find_backbone(model.backbone))
        weights_path(find_backbone(model.backbone), starting_weights(model))
        if self.overwrite:  # nothing is removed for weights that turn out to be another network's
            from transferkit.backbones.build import build_backbone
            from transferkit.inference.devices import choose_device

            choose_device(self.settings.compute)  # logical devices cannot be made after a network
            build_backbone(model.backbone, starting_weights(model), self.settings.data.image_size)
        if self.out:
            claim(self.out, RUN, overwrite=self.overwrite)
        with folder_for(self.out, "runs", name) as folder, locked(folder):
            run = Run.create(folder, overwrite=self.overwrite)
            with run.or_nothing():
                yield run

    def check(self) -> None:
        """Check every name and setting that can be checked before anything slow.

        Raises:
            ConfigError: a name is unknown, or the backbone cannot see so small a side or has fewer
            blocks.
            WeightsError: the weights are to come from a file, and it is not there or damaged.
            RunError: the run folder is taken.
        """
        config = self.settings
        row = find_backbone(config.model.backbone)
        find_policy(config.train.augment)
        input_size(row, config.data.image_size, config.model.image_sizes)
        self._require_blocks(row)
        if config.model.weights not in ("imagenet", "none"):
            from transferkit.backbones.weights import weights_path

            weights_path(row, config.model.weights)
        if self.out:
            require_unlocked(Path(self.out))
            claim(self.out, RUN, overwrite=self.overwrite)

    def _require_blocks(self, row: BackboneSpec) -> None:
        release, pretrained = self.settings.train.unfreeze, is_pretrained(self.settings.model)
        blocks_to_unfreeze(row, release, pretrained=pretrained)

    def _require_source(self) -> None:
        if bool(self.source) == bool(self.manifest):
            raise ConfigError(
                f"Got {'both' if self.source else 'neither'} a source "
                f"{'and' if self.source else 'nor'} --manifest: give one of them, such as a "
                "folder with one sub-folder per class."
            )


def run_experiment(
    experiment: Experiment,
    work: Work,
    *,
    name: str = "",
    finally_do: Callable[[Report, Run], None] | None = None,
) -> Run:
    """Check and read everything, let `work` train and compare, save the report and print it.

    `name` is that of the run folder where none is given, by default made of source and backbone.
    `finally_do` is called at the end with the report and the run.

    Raises:
        TransferkitError: the images, the settings or the folder are at fault.
    """
    experiment.check()
    config = experiment.settings
    # The images come first: their errors come before TensorFlow is imported, which takes seconds.
    quiet_tfds(experiment.source)
    manifest = experiment.read_manifest()
    name = name or run_name(manifest.source, config.model.backbone)
    with experiment.create_run(name) as run, reporting_what_is_left(run):
        report = work(manifest, config, run)
        finish(report, run)
        if finally_do:
            finally_do(report, run)
        report.faults.require_none(run.folder)
    return run


def recorded(work: Callable[[Manifest, Any], Report]) -> Work:
    """Return `work` of a recipe with its classifiers saved in the run."""

    def record(manifest: Manifest, config: Config, run: Run) -> Report:
        environment = start(run, manifest, config)
        with making(run):
            report = dataclasses.replace(work(manifest, config), environment=environment)
        save_classifiers(report, run)
        return report

    return record


def train_and_compare(
    manifest: Manifest, config: Config, names: Sequence[str], *, run: Run | None = None
) -> Report:
    """Train a network, fit the baselines `names` and compare them; a `run` saves them."""
    from transferkit.baselines.fit import fit_baseline
    from transferkit.evaluation.results import Classifier
    from transferkit.report.comparison.report import compare
    from transferkit.training.train import train

    classifiers: list[Classifier] = [train(manifest, config, run=run)]
    for name in names:
        baseline = fit_baseline(name, manifest, config)
        if run is not None:
            baseline.save(run.folder)
        classifiers.append(baseline)
    report = compare(classifiers, manifest, config, run=run)
    if run is not None:
        report = dataclasses.replace(report, environment=run.json("environment.json"))
    return report


def start(run: Run, manifest: Manifest, config: Config) -> dict[str, Any]:
    """Write config, environment and manifest, and return the environment; devices are taken."""
    from transferkit.inference.devices import choose_device
    from transferkit.runtime.environment import environment
    from transferkit.training.train import start_run

    facts = environment(choose_device(config.compute).line, config.seed)
    start_run(run, manifest, config, facts)
    return facts


def save_classifiers(report: Report, run: Run) -> None:
    """Save the baselines of `report`, and the best of its networks as the run's model.

    The best is that of the headline metric; of equals, the faster to train. A baseline is saved
    under its name in the report. Another classifier saves itself, if it has a method for that;
    otherwise a line is logged.
    """
    from transferkit.baselines.baseline import Baseline
    from transferkit.evaluation.headline import HeadlineMetric
    from transferkit.models.network import Network
    from transferkit.training.train import save_network

    headline = HeadlineMetric.of(report.labels)
    networks: list[tuple[float, float, Network]] = []
    for classifier, result in zip(report.classifiers, report.results, strict=True):
        if isinstance(classifier, Network):
            value = headline.value(result.predicted == report.labels)
            networks.append((value, -classifier.fit_seconds, classifier))
        elif isinstance(classifier, Baseline):
            named = classifier.name == result.name
            baseline = classifier if named else dataclasses.replace(classifier, name=result.name)
            baseline.save(run.folder)
        elif callable(save := getattr(classifier, "save", None)):
            save(run.folder)
        else:
            log(f"{result.name} is not saved: it has no `save(folder)`.")
    if networks:
        save_network(max(networks, key=lambda ranked: ranked[:2])[-1], run.folder)


def finish(report: Report, run: Run) -> None:
    """Save `report` into `run`, print its table and log where the page is.

    Raises:
        RunError: a file cannot be written; the table is printed before that.
    """
    unwritten = None
    try:
        report.save(run)
    except RunError as error:
        unwritten = error
    show(report)
    if unwritten:
        raise unwritten
    log(f"Report: {run / 'report.html'}")


def quiet_tfds(source: str) -> None:
    """Silence TensorFlow where reading `source` loads it; a folder is read without it."""
    if source.startswith(TFDS_PREFIX):
        silence_tensorflow()


def run_name(source: str, backbone: str) -> str:
    """Return the name of the folder of a run on `source`, such as `flowers-mobilenet_v2`."""
    if source.startswith(TFDS_PREFIX):
        name = source.removeprefix(TFDS_PREFIX)
    else:
        name = Path(source).resolve().name.removesuffix(".csv")
    return f"{UNNAMED.sub('-', name).strip('-.') or 'images'}-{backbone}"
