"""A job: which images, which settings, and where the result goes; from command-line arguments."""

from __future__ import annotations

import dataclasses
import os
from argparse import ArgumentError, ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.resolve import (
    is_pretrained,
    possible_backbones,
    resolve_backbone,
    starting_weights,
)
from transferkit.backbones.spec import BackboneSpec, blocks_to_unfreeze, input_size
from transferkit.cli.arguments import parse_arguments
from transferkit.config.loading import read_config
from transferkit.config.presets import with_preset
from transferkit.config.settings import Config
from transferkit.data.augmentation.policies import find_policy
from transferkit.errors import ConfigError
from transferkit.runtime.process import silence_tensorflow
from transferkit.runtime.progress import log
from transferkit.runtime.text import NAMED_AT_MOST
from transferkit.storage.locks import locked, require_unlocked
from transferkit.storage.output_folder import folder_for
from transferkit.storage.run import Run

if TYPE_CHECKING:
    from transferkit.data.manifest import Manifest


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
    """A YAML file of settings, such as a run's config.yaml; single flags overrule it."""
    preset: str = "balanced"
    """fast (the head alone), balanced (then the last block), or best (all blocks, slowly)."""

    def with_backbone(self) -> Job:
        """The same job with a named backbone where its settings say auto.

        Without its images it stays as it is: nothing is downloaded, and reading them says why.

        Raises:
            ConfigError: neither a source nor a manifest is given, or both are.
        """
        from transferkit.data.sources.tfds.metadata import TFDS_PREFIX

        self._require_source()
        images, settings = self.source or self.manifest, self.settings
        if not images.startswith(TFDS_PREFIX) and not os.path.exists(images):
            return self
        model = resolve_backbone(settings.model, on_answer=silence_tensorflow)
        return dataclasses.replace(self, settings=dataclasses.replace(settings, model=model))

    def read_manifest(self) -> Manifest:
        """The images of this job, with what was noticed on standard error.

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
        for row in bad.head(NAMED_AT_MOST).itertuples():
            log(f"Left out: {row.path!r} {row.problem}.")
        if len(bad) > NAMED_AT_MOST:
            log(f"Left out: {len(bad) - NAMED_AT_MOST} more; manifest.csv names each.")
        return manifest

    @contextmanager
    def making_run(self, name: str) -> Iterator[Run]:
        """The run folder of this job, held until the end of the block.

        `name` is what it is called where none is given. The weights are fetched first: for a
        network that cannot be had, nothing is written. Where settings turn out to be wrong before
        all else, the folder goes again.

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

            choose_device(self.settings.train)  # logical devices cannot be made after a network
            build_backbone(model.backbone, starting_weights(model), self.settings.data.image_size)
        if self.out:
            Run.require_free(self.out, overwrite=self.overwrite)
        with folder_for(self.out, "runs", name) as folder, locked(folder):
            run = Run.create(folder, overwrite=self.overwrite)
            with run.or_nothing():
                yield run

    def check(self) -> None:
        """Look up every name, and what else can be known before anything slow.

        Raises:
            ConfigError: a name is unknown, or the backbone cannot see so small a side or has fewer
            blocks.
            WeightsError: the weights are to come from a file, and it is not there or damaged.
            RunError: the run folder is taken.
        """
        config = self.settings
        rows = possible_backbones(config.model)
        find_policy(config.train.augment)
        for row in rows:
            input_size(row, config.data.image_size, config.model.image_sizes)
        self._require_blocks(max(rows, key=lambda row: len(row.blocks)))
        if config.model.weights not in ("imagenet", "none"):
            from transferkit.backbones.weights import weights_path

            weights_path(rows[0], config.model.weights)
        if self.out:
            require_unlocked(Path(self.out))
            Run.require_free(self.out, overwrite=self.overwrite)

    def _require_blocks(self, row: BackboneSpec) -> None:
        release, pretrained = self.settings.train.unfreeze, is_pretrained(self.settings.model)
        blocks_to_unfreeze(row, release, pretrained=pretrained)

    def _require_source(self) -> None:
        if bool(self.source) == bool(self.manifest):
            raise ConfigError(
                f"Got {'both' if self.source else 'neither'} a source "
                f"{'and' if self.source else 'nor'} --manifest: give one of them, "
                "such as a folder with a sub-folder a class."
            )


def parse_job(
    kind: type[Any],
    arguments: Sequence[str],
    *,
    program: str,
    default: Config = Config(),
    about: str | None = None,
) -> Any:
    """The job that command-line `arguments` describe.

    A flag overrules --config, that overrules --preset, and that overrules `default`.
    A flag that cannot be read is one line on standard error and exit status 2.
    """
    found = _early_flags(arguments)
    if found.preset:
        default = with_preset(default, found.preset)
    if found.config:
        default = read_config(found.config, default)
    return parse_arguments(
        kind, arguments, program=program, default=kind(settings=default), about=about
    )


def _early_flags(arguments: Sequence[str]) -> Namespace:
    """`--config` and `--preset` of `arguments`, which decide what the other flags start from."""
    early = ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    early.add_argument("--config")
    early.add_argument("--preset")
    try:
        return early.parse_known_args(list(arguments))[0]
    except ArgumentError:  # a value is missing: what parses all flags says so
        return Namespace(config=None, preset=None)
