"""A job: an experiment as command-line arguments describe it."""

from __future__ import annotations

import dataclasses
from argparse import ArgumentError, ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Annotated, Any

import tyro

from transferkit.cli.arguments import parse_arguments
from transferkit.config.loading import read_config
from transferkit.config.presets import with_preset
from transferkit.config.settings import Config
from transferkit.experiment import Experiment


@dataclasses.dataclass(frozen=True)
class Job(Experiment):
    """Images, settings and output folder of one command."""

    source: Annotated[str, tyro.conf.Positional] = ""
    """A folder with one sub-folder per class, a .csv of path,label[,split,group], or tfds:NAME."""
    settings: Annotated[Config, tyro.conf.arg(name="")] = Config()
    out: str = ""
    """The run folder to make; if not given, runs/NAME, numbered."""
    overwrite: bool = False
    """Replace the run in that folder."""
    manifest: str = ""
    """Images, labels and splits from the manifest.csv of an earlier run, in place of a source."""
    config: str = ""
    """A YAML file of settings, such as a run's config.yaml; command-line flags override it."""
    preset: str = "balanced"
    """fast (the head only), balanced (also the last blocks, from 1,000 images on), or best (also
    with fewer images, and the mirror image of each)."""


def parse_job(
    kind: type[Any],
    arguments: Sequence[str],
    *,
    program: str,
    default: Config = Config(),
    about: str | None = None,
) -> Any:
    """Return the job that command-line `arguments` describe.

    A flag overrules --config, that overrules --preset, and that overrules `default`.
    A flag that cannot be read is one line on standard error and exit status 2.
    """
    flags = _early_flags(arguments)
    if flags.preset:
        default = with_preset(default, flags.preset)
    if flags.config:
        default = read_config(flags.config, default)
    return parse_arguments(
        kind, arguments, program=program, default=kind(settings=default), about=about
    )


def _early_flags(arguments: Sequence[str]) -> Namespace:
    """Parse `--config` and `--preset`, which set the defaults of all other flags."""
    early = ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    early.add_argument("--config")
    early.add_argument("--preset")
    try:
        return early.parse_known_args(list(arguments))[0]
    except ArgumentError:  # a value is missing: what parses all flags says so
        return Namespace(config=None, preset=None)
