"""What every recipe and every command does around its own lines: read, check, run, report."""

from __future__ import annotations

import dataclasses
import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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


Work = Callable[["Manifest", Config], "Report"]


def recipe_main(work: Work, config: Config, description: str | None) -> None:
    """Run a recipe as a script: flags over its `config`, then `work`, then the report.

    Prints the table on standard output, and leaves a run folder. An error of the user's is one
    line on standard error and exit status 1.
    """
    script = Path(sys.argv[0])
    exit_with(lambda: _run_recipe(work, config, description, script))


def _run_recipe(work: Work, config: Config, description: str | None, script: Path) -> None:
    job = parse_job(
        Job, sys.argv[1:], program=f"python {script}", default=config, about=description
    )
    check_names(job.settings)
    silence_tensorflow()
    manifest = job.read_manifest()
    run = job.create_run(script.stem)
    report = work(manifest, job.settings)
    finish(report, run)


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
    """
    early = ArgumentParser(add_help=False, allow_abbrev=False)
    early.add_argument("--config")
    early.add_argument("--preset")
    found, _ = early.parse_known_args(list(arguments))
    if found.preset:
        default = with_preset(default, found.preset)
    if found.config:
        default = read_config(found.config, default)
    return tyro.cli(
        kind,
        prog=program,
        args=list(arguments),
        description=about,
        default=kind(settings=default),
        config=(tyro.conf.FlagCreatePairsOff,),
    )


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
        import tensorflow  # noqa: F401
    finally:
        os.dup2(kept, 2)
        os.close(kept)
