"""What every recipe and every command does around its own lines: read, check, run, report."""

from __future__ import annotations

import dataclasses
import os
import sys
from argparse import ArgumentError, ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import tyro

from transferkit.config import Config, read_config, with_preset
from transferkit.errors import ConfigError, TransferkitError
from transferkit.progress import say
from transferkit.runs import Run, free_folder

if TYPE_CHECKING:
    from transferkit.data.manifest import Manifest
    from transferkit.report.report import Report


@dataclasses.dataclass(frozen=True)
class Job:
    """What is to be done with which images, and where the result goes."""

    source: Annotated[str, tyro.conf.Positional] = ""
    """A folder with a sub-folder a class, a .csv of path,label[,split,group], or tfds:NAME."""
    settings: Annotated[Config, tyro.conf.arg(name="")] = Config()
    out: str = ""
    """The run folder to make; runs/NAME, numbered, if not given."""
    overwrite: bool = False
    """Replace the run in that folder."""
    manifest: str = ""
    """Images, labels and splits from the manifest.csv of an earlier run, in place of a source."""
    config: str = ""
    """A YAML file of settings, such as a run's config.yaml; single flags go before it."""
    preset: str = "balanced"
    """fast (the head alone), balanced (then the last block), or best (all blocks, slowly)."""

    def read_manifest(self) -> Manifest:
        """The images of this job, with what was noticed on standard error.

        Raises:
            ConfigError: neither a source nor a manifest is given, or both are.
            DataError: there is nothing to learn from.
        """
        from transferkit.data.manifest import Manifest

        if bool(self.source) == bool(self.manifest):
            raise ConfigError(
                f"Got {'both' if self.source else 'neither'} a source "
                f"{'and' if self.source else 'nor'} --manifest: give one of them, "
                "such as a folder with a sub-folder a class."
            )
        config = self.settings
        manifest = Manifest.read(self.source or self.manifest, config.data, seed=config.seed)
        say(f"Images: {manifest!r} from {manifest.source!r}.")
        for note in manifest.notes:
            say(f"Note: {note}")
        for row in manifest.quarantined.itertuples():
            say(f"Left out: {row.path!r} {row.problem}.")
        return manifest

    def create_run(self, name: str) -> Run:
        """The run folder of this job; `name` is what it is called where none is given.

        Raises:
            RunError: it is taken.
        """
        return Run.create(self.out or free_folder("runs", name), overwrite=self.overwrite)


Settings = TypeVar("Settings", bound=Config)
Work = Callable[["Manifest", Settings], "Report"]
Addition = Callable[["Report", Run], None]


def recipe_main(
    work: Work[Settings],
    config: Settings,
    description: str | None,
    *,
    also: Addition | None = None,
) -> None:
    """Run a recipe as a script: flags over its `config`, then `work`, then the report.

    Prints the table on standard output, and leaves a whole run folder: the most accurate network
    of the report is its model, the classics are its baselines. `config` may be of a class of the
    recipe's own, derived from `Config`: what it adds are flags too. `also` is called at the end
    with the report and the run, to print and save what only this recipe has.

    An error of the user's is one line on standard error, and exit status 1; 2 for a flag.
    """
    script = Path(sys.argv[0])
    exit_with(lambda: _run_recipe(work, config, description, script=script, also=also))


def _run_recipe(
    work: Work[Settings],
    config: Settings,
    description: str | None,
    *,
    script: Path,
    also: Addition | None,
) -> None:
    job = parse_job(
        Job, sys.argv[1:], program=f"python {script}", default=config, about=description
    )
    check_names(job.settings)
    manifest = job.read_manifest()
    run = job.create_run(script.stem)
    found = _start(run, manifest, job.settings)
    report = dataclasses.replace(work(manifest, job.settings), environment=found)
    save_classifiers(report, run)
    finish(report, run)
    if also:
        also(report, run)


def _start(run: Run, manifest: Manifest, config: Config) -> dict[str, Any]:
    """Write what the run starts from, and give the environment; its devices are taken."""
    silence_tensorflow()
    from transferkit.training.devices import choose_device
    from transferkit.training.environment import environment
    from transferkit.training.train import start_run

    found = environment(choose_device(config.train).line, config.seed)
    start_run(run, manifest, config, found)
    return found


def save_classifiers(report: Report, run: Run) -> None:
    """Save the classics of `report`, and the most accurate of its networks as the run's model.

    Of networks that are right equally often, the first.
    """
    from transferkit.training.network import Network
    from transferkit.training.train import save_network

    accuracies = [each.accuracy for each in report.scores]
    networks: list[tuple[float, Network]] = []
    for classifier, accuracy in zip(report.classifiers, accuracies, strict=True):
        if isinstance(classifier, Network):
            networks.append((accuracy, classifier))
        else:
            classifier.save(run.folder)
    if networks:
        save_network(max(networks, key=lambda pair: pair[0])[1], run.folder)


def finish(report: Report, run: Run) -> None:
    """Save everything of `report` into `run`, print its table and say where the page is."""
    report.save(run)
    print(report)
    say(f"Report: {run / 'report.html'}")


def parse_job(
    kind: type[Any],
    arguments: Sequence[str],
    *,
    program: str,
    default: Config = Config(),
    about: str | None = None,
) -> Any:
    """The job that command-line `arguments` describe.

    Flags go before --config, that goes before --preset, and that before `default`.
    A flag that cannot be read is one line on standard error and exit status 2.
    """
    found = _early_flags(arguments)
    if found.preset:
        default = with_preset(default, found.preset)
    if found.config:
        default = read_config(found.config, default)
    box = StringIO()
    try:
        with redirect_stderr(box):
            return tyro.cli(
                kind,
                prog=program,
                args=list(arguments),
                description=about,
                default=kind(settings=default),
                config=(tyro.conf.FlagCreatePairsOff,),
            )
    except SystemExit as exit:
        if exit.code:
            say(f"transferkit: {_sentence(box.getvalue(), program)}")
        raise


def _early_flags(arguments: Sequence[str]) -> Namespace:
    """`--config` and `--preset` of `arguments`, which decide what the other flags start from."""
    early = ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    early.add_argument("--config")
    early.add_argument("--preset")
    try:
        return early.parse_known_args(list(arguments))[0]
    except ArgumentError:  # a value is missing: what parses all flags says so
        return Namespace(config=None, preset=None)


def _sentence(box: str, program: str) -> str:
    """What tyro says in a box of several paragraphs, as one sentence."""
    lines = [line.strip("│| ") for line in box.strip().splitlines()[1:-1]]
    text = "\n".join("" if not line.strip("─-") else line for line in lines)
    wrong, *paragraphs = text.strip().split("\n\n")
    near = [each for each in paragraphs if each.startswith("Perhaps you meant:\n--")]
    flag = f"; did you mean {near[0].split()[3].rstrip(',')}?" if near else ";"
    return f"{wrong.replace(chr(10), ' ').rstrip('.')}{flag} `{program} --help` lists the options."


def check_names(config: Config) -> None:
    """Look up every name in its table, before anything slow is imported.

    Raises:
        ConfigError: one is unknown.
    """
    from transferkit.backbones.table import find_backbone
    from transferkit.data.policies import find_policy

    find_backbone(config.model.backbone)
    find_policy(config.train.augment)


def exit_with(action: Callable[[], None]) -> None:
    """Run `action`; a `TransferkitError` is one line on standard error and exit status 1."""
    try:
        action()
    except TransferkitError as error:
        say(f"transferkit: {error}")
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        say("transferkit: stopped; what was finished is in the run folder.")
        raise SystemExit(130) from None


def silence_tensorflow() -> None:
    """Import TensorFlow without its lines about itself, which come before any setting is read.

    They are written by its C++ part straight to file descriptor 2.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        import tensorflow
    finally:
        os.dup2(kept, 2)
        os.close(kept)
    # It warns of every graph that is traced anew; here each model has its own.
    tensorflow.get_logger().setLevel("ERROR")
